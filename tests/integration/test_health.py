"""Whether the service lives, can work, and its numbers for who may see them."""

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import URL, column, insert, table, update

from tests.conftest import make_app
from tests.pace import promptly
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.health.dao import DatabaseProbe
from wxcloudrun.features.health.service import LIMIT_S, HealthService
from wxcloudrun.features.projects.models import Project, ProjectState
from wxcloudrun.features.runs.models import Priority, Run, RunState, Trigger

TOKEN = "a-token-that-only-the-scraper-has"


def test_the_process_lives(app: Flask):
    reply = app.test_client().get("/healthz")
    assert (reply.status_code, reply.json["data"]) == (200, {"status": "ok"})


def test_ready_means_that_the_database_answers_and_its_tables_are_ours(each_app: Flask):
    reply = each_app.test_client().get("/readyz")
    assert reply.status_code == 200
    assert reply.json["data"]["database"]["ok"] is True
    assert reply.json["data"]["migrations"]["ok"] is True


def test_tables_of_another_version_are_not_ready(each_app: Flask):
    version = table("alembic_version", column("version_num"))
    with each_app.app_context():
        engine = db.engine
        with engine.begin() as connection:
            now = connection.scalar(version.select())
            connection.execute(update(version).values(version_num="0000"))
    try:
        reply = each_app.test_client().get("/readyz")
    finally:
        with engine.begin() as connection:
            connection.execute(update(version).values(version_num=now))
    assert (reply.status_code, reply.json["data"]["error"]) == (503, "not_ready")
    assert reply.json["data"]["present"]["migrations"]["reason"] == "other_version"
    assert reply.headers["Retry-After"] == "5"


def test_without_its_broker_the_service_is_ready_and_says_that_runs_wait(app: Flask):
    container = app.extensions[EXTENSION]
    recipe = container._recipes[HealthService]
    with app.app_context():
        engine = db.engine
    migrations = Path("migrations")
    container.provide(HealthService, lambda: HealthService(lambda: engine, migrations, broker=lambda: lambda: False))
    try:
        reply = app.test_client().get("/readyz")
        told = app.test_cli_runner().invoke(args=["doctor"])
    finally:
        container.provide(HealthService, recipe)
    assert reply.status_code == 200
    assert reply.json["data"]["broker"]["reason"] == "unreachable"
    assert (told.exit_code, "cannot be reached: runs wait" in told.output) == (1, True)


class SlowProbe(DatabaseProbe):
    """A database that takes its time."""

    def answers(self) -> None:
        time.sleep(LIMIT_S + 1)


def test_a_slow_database_is_not_waited_for(app: Flask):
    container = app.extensions[EXTENSION]
    recipe = container._recipes[HealthService]
    with app.app_context():
        engine = db.engine
    container.provide(HealthService, lambda: HealthService(lambda: engine, Path("migrations"), SlowProbe(engine)))
    try:
        with promptly(LIMIT_S + 0.9):
            reply = app.test_client().get("/readyz")
    finally:
        container.provide(HealthService, recipe)
    assert reply.status_code == 503
    assert reply.json["data"]["present"]["database"] == {
        "ok": False,
        "reason": "slow",
        "took_ms": reply.json["data"]["present"]["database"]["took_ms"],
    }


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    tmp = tmp_path_factory.mktemp("measured")
    return make_app(URL.create("sqlite", database=str(tmp / "m.sqlite3")), tmp, metrics_token=TOKEN)


def test_numbers_are_counted_by_route_never_by_path(measured: Flask):
    client = measured.test_client()
    client.get("/api/count")
    client.get("/api/nowhere-secret-path")
    client.delete("/api/user/sessions/12345")
    client.open("/api/count", method="BREW")
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert 'rule="/api/count",status="200"' in text
    assert "secret-path" not in text
    assert "12345" not in text
    assert "BREW" not in text


def test_numbers_tell_how_many_runs_wait_and_for_how_long(measured: Flask):
    now = SystemClock().now()
    with measured.app_context():
        stamp = {"version": 1, "created_at": now, "updated_at": now}
        project = db.session.execute(
            insert(Project).values(name="p", description="", state=ProjectState.ACTIVE, **stamp)
        ).inserted_primary_key[0]
        row = {"project_id": project, "title": "t", "environment": "", "trigger": Trigger.API, "priority": Priority.CI}
        for waited in (90, 30):
            created = now - timedelta(seconds=waited)
            db.session.execute(insert(Run).values(**row, state=RunState.QUEUED, created_at=created))
        db.session.commit()
    text = measured.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert 'runs{state="queued",priority="ci"} 2' in text
    found = re.search(r'runs_oldest_seconds\{state="queued",priority="ci"\} ([\d.]+)', text)
    assert found is not None
    assert 89 < float(found[1]) < 600


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN} ", "Bearer \xff"]
)
def test_numbers_are_not_there_for_anybody_else(measured: Flask, given: str):
    assert measured.test_client().get("/metrics", headers={"Authorization": given}).status_code == 404


def test_without_a_token_in_the_settings_there_are_no_numbers(app: Flask):
    assert app.test_client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
