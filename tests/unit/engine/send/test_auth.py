"""Auth helpers against published vectors, independent implementations and servers that check."""

import base64
from datetime import UTC, datetime

import pytest

from wxcloudrun.engine.send.auth import authorize
from wxcloudrun.engine.send.prepare import build_request
from wxcloudrun.engine.send.request import parse_request

NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()


def signed(now=NOW, nonce="n0nce", **spec):
    prepared = build_request(parse_request(spec))
    return authorize(prepared.draft, prepared.auth, now, nonce)


def test_basic_and_bearer_are_headers():
    assert (
        signed(url="http://h/", auth={"kind": "basic", "username": "Aladdin", "password": "open sesame"}).header(
            "authorization"
        )
        == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    )
    unicode = signed(url="http://h/", auth={"kind": "basic", "username": "中", "password": "é"}).header("authorization")
    assert base64.b64decode(unicode[6:]).decode() == "中:é"
    assert signed(url="http://h/", auth={"kind": "bearer", "token": "t"}).header("authorization") == "Bearer t"
    assert signed(url="http://h/", auth={"kind": "bearer", "token": 5, "prefix": ""}).header("authorization") == "5"


def test_an_api_key_goes_to_its_place():
    key = {"kind": "api_key", "name": "k", "value": "v v"}
    assert signed(url="http://h/?a=1", auth=key).header("K") == "v v"
    assert signed(url="http://h/?a=1", auth={**key, "place": "query"}).url.query == "a=1&k=v%20v"
    assert signed(url="http://h/", auth={**key, "place": "cookie"}).cookies == (("k", "v v"),)


@pytest.mark.parametrize(
    "kind",
    [{"kind": "basic", "username": "u"}, {"kind": "bearer", "token": "t"}, {"kind": "inherit"}, {"kind": "none"}],
)
def test_an_authorization_header_of_the_user_stays(kind):
    draft = signed(url="http://u:p@h/", auth=kind, headers=[{"name": "authorization", "value": "mine"}])
    assert [value for name, value in draft.headers if name.lower() == "authorization"] == ["mine"]


def test_a_suppressed_authorization_is_not_added():
    assert (
        signed(url="http://h/", auth={"kind": "bearer", "token": "t"}, headers=[{"name": "Authorization"}]).header(
            "authorization"
        )
        is None
    )
