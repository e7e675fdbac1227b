"""Variables with types and secrets: how a list of them is checked, kept and shown, and those of a whole project."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.credentials import MARK
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import MOST_FAULTS, EditConflict, FieldFault, refuse
from wxcloudrun.core.masking import MASK
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.environments.dao import VariableDao
from wxcloudrun.features.environments.schemas import VariablesPut, VariablesView, VariableView
from wxcloudrun.features.projects.access import ProjectAccess, Right

SECRETS = "project_variables.secrets"
MOST_KEPT = 262_144  # characters of JSON, secrets counted
_MOST_TOLD = 500  # characters of a value in the audit record
_LONGEST_VALUE = 65_536
_WAY_SHOWN = 8  # names of a circle
_BRACES = re.compile(r"(\\*)\{\{")

type Listed = Sequence[Mapping[str, Any]]


class VariableService:
    """Reads and replaces the variables of a whole project."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        access: ProjectAccess,
        variables: VariableDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._access = access
        self._variables = variables or VariableDao(session)

    def view(self, actor: Actor, project_id: int) -> VariablesView:
        """A project's variables. Raises ProjectNotFound."""
        self._access.require(actor, project_id, Right.VIEW)
        return self._view(project_id)

    @unit_of_work
    def put(self, actor: Actor, project_id: int, put: VariablesPut) -> VariablesView:
        """Replace them all; a secret without a value keeps the one it has.

        Raises ProjectNotFound, RightRequired, ProjectArchived, InvalidInput, EditConflict with the present state.
        """
        self._access.require(actor, project_id, Right.EDIT, locked=True)
        row = self._variables.get(project_id)
        present = self._view(project_id)
        if put.version not in {None, present.version}:
            raise EditConflict(present=present)
        old = [] if row is None else json.loads(row.content)["variables"]
        known = {} if row is None else opened(self._keys, row.secrets, SECRETS).get("variables", {})
        listed, secrets = split([one.model_dump() for one in put.variables], known)
        refuse([*variable_faults(listed, secrets), *size_faults({"variables": listed}, secrets)])
        values = {
            "content": json.dumps({"variables": listed}, ensure_ascii=False),
            "secrets": sealed(self._keys, {"variables": secrets}, SECRETS) if secrets else None,
            "version": present.version + 1,
            "updated_at": self._clock.now(),
        }
        self._variables.put(project_id, values)
        self._audit.record(
            actor,
            "variables.changed",
            ("project", project_id),
            {"variables": told(old)},
            {"variables": told(listed), "rewritten": rewritten(known, secrets)},
            project_id=project_id,
        )
        return self._view(project_id)

    def _view(self, project_id: int) -> VariablesView:
        row = self._variables.get(project_id)
        if row is None:
            return VariablesView(variables=[], version=1)
        return VariablesView(variables=views(json.loads(row.content)["variables"]), version=row.version)


def split(given: Listed, known: Mapping[str, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The list as it is kept, without values of secrets; and those values by name, the known ones where none came."""
    listed: list[dict[str, Any]] = []
    secrets: dict[str, str] = {}
    for one in given:
        entry = {name: one.get(name) for name in ("name", "type", "value", "description")}
        if entry["type"] == "secret":
            value, name = entry.pop("value"), str(entry["name"])
            if value in (None, MARK):
                value = known.get(name)
            if value is not None:
                secrets[name] = value
        listed.append(entry)
    return listed, secrets


def variable_faults(listed: Listed, secrets: Mapping[str, Any]) -> Iterator[FieldFault]:
    """Why the engine could not work with these variables."""
    seen: set[str] = set()
    templates: dict[str, tuple[int, set[str]]] = {}
    for index, one in enumerate(listed):
        name, place = one["name"], f"variables.{index}"
        if name in seen:
            yield FieldFault(f"{place}.name", "given_twice")
        seen.add(name)
        if one["type"] == "secret":
            yield from _secret_faults(secrets.get(name), f"{place}.value")
        else:
            found = list(_value_faults(one, f"{place}.value"))
            yield from found
            templates |= {} if found else {name: (index, _references(one["value"]))}
    yield from _circles(templates)


def size_faults(content: object, secrets: object) -> Iterator[FieldFault]:
    """One fault where the whole is too much to be kept."""
    if len(json.dumps(content, ensure_ascii=False)) + len(json.dumps(secrets, ensure_ascii=False)) > MOST_KEPT:
        yield FieldFault("variables", "too_large", detail=f"at most {MOST_KEPT} characters altogether")


def views(listed: Listed) -> list[VariableView]:
    """The list as it is shown."""
    return [
        VariableView(
            name=one["name"],
            type=one["type"],
            value=MARK if one["type"] == "secret" else one["value"],
            description=one["description"] or "",
        )
        for one in listed
    ]


def told(listed: Listed) -> dict[str, Any]:
    """The list as the audit record keeps it: values by name, long ones cut, secrets masked."""
    return {one["name"]: MASK if one["type"] == "secret" else cut(one["value"]) for one in listed}


def cut(value: Any) -> Any:
    """A value of bearable length."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value if len(text) <= _MOST_TOLD else f"{text[:_MOST_TOLD]}..."


def rewritten(known: Mapping[Any, str], secrets: Mapping[Any, str]) -> list[str]:
    """Names of secrets whose value is new."""
    names = [name for name, value in secrets.items() if known.get(name) != value]
    return [name if isinstance(name, str) else ".".join(name) for name in names]


def engine_variables(listed: Listed, secrets: Mapping[str, str]) -> list[dict[str, Any]]:
    """The list as the engine's plan has it, secrets in clear."""
    return [
        {"name": one["name"], "value": _literal(secrets[one["name"]]), "secret": True}
        if one["type"] == "secret"
        else {"name": one["name"], "value": one["value"], "type": one["type"]}
        for one in listed
    ]


def sealed(keys: KeyRing, secrets: Mapping[str, Any], context: str) -> str:
    """Secrets as they are kept."""
    return keys.encrypt(json.dumps(secrets, ensure_ascii=False), context)


def opened(keys: KeyRing, stored: str | None, context: str) -> dict[str, Any]:
    """Secrets as they were; none where their key was withdrawn, so that they have to be entered again."""
    text = keys.readable(stored, context)
    found: dict[str, Any] = {} if text is None else json.loads(text)
    return found


def _literal(secret: str) -> str:
    """A secret holds no references: whatever looks like one means itself."""
    return _BRACES.sub(lambda found: found[1] * 2 + "\\{{", secret)


def _secret_faults(value: Any, place: str) -> Iterator[FieldFault]:
    if value is None:
        yield FieldFault(place, "not_set")
    elif not isinstance(value, str):
        yield FieldFault(place, "not_a_text")
    elif len(value) > _LONGEST_VALUE:
        yield FieldFault(place, "too_large")


def _value_faults(one: Mapping[str, Any], place: str) -> Iterator[FieldFault]:
    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - a start does not pay for the engine
    from wxcloudrun.engine.plan.case import Variable  # noqa: PLC0415 - as above
    from wxcloudrun.engine.render.variables import compile_variables  # noqa: PLC0415 - as above

    value, kind = one["value"], one["type"]
    reason = _wrong_type(value, kind)
    if reason is not None:
        yield FieldFault(place, reason)
        return
    name = one["name"]
    try:
        compile_variables((Variable.model_validate({"name": name, "value": value, "type": kind}),), "x")
    except DefinitionError as fault:
        yield FieldFault(place + fault.field.removeprefix(f"x.{name}"), "not_usable", fault.position, fault.reason)


def _wrong_type(value: Any, kind: str) -> str | None:
    if value == MARK:
        return "not_a_secret"
    if len(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) > _LONGEST_VALUE:
        return "too_large"
    if kind == "json" or (kind in {"number", "boolean"} and isinstance(value, str) and "{{" in value):
        return None
    fits = {
        "string": isinstance(value, str),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
    }
    return None if fits[kind] else f"not_a_{'text' if kind == 'string' else kind}"


def _references(value: Any) -> set[str]:
    """Names that a value needs."""
    from wxcloudrun.engine.render.template import compile_tree, placeholders  # noqa: PLC0415 - as above

    return {one.name for _, one in placeholders(compile_tree(value, "x")) if not one.dynamic}


def _circles(templates: Mapping[str, tuple[int, set[str]]]) -> Iterator[FieldFault]:
    """A fault for each variable of the list that needs itself, directly or through others of the list."""
    open_ = {name: needed & templates.keys() for name, (_, needed) in templates.items()}
    while free := [name for name, needed in open_.items() if open_.keys().isdisjoint(needed)]:
        for name in free:
            del open_[name]
    for name in islice(open_, MOST_FAULTS):
        way = _way_back(name, open_)
        if way:
            shown = [*way[:_WAY_SHOWN], "...", name] if len(way) > _WAY_SHOWN else [*way, name]
            yield FieldFault(f"variables.{templates[name][0]}.value", "circular", detail=" -> ".join(shown))


def _way_back(goal: str, needs: Mapping[str, set[str]]) -> list[str]:
    """Names on the way from one back to itself, in order, itself told once; empty where there is none."""
    came_from: dict[str, str] = {}
    level = [goal]
    while level:
        further = []
        for at in level:
            for one in sorted(needs.get(at, ())):
                if one == goal:
                    way = [at]
                    while way[-1] != goal:
                        way.append(came_from[way[-1]])
                    return way[::-1]
                if one not in came_from:
                    came_from[one] = at
                    further.append(one)
        level = further
    return []
