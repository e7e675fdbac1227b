"""What a worker reads of a claimed run: its plan, and what earlier workers did of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row

from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.features.runs.dao import RunDao
from wxcloudrun.features.runs.packing import CHECKPOINT, PLAN, opened, opened_text
from wxcloudrun.features.runs.totals import Totals

if TYPE_CHECKING:
    from wxcloudrun.engine.plan.plan import DoneStep, Plan


class PlanGone(LookupError):
    """The run has no plan, or none that can be read."""


@dataclass(frozen=True, slots=True)
class Material:
    """What is stored of a run; its row has the `plan` too."""

    run: Row[Any]
    outcomes: tuple[tuple[str, str], ...]
    answers: int
    checkpoints: tuple[str, ...]

    @property
    def is_fresh(self) -> bool:
        """True when nobody has sent anything for it."""
        return bool(self.run.stored == 0 and self.doubt == 0)

    @property
    def doubt(self) -> int:
        """How many steps earlier workers may have sent beyond the stored results; one more is this claim's own."""
        return int(self.run.ahead) - 1

    @property
    def totals(self) -> Totals:
        """The numbers so far."""
        return Totals.of(self.run, self.answers)


def read(dao: RunDao, run_id: int) -> Material:
    """Everything a worker needs. Raises PlanGone when the run itself is gone."""
    run = dao.in_hand(run_id)
    if run is None:
        raise PlanGone("the run was removed")
    rows = dao.outcomes(run_id) if run.stored else ()
    outcomes = tuple((row.path, row.outcome.name.lower()) for row in rows)
    checkpoints = tuple(dao.checkpoints(run_id)) if run.stored else ()
    return Material(run, outcomes, sum(row.answered for row in rows), checkpoints)


def plan_of(material: Material, keys: KeyRing) -> "Plan":
    """The plan as this worker carries it out: what is done stays done, what may have been sent is not sent again.

    Raises PlanGone, UnreadableSecret.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - only a worker pays for the engine

    from wxcloudrun.engine.plan.plan import Plan, Resume  # noqa: PLC0415 - as above
    from wxcloudrun.engine.shape import shape_faults  # noqa: PLC0415 - as above

    run = material.run
    if run.plan is None:
        raise PlanGone("the plan of the run is gone")
    try:
        plan = Plan.model_validate_json(opened_text(run.plan, keys, PLAN))
    except ValidationError as error:  # its own text shows values
        fields = ", ".join(fault.field for fault in shape_faults(Plan, error)[:5])
        raise PlanGone(f"the plan cannot be read; look at {fields}") from None
    changes: dict[str, Any] = {"id": run.id}
    if run.started_at is not None and run.now > run.started_at:
        left = plan.limits.deadline_ms - (run.now - run.started_at) // timedelta(milliseconds=1)
        changes["limits"] = plan.limits.model_copy(update={"deadline_ms": max(1, left)})
    if not material.is_fresh:
        changes["resume"] = Resume.model_construct(done=_done(material, keys), intents={}, ahead=material.doubt)
    return plan.model_copy(update=changes)


def without(plan: "Plan", lost: Collection[str]) -> "Plan":
    """The plan without address ranges that were withdrawn after it was frozen."""
    kept = [one for one in plan.network.allowed if one not in lost]
    if len(kept) == len(plan.network.allowed):
        return plan
    return plan.model_copy(update={"network": plan.network.model_copy(update={"allowed": tuple(kept)})})


def _done(material: Material, keys: KeyRing) -> "dict[str, DoneStep]":
    from wxcloudrun.engine.judge.json_text import parse_json  # noqa: PLC0415 - as above
    from wxcloudrun.engine.plan.plan import CarriedValue, DoneStep  # noqa: PLC0415 - as above
    from wxcloudrun.engine.result.records import Outcome  # noqa: PLC0415 - as above

    alike = {one.value: DoneStep.model_construct(outcome=one, carried=(), cookies=()) for one in Outcome}
    done = {path: alike[outcome] for path, outcome in material.outcomes}
    for checkpoint in material.checkpoints:
        for one in opened(checkpoint, keys, CHECKPOINT):
            done[one["path"]] = DoneStep.model_construct(
                outcome=Outcome(one["outcome"]),
                carried=tuple(
                    CarriedValue.model_construct(name=name, value=parse_json(text), secret=secret, shared=shared)
                    for name, text, secret, shared in one["carried"]
                ),
                cookies=tuple(one["cookies"]),
            )
    return done
