"""The access token that all share, in every database at hand: one fetch for threads and for processes."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.conftest import ROOT
from tests.integration.wechat_bench import APPID, SECRET, at_once, parts_of, simulated_app
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import db
from wxcloudrun.features.wechat.models import WechatToken
from wxcloudrun.features.wechat.tokens import DatabaseTokenStore
from wxcloudrun.integrations.wechat.token import FetchedToken, ManagedTokens
from wxcloudrun.integrations.wechat.token_store import LONG_AGO, StoredToken, TokenStoreUnavailable
from wxcloudrun.simulator import SimulatorState, running

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=15)
STABLE = "/cgi-bin/stable_token"
CODE = "/wxa/getwxacodeunlimit"

# A process of its own: asks for a code at each line it is given, and says what came of it.
ASKING = """
import sys
import config
from wxcloudrun.app import EXTENSION, create_app
from wxcloudrun.core.db import db
from wxcloudrun.integrations.wechat.contract import WeChat

app = create_app(config.load(flask_env="testing", log_level="ERROR", wx_appid=sys.argv[2], wx_secret=sys.argv[3],
                             database_url=sys.argv[1], wechat_api_base=sys.argv[4]))
with app.app_context():
    client = app.extensions[EXTENSION].get(WeChat)
    print("ready", flush=True)
    for line in sys.stdin:
        print(client.qrcode(line.strip()).mime, flush=True)
        db.session.remove()
"""


class FixedClock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def store(each_app: Flask) -> Iterator[DatabaseTokenStore]:
    with each_app.app_context():
        yield parts_of(each_app).get(DatabaseTokenStore)
        db.session.remove()


def stored(version: int, text: str = "a-token") -> StoredToken:
    return StoredToken(text, NOW + timedelta(hours=2), NOW, version)


def test_nothing_was_saved_at_first(store):
    assert store.load(APPID, "stable") is None


def test_a_token_is_kept_encrypted_and_read_again(store):
    long = "t" * 600
    assert store.try_begin_refresh(APPID, "stable", 0, now=NOW, until=SOON)
    assert store.load(APPID, "stable") is None, "a lease is no token"
    assert store.save(APPID, "stable", stored(1, long))
    assert store.load(APPID, "stable") == stored(1, long)
    assert "ttt" not in db.session.scalars(select(WechatToken.token)).one()


def test_modes_and_apps_do_not_meet(store):
    store.try_begin_refresh(APPID, "stable", 0, now=NOW, until=SOON)
    store.save(APPID, "stable", stored(1))
    assert store.load(APPID, "legacy") is None
    assert store.load("another-app", "stable") is None


def test_only_one_holds_the_lease_until_it_runs_out(store):
    assert store.try_begin_refresh(APPID, "stable", 0, now=NOW, until=SOON)
    assert not store.try_begin_refresh(APPID, "stable", 0, now=NOW, until=SOON)
    assert store.try_begin_refresh(APPID, "stable", 0, now=SOON, until=SOON + timedelta(seconds=15))


def test_a_lease_that_is_given_up_is_free(store):
    store.try_begin_refresh(APPID, "stable", 0, now=NOW, until=SOON)
    store.give_up_refresh(APPID, "stable", 0)
    assert store.try_begin_refresh(APPID, "stable", 0, now=NOW, until=SOON)


def test_a_token_is_saved_over_its_predecessor_only(store):
    store.try_begin_refresh(APPID, "stable", 0, now=NOW, until=SOON)
    assert store.save(APPID, "stable", stored(1))
    assert not store.save(APPID, "stable", stored(1, "late"))
    assert not store.save(APPID, "stable", stored(3, "early"))
    assert store.save(APPID, "stable", stored(2, "next"))
    assert store.load(APPID, "stable").token == "next"


def test_a_first_token_that_was_forced_is_saved_without_a_lease(store):
    assert not store.save(APPID, "stable", stored(2))
    assert store.save(APPID, "stable", stored(1))
    assert store.load(APPID, "stable") == stored(1)


def test_only_the_newest_token_is_declared_dead(store):
    store.try_begin_refresh(APPID, "stable", 0, now=NOW, until=SOON)
    store.save(APPID, "stable", stored(1))
    store.save(APPID, "stable", stored(2))
    assert not store.expire_if_current(APPID, "stable", 1)
    assert store.expire_if_current(APPID, "stable", 2)
    assert store.load(APPID, "stable").expires_at == LONG_AGO


def test_a_database_that_is_away_is_said_to_be_away(tmp_path, each_app):
    with Session(create_engine(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite3'}")) as session:
        with pytest.raises(TokenStoreUnavailable):
            DatabaseTokenStore(session, parts_of(each_app).get(KeyRing)).load(APPID, "stable")


def test_eight_threads_that_need_a_token_at_once_make_one_fetch(each_app):
    fetches: list[bool] = []

    def fetch(force: bool) -> FetchedToken:
        fetches.append(force)
        return FetchedToken(f"token-{len(fetches)}", 7200)

    def token(_: int) -> str:
        # Each thread is a process of its own here: a manager and a memory for itself.
        store = parts_of(each_app).get(DatabaseTokenStore)
        return ManagedTokens(APPID, "stable", fetch, store, FixedClock(), time.sleep).get().token

    assert at_once(each_app, 8, token) == ["token-1"] * 8
    assert fetches == [False]


@pytest.mark.parametrize("how", ["expired", "killed"])
def test_four_processes_share_one_token_and_renew_it_once(each_app, how):
    url = each_app.config["SQLALCHEMY_DATABASE_URI"].render_as_string(hide_password=False)
    with running(SimulatorState([simulated_app()])) as simulator:
        command = [sys.executable, "-c", ASKING, url, APPID, SECRET, simulator.url]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        processes = [subprocess.Popen(command, cwd=ROOT, env=_environment(), **pipes) for _ in range(4)]
        try:
            assert [process.stdout.readline() for process in processes] == ["ready\n"] * 4
            assert _ask_all(processes) == ["image/jpeg\n"] * 4
            assert _calls(simulator) == (1, 4)
            with simulator.state.lock:
                for token in simulator.state.tokens.values():
                    moment = simulator.state.now() - 1
                    token.expires_at = min(token.expires_at, moment)
                    token.dies_at = moment if how == "killed" else token.dies_at
            assert _ask_all(processes) == ["image/jpeg\n"] * 4
            assert _calls(simulator) == (2, 4 + 4 + 4), "one new token, and each process tried again once"
        finally:
            for process in processes:
                process.communicate(timeout=20)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), "ENV_FILE": str(Path(ROOT) / "no-such-file")}


def _ask_all(processes: list["subprocess.Popen[str]"]) -> list[str]:
    for process in processes:
        process.stdin.write("a\n")
        process.stdin.flush()
    return [process.stdout.readline() for process in processes]


def _calls(simulator) -> tuple[int, int]:
    """Token fetches, and codes asked for."""
    counts = simulator.state.journal.counts()
    return counts.get(STABLE, 0), counts.get(CODE, 0)
