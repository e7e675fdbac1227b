"""`flask secrets rotate`: everything that is encrypted gets the newest key, while the service goes on."""

import ast
import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import URL, insert, select, update

from tests.conftest import database_urls, make_app
from wxcloudrun.core import rotation
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.crypto import KeyRing, UnreadableSecret
from wxcloudrun.core.db import Base, db
from wxcloudrun.core.idempotency import IdempotencyRecord
from wxcloudrun.core.rotation import Rotation
from wxcloudrun.features.auth.models import LoginExchange
from wxcloudrun.features.cases.models import Case, CaseVersion
from wxcloudrun.features.datasets.models import Dataset
from wxcloudrun.features.environments.models import Environment, ProjectVariables
from wxcloudrun.features.notifications.models import ChannelKind, NoticeChannel
from wxcloudrun.features.projects.models import Project
from wxcloudrun.features.runs.models import Priority, Run, RunCheckpoint, RunPlan, Trigger
from wxcloudrun.features.scenarios.models import Scenario, ScenarioStep
from wxcloudrun.features.schedules.models import Misfire, Overlap, Schedule
from wxcloudrun.features.triggers.models import RunTrigger
from wxcloudrun.features.users.models import User, VerificationApplication
from wxcloudrun.features.wechat.models import PushMessage, WechatToken

ROOT = Path(__file__).resolve().parents[2]
OLD = "k1:" + base64.b64encode(b"1" * 32).decode()
NEW = "k2:" + base64.b64encode(b"2" * 32).decode()
BEFORE, BOTH, AFTER = (KeyRing.parse(keys, "lookup") for keys in ([OLD], [NEW, OLD], [NEW]))


@pytest.fixture(params=["sqlite", "mariadb", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    yield from database_urls(tmp_path, request.param)


@pytest.fixture
def app(url: URL, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database in which every encrypted column has values of the old key."""
    app = make_app(url, tmp_path, encryption_keys=[NEW, OLD])
    with app.app_context():
        _fill()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _fill() -> None:
    now = SystemClock().now()

    def sealed(column) -> str:
        return BEFORE.encrypt(f"value of {column.key}", f"{column.class_.__tablename__}.{column.key}")

    stamp = {"created_at": now, "updated_at": now}
    secret = {"session_key": sealed(User.session_key)}
    people = [{"appid": "a", "openid": f"o{number}", **secret, **stamp} for number in range(5)]
    people.append({"appid": "a", "openid": "has no session key", "phone": sealed(User.phone), **stamp})
    db.session.execute(insert(User), people[:5])
    db.session.execute(insert(User), people[5:])
    person = db.session.scalars(select(User.id).limit(1)).one()
    papers = {"real_name": sealed(VerificationApplication.real_name), "number": sealed(VerificationApplication.number)}
    db.session.execute(insert(VerificationApplication).values(user_id=person, created_at=now, **papers))
    db.session.execute(insert(LoginExchange).values(code_hash="h", answer=sealed(LoginExchange.answer), created_at=now))
    for mode in ("stable", "legacy"):
        db.session.execute(insert(WechatToken).values(appid="a", mode=mode, token=sealed(WechatToken.token)))
    message = {
        "dedupe_key": "d",
        "kind": "k",
        "content": sealed(PushMessage.content),
        "received_at": now,
        "due_at": now,
    }
    db.session.execute(insert(PushMessage).values(message))
    answer = sealed(IdempotencyRecord.answer).encode()
    record = {"user_id": person, "key_hash": "k", "request_hash": "r", "status": 200, "answer": answer}
    db.session.execute(insert(IdempotencyRecord).values(**record, created_at=now))
    project = db.session.execute(insert(Project).values(name="p", **stamp)).inserted_primary_key[0]
    kept = {"content": "{}", "project_id": project}
    db.session.execute(insert(Environment).values(name="e", secrets=sealed(Environment.secrets), **kept, **stamp))
    variables = {"secrets": sealed(ProjectVariables.secrets), "version": 1, "updated_at": now}
    db.session.execute(insert(ProjectVariables).values(**variables, **kept))
    _fill_library(project, person, stamp, sealed)
    db.session.commit()


def _fill_library(project: int, person: int, stamp: dict, sealed) -> None:
    mine = {"project_id": project, "creator_id": person, "owner_id": person, "content": "{}", **stamp}
    case = {"name": "c", "method": "GET", "url": "/", "secrets": sealed(Case.secrets), **mine}
    number = db.session.execute(insert(Case).values(case)).inserted_primary_key[0]
    made = {"created_at": stamp["created_at"]}
    version = {"case_id": number, "version": 1, "action": "created", "content": "{}", **made}
    db.session.execute(insert(CaseVersion).values(secrets=sealed(CaseVersion.secrets), **version))
    dataset = {"case_id": number, "key": "d", "position": 1, "content": "{}", **stamp}
    db.session.execute(insert(Dataset).values(secrets=sealed(Dataset.secrets), **dataset))
    scenario = {"name": "s", "secrets": sealed(Scenario.secrets), **mine}
    number = db.session.execute(insert(Scenario).values(scenario)).inserted_primary_key[0]
    step = {"scenario_id": number, "key": "k", "position": 1, "kind": "wait", "content": "{}", **stamp}
    db.session.execute(insert(ScenarioStep).values(secrets=sealed(ScenarioStep.secrets), **step))
    run = {"project_id": project, "title": "r", "trigger": Trigger.MANUAL, "priority": Priority.CI, **made}
    number = db.session.execute(insert(Run).values(run)).inserted_primary_key[0]
    db.session.execute(insert(RunPlan).values(run_id=number, content=sealed(RunPlan.content)))
    db.session.execute(insert(RunCheckpoint).values(run_id=number, content=sealed(RunCheckpoint.content)))
    schedule = {"project_id": project, "name": "s", "enabled": True, "tag": "t", "deadline_ms": 1, "concurrency": 1}
    schedule |= {"time_zone": "UTC", "every_ms": 60_000, "anchor_at": made["created_at"], "grace_ms": 1, **stamp}
    schedule |= {"overlap": Overlap.SKIP, "misfire": Misfire.ONCE, "inputs": sealed(Schedule.inputs)}
    db.session.execute(insert(Schedule).values(schedule))
    trigger = {"project_id": project, "maker_id": person, "key": "k", "name": "t", "wanted": "{}", "enabled": True}
    channel = {"project_id": project, "kind": ChannelKind.WEBHOOK, "name": "c", "language": "zh", "enabled": True}
    channel |= {"url": sealed(NoticeChannel.url), "secret": sealed(NoticeChannel.secret), "recipients": "[]", **stamp}
    db.session.execute(insert(NoticeChannel).values(channel))
    db.session.execute(insert(RunTrigger).values(secret=sealed(RunTrigger.secret), **trigger, **stamp))


def _values(ring: KeyRing) -> dict[str, list[str]]:
    """What the encrypted columns hold, read with these keys."""
    found: dict[str, list[str]] = {}
    for column in Rotation(db.session, ring, Base.metadata).columns():
        context = f"{column.table.name}.{column.name}"
        rows = db.session.scalars(select(column).where(column.is_not(None))).all()
        texts = [row.decode() if isinstance(row, bytes) else row for row in rows]
        found[context] = [ring.decrypt(text, context) for text in texts]
    db.session.rollback()
    return found


def test_everything_has_the_new_key_and_the_old_one_may_go(app: Flask):
    with app.app_context():
        before = _values(BEFORE)
        assert len(before) == 21
        assert all(before.values()), "each column has a value"
        with pytest.raises(UnreadableSecret):
            _values(AFTER)
    done = app.test_cli_runner().invoke(args=["secrets", "rotate"])
    assert done.exit_code == 0, done.output
    assert "users.session_key: 5 renewed" in done.output
    assert "26 values have the key k2 now" in done.output
    with app.app_context():
        assert _values(AFTER) == before
    again = app.test_cli_runner().invoke(args=["secrets", "rotate"])
    assert "0 values have the key k2 now" in again.output


def test_it_goes_on_where_it_was_stopped(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rotation, "BATCH", 2)
    with app.app_context():
        work = Rotation(db.session, BOTH, Base.metadata)
        batches = work._batches
        monkeypatch.setattr(work, "_batches", lambda column: _first(batches(column)))
        first = sum(one.renewed for one in work.run())
        assert first == 23, "of five session keys two"
        assert sum(one.renewed for one in Rotation(db.session, BOTH, Base.metadata).run()) == 3
        _values(AFTER)


def _first(batches):
    yield next(batches, [])


def test_a_value_that_no_key_opens_is_counted_and_left(app: Flask):
    stranger = KeyRing.parse(["k0:" + base64.b64encode(b"0" * 32).decode()], "lookup")
    with app.app_context():
        broken = stranger.encrypt("x", "users.phone")
        db.session.execute(update(User).where(User.phone.is_not(None)).values(phone=broken))
        db.session.commit()
    done = app.test_cli_runner().invoke(args=["secrets", "rotate"])
    assert done.exit_code == 1
    assert "users.phone: 0 renewed, 1 that no key opens" in done.output
    assert "1 values do not" in done.output
    with app.app_context():
        assert db.session.scalars(select(User.phone).where(User.phone.is_not(None))).one() == broken


def test_what_somebody_changes_meanwhile_is_not_overwritten(app: Flask, monkeypatch: pytest.MonkeyPatch):
    with app.app_context():
        work = Rotation(db.session, BOTH, Base.metadata)
        exchange = work._exchange
        others = BEFORE.encrypt("somebody else's", "users.phone")

        def slow(column, exchanges):
            if column.name == "phone" and exchanges:
                monkeypatch.setattr(work, "_exchange", exchange)
                with db.engine.begin() as connection:
                    connection.execute(update(User).where(User.phone.is_not(None)).values(phone=others))
            return exchange(column, exchanges)

        monkeypatch.setattr(work, "_exchange", slow)
        work.run()
        assert _values(AFTER)["users.phone"] == ["somebody else's"]


def test_keys_that_some_databases_take_for_one_are_refused():
    ring = KeyRing.parse([NEW.replace("k2", "K1"), OLD], "lookup")
    with pytest.raises(ValueError, match="same name"):
        Rotation(db.session, ring, Base.metadata)


def test_every_context_of_the_code_is_a_marked_column(app: Flask):
    """Whoever encrypts in a new place marks its column, or a rotation would leave it behind."""
    marked = {f"{one.table.name}.{one.name}" for one in Rotation(db.session, BOTH, Base.metadata).columns()}
    named = set()
    for path in (ROOT / "wxcloudrun").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "KeyRing" in text and "engine" not in path.parts:
            strings = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
            tables = {
                f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns
            }
            named |= {text for text in strings if isinstance(text, str) and text in tables}
    assert named == marked
