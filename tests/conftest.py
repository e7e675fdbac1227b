"""Fixtures for every test: an application on a database of its own, people, and a stand-in for WeChat."""

import os
import secrets
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import URL, create_engine, delete, insert, make_url, update
from sqlalchemy.exc import OperationalError

import config
from wxcloudrun.app import EXTENSION, create_app, register_commands
from wxcloudrun.core.actor import Role, Verification
from wxcloudrun.core.container import Container
from wxcloudrun.core.db import Base, db
from wxcloudrun.features.counter.models import Counter
from wxcloudrun.features.users.models import User
from wxcloudrun.integrations.wechat.contract import WeChat
from wxcloudrun.integrations.wechat.errors import WeChatError
from wxcloudrun.integrations.wechat.login import LoginSession

ROOT = Path(__file__).resolve().parent.parent
SERVERS = {
    "mariadb": os.environ.get("TEST_MYSQL_URL", "mysql+pymysql://root@127.0.0.1:3306/?charset=utf8mb4"),
    "postgresql": os.environ.get("TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
}


def pytest_configure(config: pytest.Config) -> None:
    """What tests start hears Ctrl-C, although a shell that runs something in the background lets it hear nothing."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _make_database(kind: str) -> URL | None:
    """A new database whose name says that it may be dropped; None where there is no such server."""
    url = make_url(SERVERS[kind])
    name = f"wxcloudrun_test_{os.getpid()}_{secrets.token_hex(3)}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 2})
    try:
        with engine.connect() as connection:
            extra = " CHARACTER SET utf8mb4" if kind == "mariadb" else ""
            connection.exec_driver_sql(f"CREATE DATABASE {name}{extra}")
    except OperationalError:
        return None
    finally:
        engine.dispose()
    return url.set(database=name)


def _drop_database(kind: str, url: URL) -> None:
    engine = create_engine(make_url(SERVERS[kind]), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        force = " WITH (FORCE)" if kind == "postgresql" else ""
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {url.database}{force}")
    engine.dispose()


def database_urls(tmp: Path, kind: str) -> Iterator[URL]:
    """A migrated database of that kind, dropped afterwards; skips where there is no such server."""
    if kind == "sqlite":
        yield URL.create("sqlite", database=str(tmp / "test.sqlite3"))
        return
    url = _make_database(kind)
    if url is None:
        pytest.skip(f"no {kind} server at hand")
    yield url
    _drop_database(kind, url)


def make_app(url: URL, tmp: Path, **overrides: Any) -> Flask:
    """An application of the testing kind on a migrated database."""
    usual = {
        "flask_env": "testing",
        "database_url": url.render_as_string(hide_password=False),
        "data_dir": tmp,
        "wx_appid": "wx-test-appid",
        "wx_secret": "wx-test-secret",
        "rate_limits": False,
        "log_level": "WARNING",
    }
    settings = config.load({}, **(usual | overrides))
    app = create_app(settings)
    register_commands(app)
    with app.app_context():
        upgrade(str(ROOT / "migrations"))
    return app


@pytest.fixture(scope="session")
def sqlite_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    tmp = tmp_path_factory.mktemp("sqlite")
    for url in database_urls(tmp, "sqlite"):
        app = make_app(url, tmp)
        yield app
        _dispose(app)


@pytest.fixture(scope="session", params=["sqlite", "mariadb", "postgresql"])
def app_on_each_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    tmp = tmp_path_factory.mktemp(request.param)
    for url in database_urls(tmp, request.param):
        app = make_app(url, tmp)
        yield app
        _dispose(app)


def _dispose(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def empty(app: Flask) -> None:
    """Put every table back as migrations left it."""
    with app.app_context():
        db.session.rollback()
        for table in reversed(Base.metadata.sorted_tables):
            db.session.execute(delete(table))
        db.session.execute(insert(Counter).values(id=1, value=0))
        db.session.commit()


@pytest.fixture
def app(sqlite_app: Flask) -> Iterator[Flask]:
    """The application on SQLite; its tables are put back afterwards."""
    yield sqlite_app
    empty(sqlite_app)


@pytest.fixture
def each_app(app_on_each_database: Flask) -> Iterator[Flask]:
    """The application on every database at hand; its tables are put back afterwards."""
    yield app_on_each_database
    empty(app_on_each_database)


@dataclass
class FakeWeChat:
    """WeChat's part: codes that were given out, errors to answer with, and what it was asked."""

    people: dict[str, LoginSession] = field(default_factory=dict)
    failures: dict[str, WeChatError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    config: Any = field(default_factory=lambda: SimpleNamespace(appid="wx-test-appid"))
    user: Any = None
    codes: Any = None
    content: Any = None

    def code_for(self, openid: str, unionid: str | None = None) -> str:
        """A fresh code of that person."""
        code = secrets.token_hex(16)
        self.people[code] = LoginSession(openid, "c2Vzc2lvbi1rZXktMTIzNA==", unionid)
        return code

    def code_to_session(self, code: str) -> LoginSession:
        self.asked.append(code)
        if code in self.failures:
            raise self.failures[code]
        return self.people[code]


@pytest.fixture
def wechat(app: Flask) -> Iterator[FakeWeChat]:
    """A stand-in for WeChat in the SQLite application."""
    yield from stand_in(app)


@pytest.fixture
def each_wechat(each_app: Flask) -> Iterator[FakeWeChat]:
    """A stand-in for WeChat in the application on every database."""
    yield from stand_in(each_app)


def stand_in(app: Flask) -> Iterator[FakeWeChat]:
    container: Container = app.extensions[EXTENSION]
    fake = FakeWeChat()
    container.provide(WeChat, lambda: fake)
    container.forget_made()
    yield fake
    container.forget_made()


@dataclass
class Person:
    """Somebody with a session, who calls the API."""

    client: FlaskClient
    id: int
    token: str
    refresh_token: str
    openid: str

    def call(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        """The response to a request with this person's token."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return self.client.open(path, method=method, json=json, headers=headers, **options)

    def ok(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        """`data` of a reply that must be a success."""
        response = self.call(method, path, json, **options)
        assert response.json["code"] == 1, response.json
        return response.json["data"]


def log_in(app: Flask, fake: FakeWeChat, openid: str, role: Role = Role.USER, verified: bool = False) -> Person:
    """A new session of somebody, with a role."""
    client = app.test_client()
    response = client.post("/api/login", json={"code": fake.code_for(openid)})
    assert response.status_code == 200, response.json
    data = response.json["data"]
    if role is not Role.USER or verified:
        with app.app_context():
            state = Verification.VERIFIED if verified else Verification.NONE
            db.session.execute(update(User).where(User.id == data["user"]["id"]).values(role=role, verification=state))
            db.session.commit()
    return Person(client, data["user"]["id"], data["token"], data["refresh_token"], openid)


@pytest.fixture
def person(app: Flask, wechat: FakeWeChat) -> Person:
    """An ordinary user."""
    return log_in(app, wechat, "openid-of-the-user-1")


@pytest.fixture
def other(app: Flask, wechat: FakeWeChat) -> Person:
    """Another ordinary user."""
    return log_in(app, wechat, "openid-of-the-user-2")


@pytest.fixture
def admin(app: Flask, wechat: FakeWeChat) -> Person:
    """An administrator."""
    return log_in(app, wechat, "openid-of-the-admin", Role.ADMINISTRATOR)


@pytest.fixture
def strict_app(tmp_path: Path) -> Iterator[Flask]:
    """An application that checks texts with WeChat and limits how often routes are called."""
    for url in database_urls(tmp_path, "sqlite"):
        app = make_app(url, tmp_path, rate_limits=True, wechat_content_check=True)
        yield app
        _dispose(app)


@pytest.fixture
def strict_wechat(strict_app: Flask) -> Iterator[FakeWeChat]:
    """A stand-in for WeChat in that application."""
    yield from stand_in(strict_app)
