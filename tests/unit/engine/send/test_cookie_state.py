"""Cookies as JSON and back."""

import json

from wxcloudrun.engine.send.cookie_state import exported, restore
from wxcloudrun.engine.send.cookies import CookieJar
from wxcloudrun.engine.send.url import parse_url

NOW = 1_800_000_000.0


def jar_of(url, *headers):
    jar = CookieJar()
    jar.store(parse_url(url), [("Set-Cookie", header) for header in headers], NOW)
    return jar


def again(jar, now=NOW):
    other = CookieJar()
    restore(other, json.loads(json.dumps(exported(jar))), now)
    return other


def test_cookies_are_sent_to_the_same_places_as_before():
    jar = jar_of(
        "https://api.example.com/app/x",
        "a=1; Path=/; HttpOnly; SameSite=Lax",
        "b=2; Domain=example.com; Secure",
        "c=3; Path=/app; Max-Age=3600",
    )
    for url in ("https://api.example.com/app", "https://api.example.com/", "http://api.example.com/app"):
        assert again(jar).matching(parse_url(url), NOW) == jar.matching(parse_url(url), NOW)
    assert list(again(jar)) == list(jar)


def test_a_cookie_for_one_host_is_not_sent_to_the_hosts_below():
    jar = jar_of("https://example.com/", "a=1", "__Host-b=2; Secure; Path=/", "c=3; Domain=example.com")
    below = parse_url("https://api.example.com/")
    assert again(jar).matching(below, NOW) == jar.matching(below, NOW) == [("c", "3")]
    assert [name for name, _ in again(jar).matching(parse_url("https://example.com/"), NOW)] == ["a", "__Host-b", "c"]


def test_cookies_that_have_expired_meanwhile_are_left_out():
    jar = jar_of("http://h.example/", "a=1; Max-Age=60", "b=2")
    assert [cookie.name for cookie in again(jar, NOW + 61)] == ["b"]


def test_cookies_of_literal_addresses_come_back():
    for url in ("http://127.0.0.1:8080/", "http://[::1]:8080/"):
        assert again(jar_of(url, "a=1")).matching(parse_url(url), NOW) == [("a", "1")]
