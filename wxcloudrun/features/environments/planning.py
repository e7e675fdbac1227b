"""The parts of a run's plan that come from a project and its environment, secrets in clear."""

import json
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.credentials import MARK, put_back
from wxcloudrun.core.crypto import KeyRing, UnreadableSecret
from wxcloudrun.core.db import AnySession
from wxcloudrun.features.environments import service, variables
from wxcloudrun.features.environments.dao import EnvironmentDao, VariableDao
from wxcloudrun.features.environments.errors import (
    DefaultEnvironmentMissing,
    EnvironmentNotFound,
    SecretsUnreadable,
)


class EnvironmentPlanning:
    """Freezes environments for runs. It checks no right: who may run may use secrets without seeing them."""

    def __init__(
        self,
        session: AnySession,
        keys: KeyRing,
        environments: EnvironmentDao | None = None,
        project_variables: VariableDao | None = None,
    ) -> None:
        self._keys = keys
        self._environments = environments or EnvironmentDao(session)
        self._variables = project_variables or VariableDao(session)

    def plan_environment(
        self, project_id: int, environment_id: int | None = None, project_name: str = ""
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """`project` and `environment` of the engine's plan, as JSON; of the default environment where none is named.

        What comes back holds every secret: it goes into an encrypted column, or nowhere. Raises EnvironmentNotFound,
        DefaultEnvironmentMissing, SecretsUnreadable.
        """
        return self._project(project_id, project_name), self._environment(project_id, environment_id)

    def outline(self, project_id: int, environment_id: int | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """The same for looking a plan over: a word in place of each secret, which no key is needed for.

        Without a default environment there is none in it. Raises EnvironmentNotFound for one that was named.
        """
        known = self._variables.get(project_id)
        row = self._row(project_id, environment_id)
        if row is None and environment_id is not None:
            raise EnvironmentNotFound
        project = {"variables": [] if known is None else _outlined(json.loads(known.content))["variables"]}
        if row is None:
            return project, {}
        told = _outlined(json.loads(row.content))
        parts = {name: told[name] for name in ("headers", "cookies", "auth", "variables") if told.get(name)}
        return project, {"base_url": row.base_url, **parts}

    def _project(self, project_id: int, name: str) -> dict[str, Any]:
        row = self._variables.get(project_id)
        if row is None:
            return {"id": project_id, "name": name, "variables": []}
        known = json.loads(in_clear(self._keys, row.secrets, variables.SECRETS) or "{}")
        listed = json.loads(row.content)["variables"]
        return {
            "id": project_id,
            "name": name,
            "variables": variables.engine_variables(listed, known.get("variables", {})),
        }

    def _environment(self, project_id: int, environment_id: int | None) -> dict[str, Any]:
        row = self._row(project_id, environment_id)
        if row is None:
            raise DefaultEnvironmentMissing if environment_id is None else EnvironmentNotFound
        known = json.loads(in_clear(self._keys, row.secrets, service.SECRETS) or "{}")
        content = json.loads(row.content)
        listed = content.pop("variables")
        held = {tuple(path): value for path, value in known.get("settings", [])}
        settings = {name: value for name, value in put_back(content, held).items() if value is not None}
        own = {"id": row.id, "name": row.name, "base_url": row.base_url}
        return {**own, **settings, "variables": variables.engine_variables(listed, known.get("variables", {}))}

    def _row(self, project_id: int, environment_id: int | None) -> Row[Any] | None:
        if environment_id is None:
            return self._environments.default(project_id)
        return self._environments.get(project_id, environment_id)


def in_clear(keys: KeyRing, stored: str | None, context: str) -> str | None:
    """Secrets for a plan, None where there are none. Raises SecretsUnreadable where no key opens them any more."""
    if stored is None:
        return None
    try:
        return keys.decrypt(stored, context)
    except UnreadableSecret:
        raise SecretsUnreadable from None


def _outlined(content: dict[str, Any]) -> dict[str, Any]:
    """The content with a word in place of each mark, and its variables as the engine has them."""
    words = dict.fromkeys((one["name"] for one in content["variables"] if one["type"] == "secret"), "secret")
    listed = variables.engine_variables(content["variables"], words)
    return {**{name: _worded(value) for name, value in content.items()}, "variables": listed}


def _worded(value: Any) -> Any:
    if value == MARK:
        return "secret"
    return {name: _worded(item) for name, item in value.items()} if isinstance(value, dict) else value
