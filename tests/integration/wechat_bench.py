"""What the tests of the wechat feature share: a simulated WeChat, pushes as it sends them, and work done at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.container import Container
from wxcloudrun.core.db import db
from wxcloudrun.features.wechat.tokens import DatabaseTokenStore
from wxcloudrun.integrations.wechat.client import WeChatClient
from wxcloudrun.integrations.wechat.config import WeChatConfig
from wxcloudrun.integrations.wechat.contract import WeChat
from wxcloudrun.simulator import AppConfig, RunningSimulator, SimulatorState, running
from wxcloudrun.simulator.push import events
from wxcloudrun.simulator.records import PushFormat, PushMode

APPID = "wx-test-appid"
SECRET = "wx-test-secret"
TOKEN = "push-token-of-the-tests"
AES_KEY = "TestEncodingAESKeyNotReal000000000000000000"
TEMPLATE = "SimulatorTemplateOnce0000000000000000000001"


def simulated_app(
    push_url: str = "", mode: PushMode = PushMode.SAFE, language: PushFormat = PushFormat.JSON
) -> AppConfig:
    """The tests' mini-program, as the simulator's console shows it."""
    return AppConfig(
        appid=APPID,
        secret=SECRET,
        token=TOKEN,
        encoding_aes_key=AES_KEY,
        push_url=push_url,
        push_mode=mode,
        push_format=language,
        published_pages=("pages/index/index",),
    )


def parts_of(app: Flask) -> Container:
    container: Container = app.extensions[EXTENSION]
    return container


@contextmanager
def simulated(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSimulator]:
    """The application with its own client of WeChat, which asks a simulator."""
    container = parts_of(app)
    with running(SimulatorState([simulated_app()])) as simulator:
        config = WeChatConfig(appid=APPID, secret=SECRET, api_base=simulator.url)
        store = container.get(DatabaseTokenStore)
        client = WeChatClient(config, store, container.get(Clock))
        replace_part(app, monkeypatch, WeChat, client)
        yield simulator
    container.forget_made()


def replace_part(app: Flask, monkeypatch: pytest.MonkeyPatch, kind: Any, part: object) -> None:
    """Put another part into the application for the length of a test."""
    container = parts_of(app)
    monkeypatch.setitem(container._recipes, kind, lambda: part)
    container.forget_made()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application over HTTP; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def popup(openid: str, *answers: tuple[str, str], at: float) -> dict[str, Any]:
    """The event of a user's answers in the popup, as JSON."""
    payload = events.popup(simulated_app(), openid, at, answers)
    return dict(payload)


def at_once[R](app: Flask, count: int, work: Callable[[int], R]) -> list[R | BaseException]:
    """What `work` gives in each of `count` threads that begin together, each with a session of its own."""
    barrier = threading.Barrier(count)
    results: list[Any] = [None] * count

    def one(number: int) -> None:
        with app.app_context():
            try:
                barrier.wait(20)
                results[number] = work(number)
            except BaseException as error:
                results[number] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
