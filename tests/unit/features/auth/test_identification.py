"""Who a request comes from: a token first, Cloud Run's word only where it is believed."""

from types import SimpleNamespace
from typing import Any

import pytest

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.errors import SessionEnded, SessionRequired
from wxcloudrun.core.http import Caller
from wxcloudrun.features.auth.identification import CloudRules, Identification
from wxcloudrun.features.users.admission import Identity

CLOUD = {
    "X-WX-OPENID": "openid-of-somebody-1",
    "X-WX-APPID": "wx-app",
    "X-WX-ENV": "env-1",
    "X-WX-SOURCE": "wx_client",
}
RULES = CloudRules("env-1", "wx-app")


class FakeSessions:
    """Knows one token, everybody by number, and one person who was here a moment ago."""

    def actor_lately(self, identity: Identity, request_id: str) -> Actor | None:
        return Actor(3, request_id=request_id) if identity.openid == "openid-of-somebody-3" else None

    def actor_of_token(self, token: str, request_id: str) -> Actor:
        if token != "good":
            raise SessionEnded
        return Actor(1, request_id=request_id)

    def actor_of_person(self, user_id: int, request_id: str) -> Actor:
        return Actor(user_id, request_id=request_id)


def _identification(cloud: CloudRules | None) -> Identification:
    sessions: Any = FakeSessions()
    logins: Any = SimpleNamespace(identify=lambda identity: 2)
    return Identification(sessions, logins, cloud, lambda text, request_id: Actor(9, request_id=request_id))


def _caller(headers: dict[str, str]) -> Caller:
    return Caller("192.0.2.1", "zh", "request-1", None, headers, dict, lambda: b"")


def test_a_token_says_who_it_is_and_the_request_is_remembered():
    actor = _identification(None).actor("Bearer good", _caller({}))
    assert (actor.user_id, actor.request_id) == (1, "request-1")
    assert _identification(None).actor("bearer  good ", _caller({})).user_id == 1


def test_a_program_is_known_by_how_its_token_begins():
    assert _identification(RULES).actor("Bearer  wxt_good", _caller(CLOUD)).user_id == 9


@pytest.mark.parametrize("given", ["", "good", "Basic good", "Bearer", "Bearer ", "Bearer bad", "Bearer good good"])
def test_a_token_that_is_none_ends_there_whatever_cloud_run_says(given: str):
    with pytest.raises(SessionEnded):
        _identification(RULES).actor(given, _caller(CLOUD))


def test_nobody_is_asked_to_log_in():
    with pytest.raises(SessionRequired):
        _identification(RULES).actor(None, _caller({}))


def test_cloud_runs_word_counts_only_where_it_is_believed():
    assert _identification(RULES).actor(None, _caller(CLOUD)).user_id == 2
    with pytest.raises(SessionRequired):
        _identification(None).actor(None, _caller(CLOUD))


def test_who_was_here_a_moment_ago_is_not_admitted_again():
    assert _identification(RULES).actor(None, _caller(CLOUD | {"X-WX-OPENID": "openid-of-somebody-3"})).user_id == 3


@pytest.mark.parametrize(
    "change", [{"X-WX-ENV": "env-2"}, {"X-WX-ENV": ""}, {"X-WX-APPID": "wx-other"}, {"X-WX-OPENID": ""}], ids=str
)
def test_another_environment_or_app_is_not_believed(change: dict[str, str]):
    with pytest.raises(SessionRequired):
        _identification(RULES).actor(None, _caller(CLOUD | change))
