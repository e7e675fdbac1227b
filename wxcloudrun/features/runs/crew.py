"""The threads of a worker process that carry out runs: who looks for them, who beats for them, who stores on time."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from wxcloudrun.core.db import database_gone
from wxcloudrun.core.logging import log
from wxcloudrun.features.runs.execution import RunExecution
from wxcloudrun.features.runs.leases import Heart
from wxcloudrun.features.runs.models import Priority
from wxcloudrun.features.runs.recording import Recorder
from wxcloudrun.features.runs.supply import Claim, RunSupply
from wxcloudrun.features.runs.waking import Bell

_logger = logging.getLogger("wxcloudrun.runs")
_LOOK_S = 1.0
_ROUND_S = 0.5
_STORE_S = 0.1
_QUIET_S = 60.0


@dataclass(slots=True)
class _Hand:
    """A run that a thread of this process carries out."""

    claim: Claim
    began: float
    recorder: Recorder | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def take(self, recorder: Recorder) -> None:
        self.recorder = recorder


@dataclass(frozen=True, slots=True)
class Places:
    """How many runs at once: of any kind, and besides these of interactive ones."""

    any: int
    interactive: int = 2


class RunCrew:
    """Carries out runs until it is stopped. `start` and `stop` are called once each, `wake` at any time.

    It looks for runs by itself, or is told when to look by `carry_out_next`, in threads that somebody else has.
    """

    def __init__(self, supply: RunSupply, execution: RunExecution, heart: Heart, bell: Bell, places: Places) -> None:
        self._supply, self._execution, self._heart, self._bell = supply, execution, heart, bell
        self._places = places
        self._hands: list[_Hand] = []
        self._lock, self._claims = threading.Lock(), threading.Lock()
        self._looks = True
        self._quiet = _Quiet()
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._look, self._round = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=work, args=arguments, name=f"runs-{name}", daemon=True)
            for name, work, arguments in (
                ("crew", self._live, ()),
                ("heart", self._turns, (self._heart.round, self._round, _ROUND_S)),
                ("store", self._turns, (self._store, None, _STORE_S)),
            )
        ]

    @property
    def busy(self) -> int:
        """Runs in hand."""
        with self._lock:
            return len(self._hands)

    @property
    def stopping(self) -> bool:
        """True when no more runs are taken."""
        return self._stop.is_set()

    def start(self, *, looks: bool = True) -> None:
        """Begin to look for runs, or without `looks` to be at the service of those that others take."""
        self._looks = looks
        for thread in self._threads:
            thread.start()

    def carry_out_next(self, least: Priority) -> bool:
        """Claim the run that is next, of that priority or a more urgent one, and carry it out in this thread.

        False when there was none that may begin, when the crew stops, and when the database is away.
        """
        try:
            with self._claims:
                claim = None if self._stop.is_set() else self._supply.next(least)
                hand = None if claim is None else self._taken(claim)
        except Exception as error:  # noqa: BLE001 - whatever a look raises: a later one finds the run
            self._quiet.tell(error)
            return False
        if hand is None:
            return False
        self._work(hand)
        return True

    def wake(self) -> None:
        """Look for new runs and for cancels now."""
        self._look.set()
        self._round.set()

    def stop(self, patience_s: float = 5.0) -> None:
        """Take no more runs, give back those in hand after what is under way in them, and come back.

        Another worker goes on with them where they are.
        """
        self._stop.set()
        self.wake()
        self._threads[0].join(1.0)
        if self._claims.acquire(timeout=1.0):  # from here on nothing is claimed any more
            self._claims.release()
        with self._lock:
            hands = list(self._hands)
        leaving = [threading.Thread(target=_leave, args=(hand, patience_s), daemon=True) for hand in hands]
        for thread in leaving:
            thread.start()
        for thread in leaving:
            thread.join(patience_s)
        for hand in hands:
            hand.done.wait(patience_s)
        self._ended.set()
        self._round.set()
        for thread in self._threads[1:]:
            thread.join(1.0)

    def _live(self) -> None:
        with self._bell.heard(self.wake):
            self._turns(self._find, self._look, _LOOK_S, until=self._stop)

    def _turns(
        self,
        work: Callable[[], None],
        signal: threading.Event | None,
        interval_s: float,
        until: threading.Event | None = None,
    ) -> None:
        """Do the work again and again, at each signal and after each interval; what goes wrong waits for the next."""
        until = until or self._ended
        patience = _Quiet()
        while not until.is_set():
            try:
                work()
            except Exception as error:  # noqa: BLE001 - the crew goes on, whatever a turn raises
                patience.tell(error)
            (signal or until).wait(interval_s)
            if signal is not None:
                signal.clear()

    def _store(self) -> None:
        with self._lock:
            recorders = [hand.recorder for hand in self._hands if hand.recorder is not None]
        for recorder in recorders:
            recorder.tick()

    def _find(self) -> None:
        """Claim runs while there is room."""
        while self._looks and not self._stop.is_set():
            with self._lock:
                room = self._places.any - len(self._hands)
            if room <= -self._places.interactive:
                return
            claim = self._supply.next(Priority.SCHEDULE if room > 0 else Priority.INTERACTIVE)
            if claim is None:
                return
            hand = self._taken(claim)
            threading.Thread(target=self._work, args=(hand,), name=f"run-{claim.run_id}", daemon=True).start()

    def _taken(self, claim: Claim) -> _Hand:
        hand = _Hand(claim, time.monotonic())
        self._heart.keep(claim.lease)
        with self._lock:
            self._hands.append(hand)
        return hand

    def _work(self, hand: _Hand) -> None:
        try:
            self._execution.carry_out(hand.claim, hand.take)
        finally:
            self._heart.drop(hand.claim.lease)
            with self._lock:
                self._hands.remove(hand)
            self._supply.served(hand.claim, time.monotonic() - hand.began)
            hand.done.set()
            self._look.set()


def _leave(hand: _Hand, patience_s: float) -> None:
    """Give a run back; one that is canceled already comes to its end by itself."""
    lease = hand.claim.lease
    if lease.canceled_at is not None:
        hand.done.wait(patience_s)
    if hand.recorder is None:
        lease.lose()
        return
    try:
        hand.recorder.leave(patience_s)
    except Exception as error:  # noqa: BLE001 - the lease ends by itself then
        log(_logger, "run not given back", logging.WARNING, run=lease.run_id, error=type(error).__name__)


@dataclass(slots=True)
class _Quiet:
    """Says once a minute what goes wrong."""

    _until: float = field(default=float("-inf"))

    def tell(self, error: Exception) -> None:
        now = time.monotonic()
        if now < self._until:
            return
        self._until = now + _QUIET_S
        if database_gone(error):
            log(_logger, "runs wait for the database", logging.WARNING, error=type(error).__name__)
        else:
            _logger.error("runs: a turn failed", exc_info=error)
