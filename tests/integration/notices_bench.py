"""What tests of messages share: a project with a receiver, and the duties of a worker on a clock of the test's."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integration.runs_api_bench import BAD, RunStage
from tests.integration.wechat_bench import TEMPLATE
from tests.receiver import Receiver
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import db
from wxcloudrun.features.notifications.carriers import Ways
from wxcloudrun.features.notifications.sending import NoticeSending
from wxcloudrun.features.notifications.telling import NoticeTelling, Places
from wxcloudrun.features.reports.service import ReportService
from wxcloudrun.features.runs.endings import RunEndings
from wxcloudrun.integrations.mail import MailServer
from wxcloudrun.integrations.web_hook import Patience, Poster
from wxcloudrun.notice_parts import _subscribe_messages

EVERYTHING = ["run_ended", "run_failed", "first_failure", "recovery"]


class AtOnce(Executor):
    """Carries out what it is given, in the thread that gives it."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # type: ignore[override]
        future: Future[Any] = Future()
        future.set_result(call(*args, **kwargs))
        return future


class Never(Executor):
    """Takes what it is given and dies."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # type: ignore[override]
        return Future()


class ShiftedClock:
    """The machine's clock, so much later."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.shift


@dataclass
class Post:
    """A project with a receiver, and the duties of a worker on a clock of the test's."""

    runs: RunStage
    receiver: Receiver
    clock: ShiftedClock
    template: str = ""
    mail: MailServer | None = None

    @property
    def place(self) -> str:
        return f"{self.runs.team.path}/notifications"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return self.runs.team.editor.ok(method, self.place + path, body)

    def hook(self, **more: Any) -> dict[str, Any]:
        made = {"name": "hook", "kind": "webhook", "url": f"{self.receiver.url}/hook?key=a-secret-key", **more}
        found: dict[str, Any] = self.ask("POST", "/channels", made)
        return found

    def rule(self, *channels: int, **more: Any) -> int:
        made = {"name": "rule", "events": EVERYTHING, "channel_ids": list(channels), **more}
        return int(self.ask("POST", "/rules", made)["id"])

    def telling(self) -> NoticeTelling:
        get = self.runs.team.app.extensions[EXTENSION].get
        places = Places("https://tests.example", self.template)
        return NoticeTelling(db.session, self.clock, lambda: get(ReportService), places)

    def sending(self, executor: Executor | None = None) -> NoticeSending:
        app = self.runs.team.app
        container = app.extensions[EXTENSION]
        poster = Poster([self.receiver.range], Patience(read_ms=200))
        bases = dict.fromkeys(("wecom", "dingtalk", "feishu"), self.receiver.url)
        fields = {"thing1": "name", "phrase2": "verdict", "time3": "time", "character_string4": "environment"}
        wechat = _subscribe_messages(app, container, TEMPLATE, fields, None)
        ways = Ways(lambda: poster, bases, self.mail, wechat)
        made = executor or AtOnce()
        return NoticeSending(db.session, self.clock, container.get(KeyRing), ways, lambda: made, chance=lambda: 0.5)

    def tell(self) -> None:
        """What ended is heard of."""
        with self.runs.team.app.app_context():
            container = self.runs.team.app.extensions[EXTENSION]
            telling = self.telling()
            endings = RunEndings(db.session, {"notices": telling.heard})
            assert container.get(RunEndings) is not None
            while endings.tell():
                pass
            while telling.release():
                pass

    def send(self, executor: Executor | None = None) -> None:
        """Everything that is due is sent."""
        with self.runs.team.app.app_context():
            sending = self.sending(executor)
            while sending.send():
                pass

    def both(self) -> None:
        self.tell()
        self.send()

    def deliveries(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", f"/deliveries{query}")["items"]
        return found

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(one.body) for one in self.receiver.heard]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def post(a_runs: RunStage, receiver: Receiver) -> Post:
    return Post(a_runs, receiver, ShiftedClock())


@pytest.fixture
def each_post(each_runs: RunStage, receiver: Receiver) -> Post:
    return Post(each_runs, receiver, ShiftedClock())


def red_then_green(post: Post) -> tuple[dict[str, Any], dict[str, Any]]:
    """A scenario that failed, and passes now."""
    case = post.runs.case("login", assertions=[BAD])
    scenario = post.runs.scenario("flow", case)
    red = post.runs.done(scenario_id=scenario, labels={"branch": "main"})
    post.runs.team.editor.ok("PUT", f"{post.runs.team.path}/cases/{case}", {"assertions": []})
    return red, post.runs.done(scenario_id=scenario, labels={"branch": "main"})
