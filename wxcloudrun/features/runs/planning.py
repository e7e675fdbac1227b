"""Freezes what is to be run: definitions, data, environment and limits as one plan of the engine."""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wxcloudrun.core.crypto import KeyRing, UnreadableSecret
from wxcloudrun.core.errors import FieldFault
from wxcloudrun.features.environments.planning import EnvironmentPlanning
from wxcloudrun.features.runs.errors import PlanGone, PlanRejected

PLAN: Final = "run_plans.content"
_MOST_FAULTS: Final = 50


@dataclass(frozen=True, slots=True)
class Frozen:
    """A plan as JSON, every secret in it; the environment it goes to; and what the engine warns of."""

    plan: dict[str, Any]
    environment_id: int | None
    environment: str
    warnings: tuple[str, ...]


class RunPlanning:
    """Puts plans together. Nothing in them changes when a definition does."""

    def __init__(self, keys: KeyRing, environments: EnvironmentPlanning, allowed: Sequence[str] = ()) -> None:
        """`allowed` are address ranges that every run may reach besides public ones."""
        self._keys = keys
        self._environments = environments
        self._allowed = list(allowed)

    def frozen(
        self,
        project: Any,
        environment_id: int | None,
        scenario: Mapping[str, Any],
        *,
        inputs: Mapping[str, Any],
        deadline_ms: int,
        concurrency: int,
    ) -> Frozen:
        """The plan of a scenario (the engine's JSON) in that environment, looked over by the engine.

        Raises EnvironmentNotFound, DefaultEnvironmentMissing, SecretsUnreadable, PlanRejected with the fields.
        """
        own, environment = self._environments.plan_environment(project.id, environment_id, project.name)
        plan = {
            "hash_key": self._keys.lookup(f"runs of project {project.id}"),
            "limits": {"deadline_ms": deadline_ms, "concurrency": concurrency},
            "network": {"allowed": self._allowed},
            "project": own,
            "environment": environment,
            "inputs": dict(inputs),
            "scenario": dict(scenario),
        }
        return Frozen(plan, environment.get("id"), environment.get("name", ""), tuple(_looked_over(plan)))

    def sealed(self, plan: Mapping[str, Any], run_id: int) -> str:
        """A plan as it is kept for that run: with its number, and random values of its own."""
        numbered = {**plan, "id": run_id, "seed": plan.get("seed", run_id)}
        text = json.dumps(numbered, ensure_ascii=False, separators=(",", ":"))
        return self._keys.encrypt(base64.b64encode(zlib.compress(text.encode(), 6)).decode(), PLAN)

    def opened(self, stored: str) -> dict[str, Any]:
        """The plan again. Raises PlanGone where its key was withdrawn."""
        try:
            packed = self._keys.decrypt(stored, PLAN)
        except UnreadableSecret:
            raise PlanGone from None
        plan: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
        return plan


def _looked_over(plan: Mapping[str, Any]) -> list[str]:
    """Warnings. Raises PlanRejected; only the place of a fault is told, since its words may repeat a secret."""
    from pydantic import ValidationError  # noqa: PLC0415 - a start does not pay for the engine

    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - as above
    from wxcloudrun.engine.plan.plan import Plan  # noqa: PLC0415 - as above
    from wxcloudrun.engine.ready.check import check_plan  # noqa: PLC0415 - as above
    from wxcloudrun.engine.shape import shape_faults  # noqa: PLC0415 - as above

    try:
        return check_plan(Plan.model_validate(plan))
    except ValidationError as error:
        found: Sequence[DefinitionError] = shape_faults(Plan, error)
    except DefinitionError as fault:
        found = getattr(fault, "faults", (fault,))
    fields = (FieldFault(one.field, "not_usable", one.position) for one in found[:_MOST_FAULTS])
    raise PlanRejected(fields=tuple(fields))
