"""What every store of access tokens must do, and what it gives to processes that share one."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from wxcloudrun.integrations.wechat.token_store import LONG_AGO, StoredToken

KEY = ("wx1", "stable")
ROOT = Path(__file__).parents[4]
CHECK = "/wxa/checksession"
STABLE = "/cgi-bin/stable_token"


@pytest.fixture
def token(clock) -> StoredToken:
    return StoredToken("t" * 512, clock.now() + timedelta(hours=2), clock.now(), 1)


def _begin(store, version, clock, seconds=10) -> bool:
    now = clock.now()
    return store.try_begin_refresh(*KEY, version, now=now, until=now + timedelta(seconds=seconds))


def test_an_empty_store_has_no_token(store, clock):
    assert store.load(*KEY) is None
    assert _begin(store, 0, clock)
    assert store.load(*KEY) is None


def test_a_token_comes_back_as_it_was_saved(store, token):
    assert store.save(*KEY, token)
    assert store.load(*KEY) == token
    assert store.load("wx1", "legacy") is None
    assert store.load("wx2", "stable") is None


def test_one_of_two_may_refresh(store, clock):
    assert _begin(store, 0, clock)
    assert not _begin(store, 0, clock)


def test_a_lease_runs_out(store, clock):
    assert _begin(store, 0, clock)
    clock.advance(10)
    assert _begin(store, 0, clock)


def test_a_lease_ends_with_the_new_token_and_only_the_new_version_can_be_leased(store, clock, token):
    _begin(store, 0, clock)
    store.save(*KEY, token)
    assert not _begin(store, 0, clock)
    assert not _begin(store, 2, clock)
    assert _begin(store, 1, clock)


def test_a_refresh_that_is_given_up_can_be_taken_up_by_another(store, clock):
    _begin(store, 0, clock)
    store.give_up_refresh(*KEY, 0)
    assert _begin(store, 0, clock)


def test_giving_up_an_old_version_does_not_end_a_new_lease(store, clock, token):
    store.save(*KEY, token)
    _begin(store, 1, clock)
    store.give_up_refresh(*KEY, 0)
    assert not _begin(store, 1, clock)


def test_a_late_save_does_not_overwrite_a_newer_token(store, token):
    store.save(*KEY, token)
    assert not store.save(*KEY, replace(token, token="late"))
    assert not store.save(*KEY, replace(token, token="early", version=3))
    assert store.load(*KEY) == token
    assert store.save(*KEY, replace(token, token="next", version=2))


def test_only_the_token_that_was_refused_is_expired(store, token):
    store.save(*KEY, token)
    store.save(*KEY, replace(token, token="next", version=2))
    assert not store.expire_if_current(*KEY, 1)
    assert store.load(*KEY).expires_at == token.expires_at
    assert store.expire_if_current(*KEY, 2)
    assert store.load(*KEY).expires_at == LONG_AGO
    assert store.load(*KEY).version == 2


_PROCESS = """
import runpy, sys, time
from datetime import UTC, datetime
from pathlib import Path

from wxcloudrun.integrations.wechat.client import WeChatClient
from wxcloudrun.integrations.wechat.config import WeChatConfig

class Now:
    def now(self):
        return datetime.now(UTC)

store = runpy.run_path(sys.argv[1])["SqliteTokenStore"](Path(sys.argv[3]))
client = WeChatClient(WeChatConfig("wx1", secret="s", api_base=sys.argv[2]), store, Now())
for line in sys.stdin:
    client.user.check_session("openid", "key")
    print("done", flush=True)
"""


def test_four_processes_share_one_token_and_renew_it_once(wechat, tmp_path):
    good = ["token-1"]
    fetched = iter(range(1, 100))
    wechat.on(STABLE, lambda _: {"access_token": f"token-{next(fetched)}", "expires_in": 7200})
    wechat.on(CHECK, lambda seen: {"errcode": 0 if seen.query["access_token"] in good else 42001})
    conftest = str(Path(__file__).with_name("conftest.py"))
    command = [sys.executable, "-c", _PROCESS, conftest, wechat.url, str(tmp_path / "tokens.db")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    processes = [subprocess.Popen(command, **pipes) for _ in range(4)]
    try:
        for refused in (False, True):
            if refused:
                good[:] = ["token-2"]
            for process in processes:
                process.stdin.write("call\n")
                process.stdin.flush()
            assert [process.stdout.readline() for process in processes] == ["done\n"] * 4
    finally:
        for process in processes:
            process.stdin.close()
            process.wait(20)
            process.stdout.close()
    assert len(wechat.calls(STABLE)) == 2
    used = sorted(one.query["access_token"] for one in wechat.calls(CHECK))
    assert used == ["token-1"] * 8 + ["token-2"] * 4
