"""Access tokens: who gets which, and how long it works."""

import pytest

from wxcloudrun.simulator import DEFAULT_APPID, DEFAULT_SECRET


def errcode_with(caller, token):
    """0 if the token is taken, else the errcode; the call itself is refused later, for its unknown openid."""
    code = caller.get("/wxa/checksession", access_token=token)["errcode"]
    return 0 if code == 40003 else code


def test_each_legacy_token_is_new_and_the_one_before_lives_five_minutes_more(caller):
    first, second = caller.legacy()["access_token"], caller.legacy()["access_token"]
    assert first != second
    caller.control("clock", advance=299)
    assert (errcode_with(caller, first), errcode_with(caller, second)) == (0, 0)
    caller.control("clock", advance=1)
    assert (errcode_with(caller, first), errcode_with(caller, second)) == (40001, 0)


def test_only_one_older_legacy_token_still_works(caller):
    first, second, third = (caller.legacy()["access_token"] for _ in range(3))
    assert [errcode_with(caller, token) for token in (first, second, third)] == [40001, 0, 0]


def test_a_token_is_long_as_the_real_ones(caller):
    answer = caller.legacy()
    assert 100 < len(answer["access_token"]) <= 512
    assert answer["expires_in"] == 7200


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"secret": "0" * 32}, 40125),
        ({"grant_type": "password"}, 40002),
    ],
)
@pytest.mark.parametrize("kind", ["legacy", "stable"])
def test_wrong_credentials_get_no_token(caller, kind, change, errcode):
    assert getattr(caller, kind)(**change)["errcode"] == errcode


@pytest.mark.parametrize("kind", ["legacy", "stable"])
def test_a_foreign_address_and_a_frozen_secret_get_no_token(caller, kind):
    caller.control("apps", ip_whitelist=["198.51.100.1"])
    refused = getattr(caller, kind)()
    assert refused["errcode"] == 40164
    assert "127.0.0.1" in refused["errmsg"]
    caller.control("apps", ip_whitelist=["127.0.0.1"], secret_frozen=True)
    assert getattr(caller, kind)()["errcode"] == 40243
    caller.control("apps", ip_whitelist=None, secret_frozen=False)
    assert "access_token" in getattr(caller, kind)()


def test_legacy_tokens_have_a_cap_for_the_day(caller):
    caller.control("limits", path="/cgi-bin/token", seconds=86400, most=1)
    assert "access_token" in caller.legacy()
    assert caller.legacy()["errcode"] == 45009
    caller.control("clock", advance=86400)
    assert "access_token" in caller.legacy()


def test_stable_tokens_have_a_limit_for_the_minute(caller):
    caller.control("limits", path="/cgi-bin/stable_token", seconds=60, most=0, errcode=45011)
    assert caller.stable()["errcode"] == 45011


def test_a_stable_token_stays_and_its_seconds_run_down(caller):
    first = caller.stable()
    caller.control("clock", advance=1000)
    assert caller.stable() == {"access_token": first["access_token"], "expires_in": 6200}


def test_a_stable_token_is_renewed_five_minutes_early_and_both_work_for_five_minutes(caller):
    old = caller.stable()["access_token"]
    caller.control("clock", advance=6901)
    new = caller.stable()
    assert new["access_token"] != old
    assert new["expires_in"] == 7200
    caller.control("clock", advance=299)
    assert errcode_with(caller, old) == 0
    caller.control("clock", advance=1)
    assert (errcode_with(caller, old), errcode_with(caller, new["access_token"])) == (40001, 0)


def test_a_stable_token_that_ran_out_is_expired_and_stays_so(caller):
    old = caller.stable()["access_token"]
    caller.control("clock", advance=7200)
    assert errcode_with(caller, old) == 42001
    caller.stable()
    assert errcode_with(caller, old) == 42001


def test_a_forced_refresh_kills_the_old_token_at_once(caller):
    old = caller.stable()["access_token"]
    new = caller.stable(force_refresh=True)["access_token"]
    assert (errcode_with(caller, old), errcode_with(caller, new)) == (40001, 0)


def test_a_second_forced_refresh_within_thirty_seconds_does_nothing(caller):
    first = caller.stable(force_refresh=True)["access_token"]
    caller.control("clock", advance=29)
    assert caller.stable(force_refresh=True)["access_token"] == first
    caller.control("clock", advance=1)
    assert caller.stable(force_refresh=True)["access_token"] != first


def test_twenty_forced_refreshes_are_a_days_worth(caller):
    caller.control("clock", advance=86400 - caller.state.now() % 86400)
    for _ in range(20):
        assert "access_token" in caller.stable(force_refresh=True)
        caller.control("clock", advance=30)
    assert caller.stable(force_refresh=True)["errcode"] == 45009


def test_the_two_kinds_do_not_disturb_each_other(caller):
    stable, legacy = caller.stable()["access_token"], caller.legacy()["access_token"]
    caller.stable(force_refresh=True)
    caller.legacy()
    caller.control("clock", advance=400)
    assert errcode_with(caller, legacy) == 40001
    assert errcode_with(caller, stable) == 40001
    assert errcode_with(caller, caller.stable()["access_token"]) == 0


def test_a_stable_token_wants_a_json_post(caller):
    query = {"grant_type": "client_credential", "appid": DEFAULT_APPID, "secret": DEFAULT_SECRET}
    assert caller.get("/cgi-bin/stable_token", **query)["errcode"] == 43002
    assert caller.post("/cgi-bin/stable_token", b"appid=x&secret=y", access_token=None)["errcode"] == 47001
    assert caller.post("/cgi-bin/stable_token", b"[1]", access_token=None)["errcode"] == 47001
    assert caller.post("/cgi-bin/stable_token", b"", access_token=None)["errcode"] == 44002


def test_killed_and_expired_tokens_say_which(caller):
    token = caller.stable()["access_token"]
    assert caller.control("tokens", kind="stable", how="expire") == {"ended": 1}
    assert errcode_with(caller, token) == 42001
    token = caller.stable()["access_token"]
    caller.control("tokens", how="kill")
    assert errcode_with(caller, token) == 40001
    assert errcode_with(caller, caller.stable()["access_token"]) == 0
