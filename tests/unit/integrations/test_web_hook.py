"""Posting to people's addresses: only where it may go, briefly, and telling no secret."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.receiver import Receiver, Said
from wxcloudrun.integrations.notice import Outcome
from wxcloudrun.integrations.signatures import HEADER, is_signed
from wxcloudrun.integrations.web_hook import DELIVERY_HEADER, Patience, Post, Poster, signed

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
BODY = '{"text": "你好"}'.encode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def sent(receiver: Receiver, path: str = "/hook?key=a-secret-key") -> Outcome:
    poster = Poster([receiver.range], Patience(read_ms=300))
    post = signed(receiver.url + path, BODY, "shared", {DELIVERY_HEADER: "D1"}, NOW)
    return poster.send(post, NOW)[0]


def test_what_arrives_is_signed_and_names_its_delivery(receiver):
    assert sent(receiver) == Outcome(True, 200, "{}")
    heard = receiver.heard[0]
    assert heard.body == BODY
    assert heard.headers[DELIVERY_HEADER] == "D1"
    assert is_signed({HEADER: heard.headers[HEADER]}, heard.body, "shared", NOW)
    assert not is_signed({HEADER: heard.headers[HEADER]}, heard.body, "another", NOW)


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_refusal_is_worth_another_try(receiver, status):
    receiver.usual = Said(status, b"not now")
    assert sent(receiver) == Outcome(False, status, "not now")


def test_what_is_gone_is_not(receiver):
    receiver.usual = Said(410)
    assert sent(receiver).final


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("120", 120.0), ("Sun, 01 Mar 2026 02:01:30 GMT", 90.0), ("99999999", 21600.0), ("soon", None), ("-5", None)],
)
def test_the_receivers_own_pause_is_read(receiver, told, seconds):
    receiver.usual = Said(429, b"", {"Retry-After": told})
    assert sent(receiver).wait_s == seconds


def test_a_redirect_is_not_followed(receiver):
    receiver.usual = Said(302, b"", {"Location": f"{receiver.url}/other"})
    outcome = sent(receiver)
    assert (outcome.sent, outcome.status, outcome.detail) == (False, 302, "redirects are not followed")
    assert len(receiver.heard) == 1


@pytest.mark.parametrize("said", [Said(hang=True), Said(cut=True), Said(200, b"x" * 70_000)])
def test_silence_a_cut_and_a_flood_are_failures_that_come_to_an_end(receiver, said):
    receiver.usual = said
    outcome = sent(receiver)
    assert (outcome.sent, outcome.status, outcome.final) == (False, None, False)


def test_what_is_told_of_a_failure_holds_neither_key_nor_path(receiver):
    receiver.usual = Said(500, b"no such key: a-secret-key at /hook?key=a-secret-key, secret shared\n" + b"x" * 2000)
    told = sent(receiver).detail
    assert "a-secret-key" not in told
    assert "shared" not in told
    assert len(told) <= 500
    receiver.usual = Said(hang=True)
    assert "a-secret-key" not in sent(receiver).detail


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254", "0.0.0.0", "::ffff:10.0.0.1"])
def test_addresses_that_are_not_public_are_never_called(address):
    poster = Poster(lookup=lambda _: ["93.184.216.34", address])
    outcome = poster.send(Post("http://hooks.example/", BODY), NOW)[0]
    assert (outcome.sent, outcome.final) == (False, True)


def test_only_web_addresses_are_called():
    assert Poster().send(Post("ftp://hooks.example/", BODY), NOW)[0].final


def test_a_name_that_leads_home_is_not_called_either(receiver):
    poster = Poster(lookup=lambda _: ["127.0.0.1"])
    outcome = poster.send(Post(f"http://hooks.example:{receiver.port}/", BODY), NOW)[0]
    assert outcome.final
    assert receiver.heard == []
