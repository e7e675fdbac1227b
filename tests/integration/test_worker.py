"""`flask worker`, `flask wechat` and `flask simulator`, as processes and in one."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

import config
from tests.conftest import ROOT, log_in
from tests.integration.runs_bench import wait_until
from tests.integration.wechat_bench import parts_of, replace_part, simulated
from tests.pace import patience
from wxcloudrun.app import create_app
from wxcloudrun.core.db import db
from wxcloudrun.core.idempotency import Idempotency
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.simulator import RunningSimulator
from wxcloudrun.worker import Worker, duties


def unsealed(app: Flask) -> int:
    with app.app_context():
        count = db.session.scalar(select(func.count()).where(AuditEntry.seal.is_(None)))
        db.session.remove()
    return int(count or 0)


def make_entries(app: Flask, fake: Any, count: int) -> None:
    for number in range(count):
        log_in(app, fake, f"openid-of-somebody-{number}")


@contextmanager
def process(app: Flask, *command: str) -> Iterator["subprocess.Popen[str]"]:
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "ENV_FILE": str(ROOT / "no-such-file"),
        "FLASK_APP": "run.py",
        "FLASK_ENV": "testing",
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"].render_as_string(hide_password=False),
    }
    arguments = [sys.executable, "-m", "flask", *command]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(arguments, cwd=ROOT, env=environment, **pipes) as started:
        try:
            yield started
        finally:
            started.kill()


def test_every_duty_is_done_once_on_every_database(each_app, each_wechat):
    make_entries(each_app, each_wechat, 3)
    assert Worker(duties(parts_of(each_app)), each_app.app_context).once()
    assert unsealed(each_app) == 0
    with each_app.app_context():
        assert parts_of(each_app).get(AuditService).verify().faults == ()
        db.session.remove()


def test_a_duty_that_fails_leaves_the_next_a_fresh_session(each_app, each_wechat, monkeypatch):
    class Broken:
        def clear(self) -> int:
            db.session.execute(select(AuditEntry.id))
            return int("not a number")

    make_entries(each_app, each_wechat, 1)
    replace_part(each_app, monkeypatch, Idempotency, Broken())
    worker = Worker(duties(parts_of(each_app)), each_app.app_context)
    assert worker.once() is False
    assert unsealed(each_app) == 0
    with each_app.app_context():
        assert db.engine.pool.checkedout() == 0


def test_a_worker_without_a_database_waits_for_it_quietly(tmp_path, monkeypatch):
    url = "postgresql+psycopg://nobody@127.0.0.1:9/wxcloudrun_test_nothing"
    app = create_app(config.load({}, flask_env="testing", database_url=url, data_dir=tmp_path, log_level="INFO"))
    lines: list[str] = []
    ear = logging.Handler()
    ear.emit = lambda record: lines.append(record.getMessage())  # whoever sets up logging first takes caplog's away
    monkeypatch.setattr(logging.getLogger("wxcloudrun.worker"), "handlers", [ear])
    worker = Worker(duties(parts_of(app)), app.app_context)
    serving = threading.Thread(target=worker.serve)
    serving.start()
    wait_until(lambda: lines)
    time.sleep(1.5)  # in which it would say it again
    worker.end()
    serving.join(60)
    assert not serving.is_alive()
    assert lines.count("database unavailable") == 1
    assert "duty failed" not in lines


def test_the_command_does_every_duty_once(app, wechat):
    make_entries(app, wechat, 2)
    with process(app, "worker", "--once") as started:
        _, errors = started.communicate(timeout=60)
    assert (started.returncode, errors) == (0, "")
    assert unsealed(app) == 0


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_the_command_works_until_a_signal_and_ends_within_a_second(app, wechat, name):
    make_entries(app, wechat, 2)
    with process(app, "worker") as started:
        until = time.monotonic() + 60
        while unsealed(app) and time.monotonic() < until:
            time.sleep(0.1)
        assert unsealed(app) == 0
        began = time.monotonic()
        started.send_signal(name)
        started.wait(timeout=60)
        took = time.monotonic() - began
        assert started.returncode == 0, started.stderr.read()
        assert took < 2.0 * patience()


def test_the_simulator_is_started_and_says_how_to_log_in(app):
    with process(app, "simulator", "run", "--port", "0") as started:
        address = started.stdout.readline().split()[-1]
        said = "".join(started.stdout.readline() for _ in range(4))
        assert f"WECHAT_API_BASE={address}" in said
        assert "dev-<any name>" in said
        reply = requests.post(f"{address}/_sim/login-code", json={"name": "alice"}, timeout=10)
        assert reply.json()["code"]
        started.send_signal(signal.SIGINT)
        started.wait(timeout=60)
        assert "Traceback" not in started.stderr.read()


@pytest.fixture
def simulator(app: Flask, wechat, monkeypatch) -> Iterator[RunningSimulator]:
    with simulated(app, monkeypatch) as simulator:
        yield simulator


def test_an_operator_has_wechat_end_the_token(app, simulator):
    run = app.test_cli_runner().invoke
    assert "No token" in run(args=["wechat", "token"]).output
    first = run(args=["wechat", "token", "--force-refresh"])
    assert first.exit_code == 0, first.output
    assert "Token number 1: good until" in first.output
    with simulator.state.lock:
        [old] = simulator.state.tokens.values()
        simulator.state.advance(31)
    second = run(args=["wechat", "token", "--force-refresh"])
    assert "Token number 2" in second.output
    assert old.dies_at is not None
    assert old.value not in first.output + second.output


def test_an_operator_is_told_when_wechat_refuses(app, simulator):
    with simulator.state.lock:
        config = simulator.state.apps["wx-test-appid"]
        simulator.state.apps["wx-test-appid"] = type(config)(**(vars(config) | {"secret": "changed"}))
    refused = app.test_cli_runner().invoke(args=["wechat", "token", "--force-refresh"])
    assert refused.exit_code == 1
    assert "AppSecret" in refused.output
    assert "wx-test-secret" not in refused.output
