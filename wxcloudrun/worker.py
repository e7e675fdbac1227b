"""What is done in the background: named duties, each at its interval, in one loop beside the web processes.

`flask worker` is that loop with a crew for runs; `celery -A wxcloudrun.worker worker` and `... beat` ask for `app`.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from wxcloudrun.core.container import Container
from wxcloudrun.core.db import database_gone
from wxcloudrun.core.idempotency import Idempotency
from wxcloudrun.core.logging import log
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.auth.access import SessionService
from wxcloudrun.features.notifications.sending import NoticeSending
from wxcloudrun.features.notifications.telling import NoticeTelling
from wxcloudrun.features.projects.invitations import InvitationService
from wxcloudrun.features.runs.dispatch import RunDispatch
from wxcloudrun.features.runs.endings import RunEndings
from wxcloudrun.features.runs.retention import RunRetention
from wxcloudrun.features.schedules.firing import ScheduleFiring
from wxcloudrun.features.triggers.deliveries import TriggerDeliveries
from wxcloudrun.features.users.moderation import AvatarModeration
from wxcloudrun.features.users.pictures import PictureFiles
from wxcloudrun.features.users.verification import VerificationService
from wxcloudrun.features.wechat.inbox import Inbox

_logger = logging.getLogger("wxcloudrun.worker")
_LONGEST_PAUSE_S = 30.0
_LOG_EVERY_S = 60.0
_LET_GO_S = 0.8


@dataclass(frozen=True)
class Duty:
    """Something to be done every `interval_s` seconds; `call` says how many things it did.

    With `drains` it is called again at once until nothing is left.
    """

    name: str
    interval_s: float
    call: Callable[[], int]
    drains: bool = False


def duties(container: Container) -> list[Duty]:
    """Every duty of this application; each call is short, so that a stop is heard between two."""
    get = container.get
    return [
        Duty("audit.seal", 2, lambda: get(AuditService).seal(), drains=True),
        Duty("runs.send", 2, lambda: get(RunDispatch).again()),
        Duty("runs.tell_ended", 1, lambda: get(RunEndings).tell(), drains=True),
        Duty("schedules.fire", 1, lambda: get(ScheduleFiring).fire(), drains=True),
        Duty("notices.digest", 5, lambda: get(NoticeTelling).digest()),
        Duty("notices.release", 5, lambda: get(NoticeTelling).release(), drains=True),
        Duty("notices.send", 1, lambda: get(NoticeSending).send()),
        Duty("wechat.handle_pushes", 1, lambda: get(Inbox).handle(), drains=True),
        Duty("idempotency.clear", 600, lambda: get(Idempotency).clear()),
        Duty("sessions.clear", 600, lambda: get(SessionService).clear()),
        Duty("users.clear_files", 600, lambda: get(PictureFiles).clear()),
        Duty("users.clear_media_checks", 600, lambda: get(AvatarModeration).clear()),
        Duty("users.clear_materials", 600, lambda: get(VerificationService).clear()),
        Duty("projects.clear_invitations", 600, lambda: get(InvitationService).clear()),
        Duty("schedules.clear", 600, lambda: get(ScheduleFiring).clear()),
        Duty("runs.sweep", 60, lambda: get(RunRetention).sweep(), drains=True),
        Duty("triggers.clear_deliveries", 600, lambda: get(TriggerDeliveries).clear()),
        Duty("notices.clear", 600, lambda: get(NoticeSending).clear()),
        Duty("wechat.clear_pushes", 600, lambda: get(Inbox).clear()),
    ]


class Worker:
    """Does the duties until it is stopped; one that fails rests for a while and disturbs no other.

    `context` is entered around each call and ends its database session. While the database is away everything rests,
    with growing pauses of at most 30 seconds, and one line a minute says so.
    """

    def __init__(
        self,
        work: Iterable[Duty],
        context: Callable[[], AbstractContextManager[object]],
        stop: threading.Event | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plans = [_Plan(duty) for duty in work]
        self._context = context
        self._monotonic = monotonic
        self._stop = stop or threading.Event()
        self._outage = _Outage()

    def once(self) -> bool:
        """Do every duty once; true when none failed."""
        failed = [plan.duty.name for plan in self._plans if not self._stop.is_set() and self._attempt(plan) is not None]
        return not failed

    def run(self) -> None:
        """Go on until `stop` is set, or until another thread calls `end`."""
        log(_logger, "worker started", duties=[plan.duty.name for plan in self._plans])
        while not self._stop.is_set():
            self.turn()
            self._stop.wait(self.pause())
        log(_logger, "worker stopped")

    def turn(self) -> None:
        """Do what is due now."""
        for plan in self._plans:
            now = self._monotonic()
            if self._stop.is_set() or now < self._outage.until:
                return
            if now >= plan.due:
                self._do(plan)

    def end(self) -> None:
        """Let the loop end after the call that is under way."""
        self._stop.set()

    def serve(self) -> None:
        """Run in a thread and come back within a second of `end`, which a signal handler may call.

        A call that hangs at a dead server is left behind then; its transaction is never kept.
        """
        thread = threading.Thread(target=self.run, name="worker", daemon=True)
        thread.start()
        while thread.is_alive() and not self._stop.wait(0.5):
            pass
        thread.join(_LET_GO_S)

    def _do(self, plan: "_Plan") -> None:
        error = self._attempt(plan)
        now = self._monotonic()
        if error is None:
            plan.succeeded(now)
            if self._outage.over():
                log(_logger, "database is back")
        elif database_gone(error):
            plan.due = now  # the duty is not to blame: it is the first to be tried again
            if self._outage.goes_on(now):
                log(_logger, "database unavailable", logging.ERROR, error=type(error).__name__)
        elif plan.failed(now):
            _logger.error("duty failed", extra={"facts": {"duty": plan.duty.name}}, exc_info=error)

    def _attempt(self, plan: "_Plan") -> Exception | None:
        """What went wrong, if anything."""
        began = self._monotonic()
        try:
            with self._context():
                done = self._carry_out(plan.duty)
        except Exception as error:  # noqa: BLE001 - the loop goes on, whatever a duty raises
            return error
        if done:
            took = round((self._monotonic() - began) * 1000, 1)
            log(_logger, "duty done", duty=plan.duty.name, count=done, duration_ms=took)
        return None

    def _carry_out(self, duty: Duty) -> int:
        done = total = duty.call()
        while duty.drains and done and not self._stop.is_set():
            done = duty.call()
            total += done
        return total

    def pause(self) -> float:
        """Seconds until something is due, at most 30."""
        until = max(min(plan.due for plan in self._plans), self._outage.until)
        return max(0.0, min(until - self._monotonic(), _LONGEST_PAUSE_S))


class _Plan:
    """A duty, and when it is due."""

    def __init__(self, duty: Duty) -> None:
        self.duty = duty
        self.due = 0.0
        self._failures = 0
        self._quiet_until = 0.0

    def succeeded(self, now: float) -> None:
        self.due = now + self.duty.interval_s
        self._failures = 0

    def failed(self, now: float) -> bool:
        """Rest; true when this failure is to be logged."""
        self._failures += 1
        self.due = now + max(self.duty.interval_s, _growing(self._failures))
        return self._may_log(now)

    def _may_log(self, now: float) -> bool:
        if now < self._quiet_until:
            return False
        self._quiet_until = now + _LOG_EVERY_S
        return True


class _Outage:
    """The time without a database."""

    def __init__(self) -> None:
        self.until = 0.0
        self._failures = 0
        self._quiet_until = 0.0

    def goes_on(self, now: float) -> bool:
        """Rest; true when it is time for a line in the log."""
        self._failures += 1
        self.until = now + _growing(self._failures)
        if now < self._quiet_until:
            return False
        self._quiet_until = now + _LOG_EVERY_S
        return True

    def over(self) -> bool:
        """True when there was one until now."""
        was = self._failures > 0
        self.until, self._failures, self._quiet_until = 0.0, 0, 0.0
        return was


def _growing(failures: int) -> float:
    """1, 2, 4 ... seconds, at most 30."""
    return float(min(2 ** min(failures - 1, 10), _LONGEST_PAUSE_S))


def __getattr__(name: str) -> object:
    """`app`, made when the `celery` command asks for it: nobody else imports Celery."""
    if name != "app":
        raise AttributeError(name)
    sys.path.append(str(Path(__file__).resolve().parent.parent))  # Celery looks there only while it finds this file
    import run  # noqa: PLC0415 - the application by this environment's settings, as for `flask`
    from wxcloudrun.celery_worker import celery_of  # noqa: PLC0415 - as above

    url = run.settings.run_broker_url
    if url is None:
        sys.exit("Cannot start: RUN_BROKER_URL is empty; without a broker use `flask worker`")
    container: Container = run.app.extensions["wxcloudrun"]
    loop = lambda: Worker(duties(container), run.app.app_context)  # noqa: E731 - one line says it
    globals()[name] = made = celery_of(run.app, url.get_secret_value(), run.settings.run_queue, loop)
    return made
