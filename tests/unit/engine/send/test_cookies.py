"""The jar keeps and sends cookies as RFC 6265 says, and refuses those a host has no right to set."""

import pytest

from tests.unit.engine.hostile import answer, echo, redirect, serve
from wxcloudrun.engine.send.cookies import CookieJar, cookie_header
from wxcloudrun.engine.send.egress import AddressGuard
from wxcloudrun.engine.send.request import parse_request
from wxcloudrun.engine.send.sender import Sender
from wxcloudrun.engine.send.url import parse_url

NOW = 1_700_000_000.0


def stored(url, *lines, now=NOW):
    jar = CookieJar()
    jar.store(parse_url(url), [("Set-Cookie", line) for line in lines], now)
    return jar


def sent(jar, url, now=NOW):
    return cookie_header((), jar.matching(parse_url(url), now))


@pytest.mark.parametrize(
    ("from_url", "line", "to_url", "comes"),
    [
        ("http://a.example/", "s=1", "http://a.example/x", True),
        ("http://a.example/", "s=1", "http://b.a.example/", False),
        ("http://a.example/", "s=1", "http://b.example/", False),
        ("http://b.a.example/", "s=1; Domain=a.example", "http://c.a.example/", True),
        ("http://b.a.example/", "s=1; Domain=.A.Example", "http://a.example/", True),
        ("http://a.example/", "s=1; Domain=b.a.example", "http://b.a.example/", False),
        ("http://a.example/", "s=1; Domain=other.example", "http://other.example/", False),
        ("http://a.example/", "s=1; Domain=ample", "http://ample/", False),
        ("http://a.example/", "s=1; Domain=example", "http://b.example/", False),
        ("http://a.com.cn/", "s=1; Domain=com.cn", "http://b.com.cn/", False),
        ("http://me.github.io/", "s=1; Domain=github.io", "http://you.github.io/", False),
        ("http://xa.example/", "s=1; Domain=a.example", "http://a.example/", False),
        ("http://localhost/", "s=1; Domain=localhost", "http://localhost:9000/", True),
        ("http://127.0.0.1/", "s=1", "http://127.0.0.1/", True),
        ("http://127.0.0.1/", "s=1; Domain=0.0.1", "http://127.0.0.1/", False),
        ("http://a.example/x/y", "s=1", "http://a.example/x/z", True),
        ("http://a.example/x/y", "s=1", "http://a.example/xz", False),
        ("http://a.example/x/y", "s=1", "http://a.example/", False),
        ("http://a.example/", "s=1; Path=/api", "http://a.example/api", True),
        ("http://a.example/", "s=1; Path=/api", "http://a.example/api/1", True),
        ("http://a.example/", "s=1; Path=/api", "http://a.example/apis", False),
        ("http://a.example/", "s=1; Path=/api/", "http://a.example/api/1", True),
        ("http://a.example/", "s=1; Path=relative", "http://a.example/", True),
        ("https://a.example/", "s=1; Secure", "https://a.example/", True),
        ("https://a.example/", "s=1; Secure", "http://a.example/", False),
        ("http://a.example/", "s=1; Max-Age=60", "http://a.example/", True),
        ("http://a.example/", "s=1; Max-Age=0", "http://a.example/", False),
        ("http://a.example/", "s=1; Max-Age=-5", "http://a.example/", False),
        ("http://a.example/", "s=1; Max-Age=x", "http://a.example/", True),
        ("http://a.example/", "s=1; Expires=Thu, 01-Jan-1970 00:00:00 GMT", "http://a.example/", False),
        ("http://a.example/", "s=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT", "http://a.example/", True),
        ("http://a.example/", "s=1; Expires=nonsense", "http://a.example/", True),
        ("http://a.example/", "s=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=9", "http://a.example/", True),
        ("http://a.example/", "s", "http://a.example/", False),
        ("http://a.example/", "=1", "http://a.example/", False),
        ("http://a.example/", "s=a\x01b", "http://a.example/", False),
        ("http://a.example/", "s=" + "x" * 9000, "http://a.example/", False),
        ("https://a.example/", "__Host-s=1; Secure; Path=/", "https://a.example/", True),
        ("https://a.example/", "__Host-s=1; Secure; Path=/; Domain=a.example", "https://a.example/", False),
        ("http://a.example/", "__Secure-s=1; Secure", "https://a.example/", False),
    ],
)
def test_a_cookie_goes_where_it_belongs(from_url, line, to_url, comes):
    assert bool(sent(stored(from_url, line), to_url)) is comes


def test_the_attributes_of_a_cookie_are_kept():
    (cookie,) = stored("http://a.example/", "s=a=b; Path=/p; HttpOnly; SameSite=Lax; Max-Age=10; Secure")
    assert (cookie.name, cookie.value, cookie.path, cookie.http_only, cookie.same_site, cookie.secure) == (
        "s",
        "a=b",
        "/p",
        True,
        "Lax",
        True,
    )
    assert cookie.expires == NOW + 10


def test_a_newer_cookie_replaces_an_older_and_an_expired_one_removes_it():
    jar = stored("http://a.example/", "s=1", "s=2")
    assert sent(jar, "http://a.example/") == "s=2"
    jar.store(parse_url("http://a.example/"), [("set-cookie", "s=; Max-Age=0")], NOW)
    assert len(jar) == 0


def test_a_cookie_expires_with_time():
    jar = stored("http://a.example/", "s=1; Max-Age=60")
    assert sent(jar, "http://a.example/", NOW + 59) == "s=1"
    assert sent(jar, "http://a.example/", NOW + 61) == ""


def test_longer_paths_come_first():
    jar = stored("http://a.example/", "a=1; Path=/", "b=2; Path=/deep/er", "c=3; Path=/deep")
    assert sent(jar, "http://a.example/deep/er") == "b=2; c=3; a=1"


def test_the_definitions_cookies_win():
    assert cookie_header([("s", "mine")], [("s", "jar"), ("t", "2")]) == "t=2; s=mine"


def test_a_copy_does_not_touch_the_original():
    jar = stored("http://a.example/", "s=1")
    copy = jar.copy()
    copy.store(parse_url("http://a.example/"), [("Set-Cookie", "t=2")], NOW)
    assert (len(jar), len(copy)) == (1, 2)


def test_a_jar_has_a_limit():
    jar = stored("http://a.example/", *[f"c{number}=1" for number in range(1100)])
    assert len(jar) == 1000


def test_cookies_of_every_hop_are_kept_and_sent():
    def handler(connection, request, number):
        if number == 1:
            connection.sendall(redirect("/two", headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2; Path=/none")]))
            return True
        return echo(connection, request, number)

    jar = CookieJar()
    with serve(handler) as server, Sender(AddressGuard(["127.0.0.1/32"])) as sender:
        spec = {"url": server.url(), "cookies": [{"name": "own", "value": 1}]}
        response = sender.send(sender.prepare(parse_request(spec)), jar=jar).response
        assert [cookie.name for cookie in response.cookies] == ["a", "b"]
        sender.send(sender.prepare(parse_request({"url": server.url("/three")})), jar=jar)
    assert [request.header("cookie") for request in server.requests] == ["own=1", "a=1; own=1", "a=1"]


def test_a_cookie_header_the_user_wrote_is_left_alone():
    with serve(echo) as server, Sender(AddressGuard(["127.0.0.1/32"])) as sender:
        jar = CookieJar()
        jar.store(parse_url(server.url()), [("Set-Cookie", "s=1")], NOW)
        spec = {"url": server.url(), "headers": [{"name": "cookie", "value": "raw"}]}
        sender.send(sender.prepare(parse_request(spec)), jar=jar)
    assert [value for name, value in server.requests[0].headers if name.lower() == "cookie"] == ["raw"]


def test_a_hostile_cookie_does_not_break_the_next_request():
    first = answer(headers=[("Set-Cookie", "s=1\x7f"), ("Set-Cookie", "t=\xe9")])
    with serve(lambda c, r, n: c.sendall(first) or True if n == 1 else echo(c, r, n)) as server:
        with Sender(AddressGuard(["127.0.0.1/32"])) as sender:
            jar = CookieJar()
            for _ in range(2):
                sender.send(sender.prepare(parse_request({"url": server.url()})), jar=jar)
    assert server.requests[1].header("cookie") == "t=é"
