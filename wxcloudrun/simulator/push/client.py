"""WeChat's side of message push: the URL check, up to three attempts for each message, and what came back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from wxcloudrun.simulator import crypto
from wxcloudrun.simulator.exchange import (
    AnswerTooLargeError,
    ExchangeError,
    ExchangeTimeoutError,
    Outgoing,
    Reply,
    exchange,
)
from wxcloudrun.simulator.push import disturbance
from wxcloudrun.simulator.push.disturbance import Disturbance
from wxcloudrun.simulator.push.envelope import Sealed, Stamp, Verdict, check_query, judge, seal
from wxcloudrun.simulator.push.record import RETRIED, Attempt, Outcome, PushRecord
from wxcloudrun.simulator.records import AppConfig, PushFormat, PushMode
from wxcloudrun.simulator.state import SimulatorState
from wxcloudrun.simulator.wire import ControlError, Json

REPLY_BYTES = 1024 * 1024
SHOWN_CHARACTERS = 64 * 1024
_TYPES = {PushFormat.JSON: "application/json", PushFormat.XML: "text/xml"}

Send = Callable[[Outgoing, float, int], Reply]


@dataclass(frozen=True)
class PushPlan:
    """How one message is handed over; `attempts` of None means the simulator's own number."""

    disturbances: tuple[Disturbance, ...] = ()
    attempts: int | None = None
    size: int = disturbance.OVERSIZED_BYTES


class PushClient:
    """Pushes messages for the apps of one simulator and keeps the records there. Blocks while it waits for replies."""

    def __init__(self, state: SimulatorState, send: Send = exchange) -> None:
        self._state = state
        self._send = send

    def check_url(self, app: AppConfig) -> PushRecord:
        """What the console does when the push URL is saved: a signed GET whose echostr must come back bare.

        Behind Cloud Run it is a POST of the action CheckContainerPath instead. Raises ControlError without a push URL.
        """
        record = self._record(app, {})
        if app.push_mode is PushMode.CLOUDRUN:
            probe: Json = {"action": "CheckContainerPath"}
            record.attempts.append(self._attempt(app, 1, seal(app, probe, self._stamp()), lambda r: judge(app, r)))
            return record
        echostr = str(int.from_bytes(self._state.random_bytes(7), "big"))
        query = check_query(app, self._stamp(), echostr)
        record.attempts.append(self._attempt(app, 1, Sealed(query, b""), lambda r: _judge_echo(r, echostr), "GET"))
        return record

    def deliver(self, app: AppConfig, payload: Json, plan: PushPlan | None = None) -> list[PushRecord]:
        """Hand one message over, twice if a duplicate is wanted; raises ControlError if the app has no push URL."""
        plan = plan or PushPlan()
        payload = disturbance.swell(payload, plan.disturbances, plan.size)
        rounds = 2 if Disturbance.DUPLICATE in plan.disturbances else 1
        return [self._hand_over(app, payload, plan) for _ in range(rounds)]

    def deliver_due(self) -> list[PushRecord]:
        """Push the queued events whose time has come; those of apps without a push URL are dropped, as WeChat does."""
        with self._state.lock:
            due = [(self._state.apps[event.appid], event.payload) for event in self._state.take_due_events()]
        return [record for app, payload in due if app.push_url for record in self.deliver(app, payload)]

    def _hand_over(self, app: AppConfig, payload: Json, plan: PushPlan) -> PushRecord:
        record = self._record(app, payload, plan.disturbances)
        attempts = self._state.options.push_attempts if plan.attempts is None else plan.attempts
        for number in range(1, attempts + 1):
            sealed = self._sealed(app, payload, plan.disturbances)
            record.attempts.append(self._attempt(app, number, sealed, lambda r: judge(app, r)))
            if Disturbance.REPLAY in plan.disturbances:
                record.attempts.append(self._attempt(app, number, sealed, lambda r: judge(app, r)))
            if record.outcome not in RETRIED:
                break
        return record

    def _sealed(self, app: AppConfig, payload: Json, wanted: tuple[Disturbance, ...]) -> Sealed:
        stamp = disturbance.age(self._stamp(), wanted)
        if Disturbance.BAD_CIPHER in wanted:
            # Sealed under another key but signed with the app's token: only the decryption can notice.
            app = replace(app, encoding_aes_key=crypto.other_aes_key(app.encoding_aes_key))
        sealed = seal(app, payload, stamp, disturbance.tail(app, wanted))
        return disturbance.spoil(app, payload, sealed, wanted)

    def _attempt(
        self, app: AppConfig, number: int, sealed: Sealed, judged: Callable[[bytes], Verdict], method: str = "POST"
    ) -> Attempt:
        separator = "&" if "?" in app.push_url else "?"
        url = app.push_url + (separator + urlencode(sealed.query) if sealed.query else "")
        headers: tuple[tuple[str, str], ...] = (("User-Agent", "Mozilla/4.0"), ("Accept", "*/*"))
        if method == "POST":
            headers += (("Content-Type", _TYPES[app.push_format]),)
        if app.push_mode is PushMode.CLOUDRUN:
            headers += (("X-WX-SOURCE", "wx_push"),)
        begun = Attempt(number, sealed.query, sealed.body.decode()[:SHOWN_CHARACTERS], Outcome.UNREACHABLE)
        try:
            reply = self._send(
                Outgoing(method, url, headers, sealed.body), self._state.options.push_timeout, REPLY_BYTES
            )
        except ExchangeError as error:
            return replace(begun, outcome=_outcome_of(error), reason=str(error))
        verdict = judged(reply.body) if reply.status == 200 else Verdict(Outcome.HTTP_STATUS)
        return replace(
            begun,
            outcome=verdict.outcome,
            status=reply.status,
            reply=reply.body.decode("utf-8", "replace"),
            message=verdict.message,
            reason=verdict.reason,
        )

    def _record(self, app: AppConfig, payload: Json, disturbances: Sequence[Disturbance] = ()) -> PushRecord:
        if not app.push_url:
            raise ControlError("the app has no push_url; set one at /_sim/apps")
        with self._state.lock:
            number = len(self._state.pushes) + 1
            mode, language = app.push_mode.value, app.push_format.value
            record = PushRecord(number, app.appid, app.push_url, mode, language, payload, tuple(disturbances))
            self._state.pushes.append(record)
        return record

    def _stamp(self) -> Stamp:
        random = self._state.random_bytes
        nonce = str(int.from_bytes(random(4), "big"))
        return Stamp(int(self._state.now()), nonce, random(8).hex().encode())


def _judge_echo(reply: bytes, echostr: str) -> Verdict:
    if reply == echostr.encode():
        return Verdict(Outcome.ACKNOWLEDGED)
    return Verdict(Outcome.BAD_REPLY, reason="the echostr did not come back as it was")


def _outcome_of(error: ExchangeError) -> Outcome:
    if isinstance(error, ExchangeTimeoutError):
        return Outcome.TIMEOUT
    return Outcome.OVERSIZED_REPLY if isinstance(error, AnswerTooLargeError) else Outcome.UNREACHABLE
