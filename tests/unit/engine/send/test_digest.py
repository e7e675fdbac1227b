"""Digest against the vectors of its standards and a server that checks."""

import hashlib
import re
from datetime import UTC, datetime

import pytest

from tests.unit.engine.hostile import answer, echo, redirect, serve
from tests.unit.engine.sending import send
from wxcloudrun.engine.send.digest import answer as digest_answer
from wxcloudrun.engine.send.digest import find_challenge
from wxcloudrun.engine.send.egress import AddressGuard
from wxcloudrun.engine.send.request_auth import DigestAuth
from wxcloudrun.engine.send.sender import Sender

NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()


RFC7616 = 'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'


def empty(name):
    return hashlib.new(name, b"").hexdigest()


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digest_agrees_with_rfc_7616(algorithm, response):
    challenge = find_challenge([RFC7616.format(algorithm)])
    auth = DigestAuth(kind="digest", username="Mufasa", password="Circle of Life")
    header = digest_answer(
        challenge, auth, "GET", "/dir/index.html", empty, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    )
    assert f'response="{response}"' in header
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in header


def test_digest_agrees_with_rfc_2617():
    challenge = find_challenge(
        ['Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"']
    )
    auth = DigestAuth(kind="digest", username="Mufasa", password="Circle Of Life")
    assert 'response="6629fae49393a05397450978507c4ef1"' in digest_answer(
        challenge, auth, "GET", "/dir/index.html", empty, "0a4f113b"
    )


def test_the_strongest_challenge_that_can_be_answered_is_chosen():
    both = [f'Basic realm="b", {RFC7616.format("MD5")}', RFC7616.format("SHA-256"), RFC7616.format("SHA-1024")]
    assert find_challenge(both).algorithm == "SHA-256"
    assert find_challenge([both[0]]).realm == "http-auth@example.org"
    for none in ('Basic realm="x"', 'Digest realm="x"', 'Digest nonce="x", qop="token"', "", "Digest"):
        assert find_challenge([none]) is None


def digest_server(algorithm="MD5", qop="auth", name="md5"):
    """Checks answers with its own arithmetic."""

    def handler(connection, request, number):
        given = request.header("authorization")
        session = algorithm.endswith("-sess")
        if given:
            found = dict(re.findall(r'(\w+)="?([^",]+)"?', given))

            def h(text):
                return hashlib.new(name, text.encode() if isinstance(text, str) else text).hexdigest()

            a1 = h("user:r:pass")
            if session:
                a1 = h(f"{a1}:N:{found['cnonce']}")
            a2 = f"{request.method}:{request.target}"
            if qop == "auth-int":
                a2 += ":" + h(request.body)
            middle = f"N:{found['nc']}:{found['cnonce']}:{found['qop']}" if qop else "N"
            if found["response"] == h(f"{a1}:{middle}:{h(a2)}") and found["uri"] == request.target:
                return echo(connection, request, number)
        challenge = f'Digest realm="r", nonce="N", algorithm={algorithm}' + (f', qop="{qop}"' if qop else "")
        connection.sendall(answer(b"who?", "401 Unauthorized", [("WWW-Authenticate", challenge)]))
        return True

    return handler


@pytest.mark.parametrize("qop", ["", "auth", "auth-int"])
@pytest.mark.parametrize(
    ("algorithm", "name"),
    [
        ("MD5", "md5"),
        ("MD5-sess", "md5"),
        ("SHA-256", "sha256"),
        ("SHA-256-sess", "sha256"),
        ("SHA-512-256", "sha512_256"),
    ],
)
def test_a_digest_server_lets_us_in_with_our_body(sender, algorithm, name, qop):
    with serve(digest_server(algorithm, qop, name)) as server:
        exchange = send(
            sender,
            server.url("/x?a=1"),
            method="POST",
            body={"kind": "json", "value": {"a": 1}},
            auth={"kind": "digest", "username": "user", "password": "pass"},
        )
    assert exchange.response.status == 200
    assert exchange.response.hops == ()
    assert [request.body for request in server.requests] == [b'{"a":1}'] * 2
    assert len(exchange.requests) == 2
    assert exchange.requests[1].header("authorization") == server.requests[1].header("authorization")


def test_a_wrong_digest_password_is_asked_for_once():
    with serve(digest_server()) as server, Sender(AddressGuard(["127.0.0.1/32"])) as sender:
        response = send(sender, server.url(), auth={"kind": "digest", "username": "user", "password": "wrong"}).response
    assert response.status == 401
    assert response.body.read() == b"who?"
    assert len(server.requests) == 2


def test_a_digest_works_after_a_redirect_on_the_same_origin_only(sender):
    with serve(digest_server()) as other:
        guarded = digest_server()

        def handler(connection, request, number):
            if request.target == "/":
                connection.sendall(redirect("/in"))
                return True
            if request.target == "/out":
                connection.sendall(redirect(other.url()))
                return True
            return guarded(connection, request, number)

        auth = {"kind": "digest", "username": "user", "password": "pass"}
        with serve(handler) as server:
            assert send(sender, server.url(), auth=auth).response.status == 200
            assert send(sender, server.url("/out"), auth=auth).response.status == 401
    assert len(other.requests) == 1
