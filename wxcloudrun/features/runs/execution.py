"""Carries out a claimed run: reads its plan, lets the engine work, stores what it gives, and the end."""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from wxcloudrun.core.crypto import KeyRing, UnreadableSecret
from wxcloudrun.core.db import database_gone
from wxcloudrun.core.logging import log
from wxcloudrun.features.runs.bodies import LongBodies, OpenFiles
from wxcloudrun.features.runs.gate import GatedSender, HostGates, StepGate
from wxcloudrun.features.runs.leases import LostLease
from wxcloudrun.features.runs.models import RunState
from wxcloudrun.features.runs.packing import KnownBodies, fitting
from wxcloudrun.features.runs.recording import Recorder
from wxcloudrun.features.runs.resuming import Material, PlanGone, plan_of, read, without
from wxcloudrun.features.runs.supply import CANCELED, Claim
from wxcloudrun.features.runs.tables import RunTables
from wxcloudrun.features.runs.throttling import SharedThrottle

if TYPE_CHECKING:
    from wxcloudrun.engine.errors import DefinitionError
    from wxcloudrun.engine.plan.plan import Plan
    from wxcloudrun.engine.result.result import RunSummary, WriteBack
    from wxcloudrun.engine.send.body import BlobSource

_logger = logging.getLogger("wxcloudrun.runs")
_AGAIN_S = 0.2
_UNREADABLE = "a key that encrypts the plan is missing in ENCRYPTION_KEYS; put it back and run again"

WriteBacks = Callable[[int, int | None, "Sequence[WriteBack]"], None]
"""Takes values of scope `global`: project, environment, values (not masked)."""


class RunExecution:
    """Carries out runs, each in the thread that calls `carry_out`."""

    def __init__(
        self,
        tables: RunTables,
        keys: KeyRing,
        gate: StepGate,
        *,
        blobs: "Callable[[int], BlobSource | None] | None" = None,
        files: OpenFiles | None = None,
        lost: Callable[[int], Collection[str]] = lambda project_id: (),
        per_host: int = 64,
        write_back: WriteBacks | None = None,
    ) -> None:
        """`lost` are address ranges that a project was granted once and may not reach any more; at most `per_host`
        requests are under way at one host.
        """
        self._tables, self._keys, self._gate = tables, keys, gate
        self._hosts, self._throttle = HostGates(per_host), SharedThrottle(tables)
        self._blobs, self._files, self._lost = blobs, files, lost
        self._write_back = write_back

    def carry_out(self, claim: Claim, started: Callable[[Recorder], None]) -> None:
        """Bring the run to its end, or leave it when it is lost. Raises nothing; `started` is told of its recorder."""
        facts = {"run": claim.run_id, "project": claim.project_id, "fence": claim.lease.fence}
        began = time.monotonic()
        log(_logger, "run claimed", **facts)
        try:
            state = self._carry_out(claim, started)
        except LostLease:
            log(_logger, "run left", **facts)
        except Exception:
            _logger.exception("run not ended", extra={"facts": facts})  # the next worker takes it when the lease ends
        else:
            took = round((time.monotonic() - began) * 1000, 1)
            log(_logger, "run ended", **facts, state=state.name.lower(), duration_ms=took)
        finally:
            claim.lease.lose()

    def _carry_out(self, claim: Claim, started: Callable[[Recorder], None]) -> RunState:
        material = self._read(claim)
        bodies = None
        if self._files is not None:
            bodies = LongBodies(self._tables, self._files, claim.lease, claim.project_id)
        recorder = Recorder(
            self._tables,
            claim.lease,
            self._keys,
            material.totals,
            bodies=KnownBodies(claim.run_id, claim.project_id, {} if bodies is None else bodies.known),
            doubt=material.doubt,
            done=frozenset(path for path, _ in material.outcomes),
        )
        started(recorder)
        try:
            return self._to_the_end(claim, material, recorder, bodies)
        except LostLease:
            raise
        except (PlanGone, UnreadableSecret) as fault:
            return self._stopped(recorder, str(fault) if isinstance(fault, PlanGone) else _UNREADABLE)
        except Exception as fault:  # the run loop: whatever it was, the run ends
            facts = {"run": claim.run_id, "project": claim.project_id}
            _logger.exception("run stopped by a fault", extra={"facts": facts})
            reason = f"results could not be stored or the engine stopped ({type(fault).__name__}); please report it"
            return self._stopped(recorder, reason)

    def _read(self, claim: Claim) -> Material:
        """What is stored of the run; while the database is away, as long as the lease lasts."""
        while True:
            claim.lease.check()
            try:
                with self._tables.reading() as dao:
                    return read(dao, claim.run_id)
            except Exception as error:
                if not database_gone(error):
                    raise
            claim.lease.wait(_AGAIN_S)

    def _to_the_end(self, claim: Claim, material: Material, recorder: Recorder, bodies: LongBodies | None) -> RunState:
        from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - only a worker pays for the engine

        if material.is_fresh and material.run.cancel_at is not None:
            recorder.end(RunState.CANCELED, CANCELED, recorder.totals.summary("canceled", CANCELED))
            return RunState.CANCELED
        plan = without(plan_of(material, self._keys), self._lost(claim.project_id))
        try:
            summary = self._worked(claim, plan, recorder, bodies)
        except DefinitionError as fault:
            return self._stopped(recorder, f"the plan cannot work: {_told(plan, fault)}")
        state = RunState[summary.outcome.name]
        reason = None if summary.reason is None else fitting(summary.reason, 500)
        recorder.end(state, reason, recorder.totals.summary(summary.outcome.value, reason, summary))
        self._hand_back(material, summary)
        return state

    def _worked(self, claim: Claim, plan: "Plan", recorder: Recorder, bodies: LongBodies | None) -> "RunSummary":
        """Let the engine carry out the plan. Raises DefinitionError, LostLease, and what the database refuses."""
        from wxcloudrun.engine.run.context import Hooks  # noqa: PLC0415 - as above
        from wxcloudrun.engine.run.runner import Engine, sender_of  # noqa: PLC0415 - as above

        lease = claim.lease
        blobs = self._blobs(claim.project_id) if self._blobs is not None else None
        sender = GatedSender(sender_of(plan), self._gate, self._hosts, claim, lease.check)
        try:
            keep = None if bodies is None else bodies.keep
            hooks = Hooks(on_intent=recorder.intent, on_body=keep, blobs=blobs)
            engine = Engine(plan, sender=sender, cancel=lease, hooks=hooks, throttle=self._throttle)
            with closing(engine.run()) as results:  # type: ignore[type-var]  # an iterator that is a generator
                for result in results:
                    recorder.add(result)
            return engine.summary
        finally:
            sender.close()

    def _stopped(self, recorder: Recorder, reason: str) -> RunState:
        reason = fitting(reason, 500)
        summary = recorder.stored_totals.summary("error", reason)
        recorder.end(RunState.ERROR, reason, summary, results=False)
        return RunState.ERROR

    def _hand_back(self, material: Material, summary: "RunSummary") -> None:
        if self._write_back is None or not summary.write_back:
            return
        run = material.run
        try:
            self._write_back(run.project_id, run.environment_id, summary.write_back)
        except Exception:
            _logger.exception("values were not written back", extra={"facts": {"run": run.id}})


def _told(plan: "Plan", fault: "DefinitionError") -> str:
    """What is wrong with the plan, without its secrets."""
    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - only a worker pays for the engine
    from wxcloudrun.engine.run.runner import redactor_of  # noqa: PLC0415 - as above

    try:
        return redactor_of(plan).text(str(fault))
    except DefinitionError:  # a secret itself is what cannot work
        return f"look at {fault.field}"
