"""OAuth 2 client credentials: fetched once, renewed in time, refused with a reason."""

import base64
import json
import threading
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from tests.unit.engine.hostile import answer, echo, says, serve
from tests.unit.engine.sending import send
from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.send.egress import AddressGuard
from wxcloudrun.engine.send.oauth import TokenCache
from wxcloudrun.engine.send.request import parse_request
from wxcloudrun.engine.send.sender import Sender

NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()


def token_server(body=None, status="200 OK"):
    document = {"access_token": "tok-123", "expires_in": 3600} if body is None else body
    return says(answer(document if isinstance(document, bytes) else json.dumps(document).encode(), status))


def oauth(server, **more):
    return {
        "kind": "oauth2_client_credentials",
        "token_url": server.url("/token"),
        "client_id": "id:1",
        "client_secret": "s&cret",
        **more,
    }


def test_a_token_is_fetched_once_used_and_named_as_a_secret(sender):
    tokens = TokenCache()
    with serve(token_server()) as server, serve(echo) as api:
        for _ in range(3):
            prepared = sender.prepare(
                parse_request(
                    {"url": api.url(), "auth": oauth(server, scope="a b", audience="x", extra={"resource": "r"})}
                ),
                tokens=tokens,
            )
            sender.send(prepared)
    assert {"tok-123", "s&cret"} <= set(prepared.secrets)
    assert {request.header("authorization") for request in api.requests} == {"Bearer tok-123"}
    (asked,) = server.requests
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["a b"],
        "audience": ["x"],
        "resource": ["r"],
    }
    assert base64.b64decode(asked.header("authorization")[6:]) == b"id%3A1:s%26cret"


def test_client_credentials_can_go_into_the_body(sender):
    with serve(token_server()) as server, serve(echo) as api:
        send(sender, api.url(), auth=oauth(server, client_auth="body"))
    assert server.requests[0].header("authorization") is None
    assert parse_qs(server.requests[0].body.decode())["client_secret"] == ["s&cret"]


def test_an_expired_token_is_fetched_again():
    now = [1000.0]
    with Sender(AddressGuard(["127.0.0.1/32"]), clock=lambda: now[0]) as sender:
        tokens = TokenCache()
        with serve(token_server({"access_token": "t", "expires_in": "100"})) as server, serve(echo) as api:
            for moment in (1000.0, 1069.0, 1071.0):
                now[0] = moment
                send(sender, api.url(), tokens=tokens, auth=oauth(server))
    assert len(server.requests) == 2


def test_threads_that_need_the_same_token_fetch_it_once(sender):
    tokens = TokenCache()
    with serve(token_server()) as server, serve(echo) as api:
        threads = [
            threading.Thread(target=lambda: send(sender, api.url(), tokens=tokens, auth=oauth(server)))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.requests) == 1
    assert len(api.requests) == 6


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (
            {"error": "invalid_client", "error_description": "s&cret is wrong"},
            "401 Unauthorized",
            ["401", "invalid_client"],
        ),
        ({"access_token": ""}, "200 OK", ["200"]),
        ({"access_token": 5}, "200 OK", ["200"]),
        ({"access_token": "t"}, "500 Oops", ["500"]),
        (b"<html>", "200 OK", ["200"]),
        (b"[" * 50_000, "200 OK", ["200"]),
        ({"access_token": "a\r\nb"}, "200 OK", ["characters"]),
        ({}, "302 Found", ["302"]),
    ],
)
def test_no_token_is_an_auth_error_that_says_why(sender, body, status, words):
    with serve(token_server(body, status)) as server, serve(echo) as api:
        with pytest.raises(StepError) as caught:
            send(sender, api.url(), auth=oauth(server))
    assert caught.value.error_class is ErrorClass.AUTH
    assert all(word in caught.value.message for word in words)
    assert "s&cret" not in str(caught.value)
    assert api.accepted == 0


def test_the_token_endpoint_is_vetted_too(sender):
    auth = {
        "kind": "oauth2_client_credentials",
        "token_url": "http://169.254.169.254/token",
        "client_id": "i",
        "client_secret": "s",
    }
    with pytest.raises(StepError) as caught:
        send(sender, "http://127.0.0.1:9/", auth=auth)
    assert caught.value.error_class is ErrorClass.GUARD
