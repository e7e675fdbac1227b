"""The access token: shared, renewed in time, replaced once when refused, never fetched without measure."""

import threading
from datetime import timedelta

import pytest

from wxcloudrun.integrations.wechat.config import TokenMode
from wxcloudrun.integrations.wechat.errors import (
    InvalidAnswer,
    Misconfigured,
    RateLimited,
    TokenRejected,
    Unavailable,
)
from wxcloudrun.integrations.wechat.token_store import (
    LONG_AGO,
    MemoryTokenStore,
    StoredToken,
    TokenStoreUnavailable,
)

STABLE = "/cgi-bin/stable_token"
LEGACY = "/cgi-bin/token"
CHECK = "/wxa/checksession"
OK = {"errcode": 0, "errmsg": "ok"}
APPID = "wx4f4bc4dec97d474b"


class BrokenStore(MemoryTokenStore):
    """A store that can be switched off."""

    def __init__(self) -> None:
        super().__init__()
        self.down = True

    def __getattribute__(self, name):
        public = name in ("load", "try_begin_refresh", "save", "give_up_refresh", "expire_if_current")
        if public and object.__getattribute__(self, "down"):
            raise TokenStoreUnavailable
        return object.__getattribute__(self, name)


def _numbered(*lives: int):
    """Tokens token-1, token-2 .. with the given seconds to live; the last repeats."""
    count = [0]

    def answer(_):
        count[0] += 1
        return {
            "access_token": f"canary-token-{count[0]}",
            "expires_in": lives[min(count[0], len(lives)) - 1],
        }

    return answer


def _refusing(*tokens: str, errcode: int = 40001):
    """A call that accepts only the tokens given."""
    return lambda seen: OK if seen.query["access_token"] in tokens else {"errcode": errcode, "errmsg": "x"}


def _call(client) -> None:
    client.user.check_session("openid", "key")


def _used(wechat) -> list[str]:
    return [one.query["access_token"] for one in wechat.calls(CHECK)]


@pytest.fixture(autouse=True)
def _accepting(wechat):
    wechat.on(CHECK, OK)
    wechat.on(STABLE, _numbered(7200))
    wechat.on(LEGACY, _numbered(7200))


def test_stable_mode_posts_json_and_never_forces(wechat, client, config):
    _call(client)
    asked = wechat.calls(STABLE)[0]
    assert (asked.method, asked.query) == ("POST", {})
    assert asked.json == {
        "grant_type": "client_credential",
        "appid": APPID,
        "secret": config.secret,
        "force_refresh": False,
    }


def test_legacy_mode_gets(wechat, make_client, config):
    _call(make_client(token_mode=TokenMode.LEGACY))
    asked = wechat.calls(LEGACY)[0]
    assert asked.method == "GET"
    assert asked.query == {"grant_type": "client_credential", "appid": APPID, "secret": config.secret}


def test_the_two_modes_have_tokens_of_their_own(wechat, make_client):
    store = MemoryTokenStore()
    _call(make_client(store))
    _call(make_client(store, token_mode=TokenMode.LEGACY))
    assert len(wechat.calls(STABLE)) == len(wechat.calls(LEGACY)) == 1


def test_one_token_serves_many_calls_and_clients(wechat, make_client):
    store = MemoryTokenStore()
    first, second = make_client(store), make_client(store)
    for client in (first, second, first, second):
        _call(client)
    assert len(wechat.calls(STABLE)) == 1


def test_a_token_of_512_characters_is_kept_whole(wechat, make_client):
    store = MemoryTokenStore()
    wechat.on(STABLE, {"access_token": "t" * 512, "expires_in": "7200"})
    _call(make_client(store))
    _call(make_client(store))
    assert _used(wechat) == ["t" * 512] * 2


def test_a_token_is_renewed_when_less_than_five_minutes_remain_and_not_before(wechat, client, clock):
    _call(client)
    clock.advance(7200 - 301)
    _call(client)
    assert len(wechat.calls(STABLE)) == 1
    clock.advance(2)
    _call(client)
    assert len(wechat.calls(STABLE)) == 2
    assert _used(wechat)[-1] == "canary-token-2"


def test_a_token_from_another_process_is_seen_within_a_minute(wechat, make_client, clock):
    store = MemoryTokenStore()
    client, other = make_client(store), make_client(store)
    _call(client)
    other.force_token_refresh()
    clock.advance(61)
    _call(client)
    assert _used(wechat) == ["canary-token-1", "canary-token-2"]


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_replaced_and_the_call_sent_once_more(wechat, client, errcode):
    wechat.on(CHECK, _refusing("canary-token-2", errcode=errcode))
    _call(client)
    assert _used(wechat) == ["canary-token-1", "canary-token-2"]
    assert len(wechat.calls(STABLE)) == 2


def test_tokens_refused_for_ever_end_after_two_calls(wechat, client):
    wechat.on(CHECK, _refusing())
    with pytest.raises(TokenRejected):
        _call(client)
    assert len(wechat.calls(CHECK)) == 2
    assert len(wechat.calls(STABLE)) == 2


def test_calls_refused_for_ever_do_not_use_up_the_quota(wechat, client, clock):
    wechat.on(CHECK, _refusing())
    for _ in range(100):
        clock.advance(36)
        with pytest.raises((TokenRejected, Unavailable)):
            _call(client)
    assert 20 < len(wechat.calls(STABLE)) <= 60


def test_wechat_may_give_the_same_token_again(wechat, client):
    wechat.on(STABLE, {"access_token": "same", "expires_in": 5000})
    wechat.on(CHECK, {"errcode": 40001}, OK)
    _call(client)
    assert _used(wechat) == ["same", "same"]


def test_a_refused_token_that_was_replaced_elsewhere_is_not_fetched_again(wechat, make_client):
    store = MemoryTokenStore()
    client, other = make_client(store), make_client(store)
    _call(client)
    _call(other)
    wechat.on(CHECK, _refusing("canary-token-2"))
    _call(other)
    _call(client)
    assert len(wechat.calls(STABLE)) == 2


def test_a_missing_token_is_a_setting_that_is_wrong(wechat, make_client):
    wechat.on(CHECK, {"errcode": 41001, "errmsg": "access_token missing"})
    with pytest.raises(Misconfigured):
        _call(make_client(token_mode=TokenMode.NONE))
    assert [one.path for one in wechat.seen] == [CHECK]


def test_cloud_runs_open_interface_gets_no_token(wechat, make_client):
    _call(make_client(token_mode=TokenMode.NONE, secret=""))
    assert "access_token" not in wechat.seen[0].query


def test_many_threads_make_one_fetch(wechat, client):
    wechat.on(CHECK, _refusing("canary-token-2"))
    threads = [threading.Thread(target=_call, args=(client,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wechat.calls(STABLE)) == 2
    assert set(_used(wechat)) == {"canary-token-1", "canary-token-2"}


def test_who_waits_for_another_process_takes_its_token(wechat, config, clock, make_client):
    store = MemoryTokenStore()
    now = clock.now()
    assert store.try_begin_refresh(APPID, "stable", 0, now=now, until=now + timedelta(seconds=12))
    client = make_client(store)
    saved = StoredToken("from-elsewhere", now + timedelta(hours=2), now, 1)
    client._managed._sleep = lambda _: store.save(APPID, "stable", saved)
    _call(client)
    assert _used(wechat) == ["from-elsewhere"]
    assert wechat.calls(STABLE) == []


def test_waiting_for_another_process_has_an_end(wechat, clock, make_client, pauses):
    store = MemoryTokenStore()
    store.try_begin_refresh(APPID, "stable", 0, now=clock.now(), until=clock.now() + timedelta(hours=1))
    with pytest.raises(Unavailable) as caught:
        _call(make_client(store))
    assert not caught.value.maybe_sent
    assert sum(pauses) < 15


def test_a_lease_left_behind_by_a_dead_process_runs_out(wechat, clock, make_client):
    store = MemoryTokenStore()
    store.try_begin_refresh(APPID, "stable", 0, now=clock.now(), until=clock.now() + timedelta(seconds=3))
    client = make_client(store)
    client._managed._sleep = clock.advance
    _call(client)
    assert len(wechat.calls(STABLE)) == 1


def test_while_another_process_renews_the_old_token_serves(wechat, clock, make_client, pauses):
    store = MemoryTokenStore()
    now = clock.now()
    store.save(APPID, "stable", StoredToken("old", now + timedelta(minutes=4), now, 1))
    store.try_begin_refresh(APPID, "stable", 1, now=now, until=now + timedelta(seconds=12))
    _call(make_client(store))
    assert (_used(wechat), pauses) == (["old"], [])


def test_a_token_that_cannot_be_renewed_serves_to_its_end(wechat, clock, make_client):
    store = MemoryTokenStore()
    now = clock.now()
    store.save(APPID, "stable", StoredToken("old", now + timedelta(minutes=4), now, 1))
    wechat.on(STABLE, wechat.fault("close"))
    client = make_client(store)
    _call(client)
    _call(client)
    assert _used(wechat) == ["old", "old"]
    assert len(wechat.calls(STABLE)) == 1
    clock.advance(240)
    with pytest.raises(Unavailable):
        _call(client)


def test_a_failed_fetch_leaves_no_lease(wechat, make_client):
    store = MemoryTokenStore()
    wechat.on(STABLE, wechat.fault("close"), _numbered(7200))
    with pytest.raises(Unavailable):
        _call(make_client(store))
    _call(make_client(store))
    assert _used(wechat) == ["canary-token-1"]


def test_without_a_store_each_client_keeps_one_token(wechat, make_client, clock):
    client = make_client(BrokenStore())
    for _ in range(50):
        clock.advance(100)
        _call(client)
    assert len(wechat.calls(STABLE)) == 1


def test_without_a_store_a_refused_token_is_replaced_too(wechat, make_client):
    wechat.on(CHECK, _refusing("canary-token-2"))
    _call(make_client(BrokenStore()))
    assert _used(wechat) == ["canary-token-1", "canary-token-2"]


def test_without_store_and_wechat_the_fetches_are_counted(wechat, make_client, clock):
    wechat.on(STABLE, wechat.fault("close"))
    client = make_client(BrokenStore())
    for _ in range(300):
        clock.advance(1)
        with pytest.raises(Unavailable):
            _call(client)
    assert 6 <= len(wechat.calls(STABLE)) <= 36


def test_a_store_that_comes_back_is_used_again(wechat, make_client, clock):
    store = BrokenStore()
    client = make_client(store)
    _call(client)
    store.down = False
    clock.advance(61)
    _call(client)
    assert store.load(APPID, "stable").token == _used(wechat)[-1]


def test_an_operator_can_end_a_leaked_token(wechat, client):
    _call(client)
    client.force_token_refresh()
    _call(client)
    assert [one.json["force_refresh"] for one in wechat.calls(STABLE)] == [False, True]
    assert _used(wechat) == ["canary-token-1", "canary-token-2"]


def test_a_leaked_token_can_be_ended_without_a_store(wechat, make_client):
    client = make_client(BrokenStore())
    _call(client)
    client.force_token_refresh()
    _call(client)
    assert _used(wechat) == ["canary-token-1", "canary-token-2"]


def test_there_is_nothing_to_end_where_no_token_is_fetched(make_client):
    with pytest.raises(Misconfigured):
        make_client(token_mode=TokenMode.NONE).force_token_refresh()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"errcode": 40001}, Misconfigured),
        ({"errcode": 40125}, Misconfigured),
        ({"errcode": 40164, "errmsg": "invalid ip 203.0.113.7"}, Misconfigured),
        ({"errcode": 40243}, Misconfigured),
        ({"errcode": 89503}, Misconfigured),
        ({"errcode": 45009}, RateLimited),
        ({"access_token": "", "expires_in": 7200}, InvalidAnswer),
        ({"access_token": "t", "expires_in": 0}, InvalidAnswer),
        ({"access_token": "t"}, InvalidAnswer),
    ],
)
def test_a_token_that_is_not_given_has_a_reason_and_is_asked_for_once(wechat, client, answer, kind):
    wechat.on(STABLE, answer)
    with pytest.raises(kind):
        _call(client)
    assert [one.path for one in wechat.seen] == [STABLE]


def test_a_missing_secret_is_found_before_anything_is_sent(wechat, make_client):
    with pytest.raises(Misconfigured):
        _call(make_client(secret=""))
    assert wechat.seen == []


def test_stored_tokens_hide_their_text():
    assert "canary" not in repr(StoredToken("canary", LONG_AGO, LONG_AGO, 1))
