"""Everything the simulated WeChat remembers, behind one lock and on a clock that can be moved."""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from threading import Event, RLock

from wxcloudrun.simulator import constants
from wxcloudrun.simulator.faults import FaultList
from wxcloudrun.simulator.journal import Journal
from wxcloudrun.simulator.limits import Meter
from wxcloudrun.simulator.push.record import PushRecord
from wxcloudrun.simulator.records import (
    AccessToken,
    AppConfig,
    LoginCode,
    MediaTask,
    Options,
    PhoneCode,
    QueuedEvent,
    SentMessage,
    StoredFile,
    Template,
    TokenKind,
    User,
)
from wxcloudrun.simulator.wire import ControlError, Json, RefusedError


class SimulatorState:
    """The memory of one simulator. Hold `lock` while reading or writing it.

    `clock` gives seconds since 1970 and `random_bytes` gives that many bytes; with both replaced, every answer of the
    simulator is the same in each run. `reset()` goes back to the apps and options given here.
    """

    def __init__(
        self,
        apps: Sequence[AppConfig] = (AppConfig(),),
        options: Options | None = None,
        clock: Callable[[], float] = time.time,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.lock = RLock()
        self.random_bytes = random_bytes
        self.released = Event()
        self._clock = clock
        self._first_apps = tuple(apps)
        self._first_options = options or Options()
        self.reset()

    def reset(self) -> None:
        """Forget everything that happened, and let go of callers that an injected timeout holds."""
        self.released.set()
        with self.lock:
            self.released = Event()
            self._clock_offset = 0.0
            self._msgid = constants.FIRST_MESSAGE_ID
            self.options = self._first_options
            self.apps: dict[str, AppConfig] = {app.appid: app for app in self._first_apps}
            self.users: dict[tuple[str, str], User] = {}
            self.login_codes: dict[str, LoginCode] = {}
            self.phone_codes: dict[str, PhoneCode] = {}
            self.tokens: dict[str, AccessToken] = {}
            self.last_force: dict[str, float] = {}
            self.templates: dict[tuple[str, str], Template] = {}
            self.quota: dict[tuple[str, str], int] = {}
            self.in_flight: set[tuple[str, str]] = set()
            self.sent_messages: list[SentMessage] = []
            self.media_tasks: dict[str, MediaTask] = {}
            self.files: dict[str, StoredFile] = {}
            self.orders: dict[tuple[str, str], Json] = {}
            self.events: list[QueuedEvent] = []
            self.pushes: list[PushRecord] = []
            self.phone_answers = 0
            self.faults = FaultList()
            self.journal = Journal()
            self.meter = Meter()
            for app in self._first_apps:
                self._add_demo_templates(app.appid)

    def now(self) -> float:
        """Seconds since 1970 on the simulator's own clock."""
        return self._clock() + self._clock_offset

    def advance(self, seconds: float) -> None:
        """Move the clock, forwards or backwards."""
        self._clock_offset += seconds

    def default_app(self) -> AppConfig:
        """The app that is meant where none is named."""
        return next(iter(self.apps.values()))

    def app(self, appid: str | None) -> AppConfig:
        """The app of that id, or the first one; raises ControlError for an unknown id."""
        if appid is None:
            return self.default_app()
        if appid not in self.apps:
            raise ControlError(f"no app {appid}", 404)
        return self.apps[appid]

    def user_named(self, appid: str, name: str) -> User:
        """The user of that name, made at the first question. The openid depends on appid and name only."""
        return self.user(appid, openid_of(appid, name), name)

    def user(self, appid: str, openid: str, name: str = "") -> User:
        """The user of that openid, made at the first question and seen just now."""
        key = (appid, openid)
        if key not in self.users:
            self.users[key] = User(appid, openid, name or openid, last_seen=self.now())
        return self.users[key]

    def token_of(self, appid: str, kind: TokenKind) -> AccessToken | None:
        """The newest access token of that kind."""
        return next((t for t in reversed(self.tokens.values()) if t.appid == appid and t.kind is kind), None)

    def new_token(self, appid: str, kind: TokenKind, seconds: int = constants.TOKEN_SECONDS) -> AccessToken:
        """A fresh access token, in effect at once; what happens to its predecessor is the caller's affair."""
        issued = AccessToken(f"99_{self.text(128)}", appid, kind, self.now() + seconds)
        self.tokens[issued.value] = issued
        return issued

    def queue_event(self, appid: str, payload: Json, delay: float = 0.0, trace_id: str | None = None) -> None:
        """Let an event be pushed when its time has come."""
        self.events.append(QueuedEvent(self.now() + delay, appid, payload, trace_id))

    def take_due_events(self) -> list[QueuedEvent]:
        """The queued events whose time has come, which are then no longer queued."""
        due = [event for event in self.events if event.due <= self.now()]
        self.events = [event for event in self.events if event not in due]
        for event in due:
            if event.trace_id in self.media_tasks:
                self.media_tasks[event.trace_id].delivered = True
        return due

    def spend(self, what: str, who: str = "") -> None:
        """Count one call; raises RefusedError when its limit is used up."""
        broken = self.meter.spend(what, who, self.now())
        if broken is not None:
            raise RefusedError(broken.errcode, "reach max api limit")

    def text(self, length: int) -> str:
        """Random letters, digits, minus and underscore."""
        return base64.urlsafe_b64encode(self.random_bytes(length)).decode()[:length]

    def hex_words(self) -> str:
        """Three words of eight hex digits, the first of them the time, as in a rid and a trace_id."""
        return f"{int(self.now()):08x}-{self.random_bytes(4).hex()}-{self.random_bytes(4).hex()}"

    def next_msgid(self) -> int:
        """The id of the next message, above 2^53."""
        self._msgid += 1
        return self._msgid

    def _add_demo_templates(self, appid: str) -> None:
        keys = ("thing1", "phrase2", "time3", "character_string4")
        for template_id, long_term in (
            (constants.DEFAULT_TEMPLATE_ID, False),
            (constants.DEFAULT_LONG_TEMPLATE_ID, True),
        ):
            self.templates[appid, template_id] = Template(template_id, appid, keys, long_term)


def openid_of(appid: str, name: str) -> str:
    """The openid of a user made by name: 28 characters that differ from app to app."""
    digest = hashlib.sha256(f"{appid}/{name}".encode()).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:27]
