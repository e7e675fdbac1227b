"""Access tokens: what is signed comes back, and nothing else does."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from wxcloudrun.core.tokens import AUDIENCE, ISSUER, AccessTokens, Claims, TokenRefused

SECRET, OLD = "a secret of more than thirty-two bytes", "an older secret of more than thirty-two bytes"


class StoppedClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = datetime(2030, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def tokens(clock) -> AccessTokens:
    return AccessTokens((SECRET,), 600, clock)


def _key(secret: str) -> bytes:
    return hashlib.sha256(b"access-token:" + secret.encode()).digest()


def _kid(tokens: AccessTokens) -> str:
    return jwt.get_unverified_header(tokens.issue(1, 1, 1))["kid"]


def _claims(clock: StoppedClock, **changes: object) -> dict[str, object]:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "7",
        "iat": clock.now(),
        "exp": clock.now() + timedelta(seconds=600),
        "jti": "x",
        "typ": "access",
        "ver": 3,
        "sid": 5,
    } | changes
    return {name: value for name, value in claims.items() if value is not None}


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_what_was_issued_is_read_back(tokens, clock):
    claims = tokens.read(tokens.issue(7, 5, 3))
    assert claims == Claims(7, 5, 3, int(clock.now().timestamp()) + 600)


def test_a_token_signed_by_hand_with_every_claim_is_accepted(tokens, clock):
    """The other tests take one thing away from this token."""
    token = jwt.encode(_claims(clock), _key(SECRET), "HS256", {"kid": _kid(tokens)})
    assert tokens.read(token).user_id == 7


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "iat", "exp", "jti", "typ", "ver", "sid"])
def test_a_token_without_one_of_its_claims_is_refused(tokens, clock, name):
    token = jwt.encode(_claims(clock, **{name: None}), _key(SECRET), "HS256", {"kid": _kid(tokens)})
    with pytest.raises(TokenRefused):
        tokens.read(token)


@pytest.mark.parametrize(
    "change",
    [
        {"typ": "refresh"},
        {"typ": 1},
        {"aud": "another"},
        {"iss": "another"},
        {"sub": "abc"},
        {"sid": None},
        {"sid": "x"},
        {"ver": []},
        {"exp": "soon"},
        {"exp": 1},
    ],
    ids=str,
)
def test_a_claim_that_is_not_as_this_service_writes_it_is_refused(tokens, clock, change):
    token = jwt.encode(_claims(clock, **change), _key(SECRET), "HS256", {"kid": _kid(tokens)})
    with pytest.raises(TokenRefused):
        tokens.read(token)


def test_a_token_runs_out_also_when_it_was_read_before(tokens, clock):
    token = tokens.issue(7, 5, 3)
    clock.time += timedelta(seconds=599)
    assert tokens.read(token).user_id == 7
    clock.time += timedelta(seconds=1)
    with pytest.raises(TokenRefused, match="expired"):
        tokens.read(token)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
def test_a_token_without_signature_is_refused(tokens, clock, algorithm):
    payload = _claims(clock, iat=1, exp=4_000_000_000)
    head = _part({"alg": algorithm, "typ": "JWT", "kid": _kid(tokens)})
    for signature in ("", "AAAA"):
        with pytest.raises(TokenRefused):
            tokens.read(f"{head}.{_part(payload)}.{signature}")


def test_other_algorithms_are_refused_even_with_the_right_key(tokens, clock):
    for algorithm in ("HS384", "HS512"):
        token = jwt.encode(_claims(clock), _key(SECRET) * 2, algorithm, {"kid": _kid(tokens)})
        with pytest.raises(TokenRefused):
            tokens.read(token)


def test_a_token_signed_with_a_private_key_is_refused(tokens, clock):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = jwt.encode(_claims(clock), private, "RS256", {"kid": _kid(tokens)})
    with pytest.raises(TokenRefused):
        tokens.read(token)


def test_a_key_that_the_token_itself_brings_is_not_believed(tokens, clock):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for extra in ({"jwk": {"kty": "oct", "k": "AAAA"}}, {"jku": "http://127.0.0.1/keys"}, {"x5c": [public.decode()]}):
        token = jwt.encode(_claims(clock), b"attacker's own key, long enough for HS256", "HS256", {"kid": "x"} | extra)
        with pytest.raises(TokenRefused):
            tokens.read(token)


def test_a_token_of_another_key_is_refused_whatever_key_it_names(tokens, clock):
    for kid in (_kid(tokens), "another", ""):
        token = jwt.encode(_claims(clock), _key("a key of somebody else, long enough"), "HS256", {"kid": kid})
        with pytest.raises(TokenRefused):
            tokens.read(token)
    with pytest.raises(TokenRefused):
        tokens.read(jwt.encode(_claims(clock), _key(SECRET), "HS256"))


def test_older_keys_are_accepted_until_they_are_taken_out(clock):
    old = AccessTokens((OLD,), 600, clock).issue(7, 5, 3)
    both, new = AccessTokens((SECRET, OLD), 600, clock), AccessTokens((SECRET,), 600, clock)
    assert both.read(old).user_id == 7
    assert new.read(both.issue(8, 5, 3)).user_id == 8, "the first key signs"
    with pytest.raises(TokenRefused):
        new.read(old)


def test_a_changed_payload_or_signature_is_refused(tokens):
    head, payload, signature = tokens.issue(7, 5, 3).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    for forged in (
        f"{head}.{_part(claims | {'sub': '1'})}.{signature}",
        f"{head}.{payload}.{signature[:-4]}AAAA",
        f"{head}.{payload}.",
        f"{head}.{payload}",
    ):
        with pytest.raises(TokenRefused):
            tokens.read(forged)


def test_a_long_token_is_refused_before_it_is_looked_at(tokens, clock):
    token = jwt.encode(_claims(clock, more="x" * 100_000), _key(SECRET), "HS256", {"kid": _kid(tokens)})
    with pytest.raises(TokenRefused, match="too long"):
        tokens.read(token)


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda data: base64.b64encode(data).decode() + ".a.b"))
def test_garbage_is_refused_and_nothing_else_happens(text):
    with pytest.raises(TokenRefused):
        AccessTokens((SECRET,), 600, StoppedClock()).read(text)


def test_what_is_remembered_stays_bounded(tokens):
    for number in range(5000):
        tokens._known[f"token-{number}"] = Claims(1, 1, 1, 4_000_000_000)
    tokens.read(tokens.issue(1, 1, 1))
    assert len(tokens._known) == 1
