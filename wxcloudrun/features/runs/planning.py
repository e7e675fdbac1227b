"""Freezes what is to be run: definitions, data, environment and limits as one plan of the engine."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from wxcloudrun.core.crypto import KeyRing, UnreadableSecret
from wxcloudrun.core.errors import FieldFault
from wxcloudrun.features.environments.planning import EnvironmentPlanning
from wxcloudrun.features.runs import packing
from wxcloudrun.features.runs.errors import PlanGone, PlanRejected, PlanTooLarge

PLAN: Final = packing.PLAN
MOST_MIB: Final = 16
_MOST_SEALED: Final = 12_000_000  # characters: MEDIUMTEXT and a packet of MariaDB end at 16 MiB
_MOST_FAULTS: Final = 50
_SEEDS: Final = 2**31


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a run may take, in milliseconds, and how many of its requests may be under way at once."""

    deadline_ms: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class Frozen:
    """A plan as JSON, every secret in it; the environment it goes to; and what the engine warns of."""

    plan: dict[str, Any] = field(repr=False)
    environment_id: int | None
    environment: str
    warnings: tuple[str, ...] = ()


class RunPlanning:
    """Puts plans together. Nothing in them changes when a definition does."""

    def __init__(
        self,
        keys: KeyRing,
        environments: EnvironmentPlanning,
        allowed: Sequence[str] = (),
        granted: Callable[[int], Sequence[str]] = lambda project_id: (),
    ) -> None:
        """`allowed` are address ranges that every run may reach besides public ones, `granted` those of a project."""
        self._keys = keys
        self._environments = environments
        self._allowed = list(allowed)
        self._granted = granted

    def frozen(
        self,
        project: Any,
        environment_id: int | None,
        scenario: Mapping[str, Any],
        *,
        inputs: Mapping[str, Any],
        bounds: Bounds,
    ) -> Frozen:
        """The plan of a scenario (the engine's JSON) in that environment, looked over by the engine.

        Raises EnvironmentNotFound, DefaultEnvironmentMissing, SecretsUnreadable, PlanTooLarge, PlanRejected with the
        fields.
        """
        own, environment = self._environments.plan_environment(project.id, environment_id, project.name)
        plan = {
            "seed": secrets.randbelow(_SEEDS),
            "hash_key": self._keys.lookup(f"runs of project {project.id}"),
            "limits": {"deadline_ms": bounds.deadline_ms, "concurrency": bounds.concurrency},
            "network": self._network(project.id),
            "project": own,
            "environment": environment,
            "inputs": dict(inputs),
            "scenario": dict(scenario),
        }
        if _size(plan, {}) > MOST_MIB * 2**20:
            raise PlanTooLarge(values={"limit": MOST_MIB})
        return Frozen(plan, environment.get("id"), environment.get("name", ""), tuple(_looked_over(plan)))

    def again(self, plan: Mapping[str, Any], project_id: int) -> dict[str, Any]:
        """A plan for one more run, its random values too; only what may be reached is what may be reached today."""
        return {**plan, "network": self._network(project_id)}

    def _network(self, project_id: int) -> dict[str, Any]:
        return {"allowed": [*self._allowed, *self._granted(project_id)]}

    def sealed(self, plan: Mapping[str, Any]) -> str:
        """A plan as it is kept. Raises PlanTooLarge."""
        content = packing.sealed(plan, self._keys, PLAN)
        if len(content) > _MOST_SEALED:
            raise PlanTooLarge(values={"limit": MOST_MIB})
        return content

    def opened(self, stored: str | None) -> dict[str, Any]:
        """The plan again. Raises PlanGone where it was removed or its key withdrawn."""
        if stored is None:
            raise PlanGone
        try:
            plan: dict[str, Any] = packing.opened(stored, self._keys, PLAN)
        except UnreadableSecret:
            raise PlanGone from None
        return plan


def _size(value: Any, known: dict[int, int]) -> int:
    """About how many characters of JSON. A scenario that is called often is one object: it is looked at once."""
    if isinstance(value, str):
        return len(value) + 3
    if not isinstance(value, Mapping | list | tuple):
        return 8
    found = known.get(id(value))
    if found is None:
        items = [*value.keys(), *value.values()] if isinstance(value, Mapping) else value
        found = known[id(value)] = 2 + sum(_size(one, known) for one in items)
    return found


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
