"""Digest and HMAC in a repeated run: the same words, another one for every request, others for another run."""

import re

import pytest

from tests.unit.engine.hostile import answer, serve
from tests.unit.engine.plans import run
from wxcloudrun.engine.plan.plan import Plan

DIGEST = {"kind": "digest", "username": "u", "password": "a-password"}
HMAC = {"kind": "hmac", "key": "the-key", "message": ["nonce", "path"], "nonce_header": "X-Nonce"}


def challenge(connection, request, number):
    digest = 'Digest realm="r", nonce="n", qop="auth"'
    asked = request.header("authorization") or request.header("x-nonce")
    wanted = answer(b"ok") if asked else answer(status="401 No", headers=[("WWW-Authenticate", digest)])
    connection.sendall(wanted if request.target != "/busy" else answer(status="503 Busy"))
    return True


def words(auth, **parts):
    """The nonces that arrived."""
    steps = [{"case": {"request": {"url": "/a", "auth": auth}}}, {"case": {"request": {"url": "/b", "auth": auth}}}]
    busy = {"case": {"request": {"url": "/busy", "auth": auth}, "assertions": [{"expression": "status == 200"}]}}
    steps.append({**busy, "retry": {"attempts": 2, "interval_ms": 1}})
    with serve(challenge) as server:
        environment = {"base_url": server.url("")}
        network = {"allowed": [f"127.0.0.1/32:{server.port}"]}
        plan = {"scenario": {"steps": steps}, "environment": environment, "network": network, **parts}
        run(Plan.model_validate(plan))
    found = [re.search(r'cnonce="(\w+)"', one.header("authorization") or "") for one in server.requests]
    return [one.header("x-nonce") for one in server.requests if one.header("x-nonce")] + [
        one[1] for one in found if one
    ]


@pytest.mark.parametrize("auth", [DIGEST, HMAC], ids=["digest", "hmac"])
def test_a_repeated_run_signs_with_the_same_words(auth):
    first = words(auth, id=1, seed=7, hash_key="k")
    assert first == words(auth, id=1, seed=7, hash_key="k")
    assert len(set(first)) == len(first) >= 2
    for other in ({"id": 2, "seed": 7, "hash_key": "k"}, {"id": 1, "seed": 8, "hash_key": "k"}, {"id": 1, "seed": 7}):
        assert not set(first) & set(words(auth, **other))
