"""Redirects are followed by hand: methods, bodies, credentials and limits are what the rules say."""

import time

import pytest

from tests.unit.engine.hostile import answer, echo, redirect, says, serve
from tests.unit.engine.sending import failing, send
from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.send.cookies import CookieJar
from wxcloudrun.engine.send.exchange import SendError


def once(first, then=echo):
    return lambda connection, request, number: (
        connection.sendall(first) or True if number == 1 else then(connection, request, number)
    )


def test_the_chain_is_reported(sender):
    with serve(once(redirect("/next?a=1"))) as server:
        response = send(sender, server.url("/first")).response
    assert response.status == 200
    assert response.url == server.url("/next?a=1")
    (hop,) = response.hops
    assert (hop.url, hop.status, hop.location, hop.peer) == (
        server.url("/first"),
        302,
        "/next?a=1",
        f"127.0.0.1:{server.port}",
    )


@pytest.mark.parametrize(
    ("status", "method", "keep", "expected"),
    [
        (301, "POST", False, "GET"), (302, "POST", False, "GET"), (303, "POST", False, "GET"), (303, "PUT", False, "GET"),
        (303, "HEAD", False, "HEAD"), (307, "POST", False, "POST"), (308, "POST", False, "POST"), (301, "PUT", False, "PUT"),
        (302, "DELETE", False, "DELETE"), (301, "POST", True, "POST"), (302, "POST", True, "POST"), (303, "POST", True, "GET"),
        (301, "GET", False, "GET"),
    ],
)  # fmt: skip
def test_the_method_changes_as_browsers_do(sender, status, method, keep, expected):
    body = {"kind": "none"} if method in {"GET", "HEAD"} else {"kind": "json", "value": 1}
    with serve(once(redirect("/next", f"{status} R"))) as server:
        send(sender, server.url(), method=method, body=body, redirects={"keep_method": keep})
        second = server.requests[1]
    assert second.method == expected
    kept = expected == method and method not in {"GET", "HEAD"}
    assert second.body == (b"1" if kept else b"")
    assert second.header("content-type") == ("application/json" if kept else None)


@pytest.mark.parametrize("status", ["300 Choices", "304 Not Modified", "305 Use Proxy", "201 Created"])
def test_other_statuses_with_a_location_are_answers(sender, status):
    with serve(says(redirect("/next", status))) as server:
        assert send(sender, server.url()).response.status == int(status[:3])


def test_redirects_are_not_followed_when_that_is_switched_off(sender):
    with serve(says(redirect("http://169.254.169.254/"))) as server:
        response = send(sender, server.url(), redirects={"follow": False}).response
    assert (response.status, response.header("location"), response.hops) == (302, "http://169.254.169.254/", ())


def test_a_thousand_redirects_end_at_the_limit(sender):
    with serve(lambda connection, request, number: connection.sendall(redirect(f"/{number}")) or True) as server:
        error = failing(sender, server.url(), redirects={"max": 7})
    assert error.error_class is ErrorClass.REDIRECT
    assert "more than 7 redirects" in error.message
    assert len(server.requests) == 8
    assert isinstance(error, SendError)
    assert len(error.hops) == 8


def test_exactly_the_allowed_number_is_followed(sender):
    def handler(connection, request, number):
        connection.sendall(redirect(f"/{number}") if number <= 3 else answer(b"end"))
        return True

    with serve(handler) as server:
        assert len(send(sender, server.url(), redirects={"max": 3}).response.hops) == 3


def test_a_loop_is_noticed_at_once(sender):
    def handler(connection, request, number):
        connection.sendall(redirect("/b" if request.target == "/a" else "/a"))
        return True

    with serve(handler) as server:
        error = failing(sender, server.url("/a"))
    assert error.error_class is ErrorClass.REDIRECT
    assert "circle" in error.message
    assert len(server.requests) == 2


def test_coming_back_with_a_new_cookie_is_no_loop(sender):
    def handler(connection, request, number):
        if request.header("cookie"):
            connection.sendall(answer(b"in"))
        else:
            connection.sendall(redirect("/", headers=[("Set-Cookie", "s=1")]))
        return True

    with serve(handler) as server:
        response = send(sender, server.url(), jar=CookieJar()).response
    assert response.body.read() == b"in"
    assert [cookie.name for cookie in response.cookies] == ["s"]


@pytest.mark.parametrize(
    "location",
    [
        "",
        "  ",
        "weixin://x",
        "file:///etc/passwd",
        "ftp://h/",
        "http://",
        "http://[::1",
        "http://a b/",
        "javascript:1",
        "//",
    ],
)
def test_a_redirect_to_nowhere_is_an_error(sender, location):
    with serve(says(redirect(location))) as server:
        error = failing(sender, server.url())
    assert error.error_class is ErrorClass.REDIRECT


def test_a_redirect_without_a_location_is_an_error(sender):
    with serve(says(answer(status="302 Found"))) as server:
        assert failing(sender, server.url()).error_class is ErrorClass.REDIRECT


SECRETS = [
    {"name": "Authorization", "value": "Bearer hidden"},
    {"name": "Cookie", "value": "s=hidden"},
    {"name": "X-API-Key", "value": "hidden"},
    {"name": "X-Auth-Token", "value": "hidden"},
    {"name": "Proxy-Authorization", "value": "hidden"},
    {"name": "X-Session-Id", "value": "hidden"},
    {"name": "X-Plain", "value": "shown"},
    {"name": "Host", "value": "own.example"},
]


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary"])
def test_credentials_do_not_go_to_another_origin(sender, status):
    with serve(echo) as other:
        with serve(says(redirect(other.url("/", host="other.example"), status))) as server:
            send(sender, server.url(), headers=SECRETS, cookies=[{"name": "c", "value": "hidden"}])
    head = other.requests[0].head.decode()
    assert "hidden" not in head
    assert "X-Plain: shown" in head
    assert f"Host: other.example:{other.port}" in head


@pytest.mark.parametrize(
    "auth",
    [
        {"kind": "basic", "username": "u", "password": "hidden"},
        {"kind": "bearer", "token": "hidden"},
        {"kind": "api_key", "name": "X-Silent", "value": "hidden"},
        {"kind": "api_key", "name": "k", "value": "hidden", "place": "query"},
        {"kind": "api_key", "name": "k", "value": "hidden", "place": "cookie"},
        {"kind": "hmac", "key": "hidden", "signature_header": "X-Silent", "timestamp_header": ""},
        {"kind": "aws_v4", "access_key": "A", "secret_key": "S", "region": "r", "service": "x"},
    ],
)
def test_auth_helpers_work_again_on_the_same_origin_and_stop_at_another(sender, auth):
    def marks(request):
        head = request.head.decode().lower()
        return any(word in head for word in ("hidden", "authorization:", "x-silent:"))

    with serve(echo) as other:

        def handler(connection, request, number):
            connection.sendall(redirect("/second" if number == 1 else other.url()))
            return True

        with serve(handler) as server:
            send(sender, server.url(), auth=auth)
    assert [marks(request) for request in server.requests] == [True, True]
    assert not marks(other.requests[0])


def test_another_port_or_scheme_is_another_origin(sender):
    with serve(echo) as other, serve(says(redirect(f"http://127.0.0.1:{other.port}/"))) as server:
        send(sender, server.url(), auth={"kind": "bearer", "token": "hidden"})
    assert other.requests[0].header("authorization") is None


def test_credentials_in_a_location_are_not_used(sender):
    with serve(once(b"")) as server:
        server.handler = once(redirect(f"http://u:p@127.0.0.1:{server.port}/next"))
        response = send(sender, server.url()).response
    assert server.requests[1].header("authorization") is None
    assert "@" not in response.url


def test_the_total_time_spans_all_hops(sender):
    def handler(connection, request, number):
        time.sleep(0.15)
        connection.sendall(redirect(f"/{number}"))
        return True

    with serve(handler) as server:
        error = failing(sender, server.url(), timeouts={"total_ms": 400})
    assert error.error_class is ErrorClass.TIMEOUT
    assert 2 <= len(server.requests) <= 3
