"""Secrets stay inside, however the other side writes them."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wxcloudrun.engine.judge.values import shown_text
from wxcloudrun.engine.result.redaction import MASK, Redactor

SECRET = 'pä$$ "w0rd"/<&>+x='

ENCODINGS = {
    "raw": lambda s: s,
    "percent": lambda s: quote(s, safe=""),
    "percent lower": lambda s: quote(s, safe="").lower() if s == s.lower() else quote(s, safe=""),
    "percent with slashes": quote,
    "every byte in percent": lambda s: "".join(f"%{b:02X}" for b in s.encode()),
    "form": quote_plus,
    "json": lambda s: json.dumps(s)[1:-1],
    "json, unicode kept": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "json in json": lambda s: json.dumps(json.dumps(s))[3:-3],
    "json, all escaped": lambda s: "".join(f"\\u{unit.hex()}" for c in s for unit in _units(c)),
    "html": html.escape,
    "html numbers": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "html hex": lambda s: "".join(f"&#x{ord(c):X};" for c in s),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 after one byte": lambda s: base64.b64encode(b"a" + s.encode()).decode(),
    "base64 after two bytes": lambda s: base64.b64encode(b"ab" + s.encode() + b"rest").decode(),
    "base64url": lambda s: base64.urlsafe_b64encode(s.encode()).decode().rstrip("="),
    "basic": lambda s: base64.b64encode(b"user:" + s.encode()).decode(),
    "hex": lambda s: s.encode().hex(),
    "HEX": lambda s: s.encode().hex().upper(),
}


def _units(char):
    data = char.encode("utf-16-be")
    return [data[at : at + 2] for at in range(0, len(data), 2)]


def _core(encoded: str, name: str) -> str:
    """Base64 shares its first and last characters with its neighbours: only the rest belongs to the secret."""
    return encoded.rstrip("=")[4:-4] if "base64" in name or name == "basic" else encoded


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_secret_is_masked_in_every_encoding(name):
    redactor = Redactor()
    redactor.add(SECRET)
    encoded = ENCODINGS[name](SECRET)
    masked = redactor.text(f"before {encoded} after")
    assert MASK in masked
    assert _core(encoded, name) not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


@settings(max_examples=60, deadline=None)
@given(
    secret=st.text(
        st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cn"]), min_size=8, max_size=40
    ),
    name=st.sampled_from(sorted(ENCODINGS)),
)
def test_no_secret_survives_in_any_encoding(secret, name):
    redactor = Redactor()
    redactor.add(secret)
    encoded = ENCODINGS[name](secret)
    assert _core(encoded, name) not in redactor.text(f'{{"a": "{encoded}"}}')


def test_many_secrets_are_all_masked():
    redactor = Redactor()
    secrets = [f"secret-value-{number}-{number * 7919:x}" for number in range(200)]
    for secret in secrets:
        redactor.add(secret)
    masked = redactor.text(" ".join(secrets))
    assert masked == " ".join([MASK] * 200)


def test_keys_and_values_deep_inside_json_are_masked():
    redactor = Redactor()
    redactor.add("canary-1234")
    masked = redactor.value({"canary-1234": [{"x": "see canary-1234"}], "n": 5})
    assert masked == {MASK: [{"x": f"see {MASK}"}], "n": 5}


def test_a_number_that_is_secret_is_masked():
    redactor = Redactor()
    redactor.add(987654321)
    assert redactor.value({"pin": 987654321, "other": 1}) == {"pin": MASK, "other": 1}


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (("Authorization", "Bearer abc.def"), ("Authorization", "Bearer ***")),
        (("proxy-authorization", "secretword"), ("proxy-authorization", "***")),
        (("Cookie", "sid=1234; theme=dark"), ("Cookie", "sid=***; theme=***")),
        (("Set-Cookie", "sid=1234; Path=/; HttpOnly"), ("Set-Cookie", "sid=***; Path=/; HttpOnly")),
        (("X-Api-Key", "k"), ("X-Api-Key", "***")),
        (("X-Access-Token", "k"), ("X-Access-Token", "***")),
        (("Location", "https://h/cb?access_token=abc&x=1"), ("Location", "https://h/cb?access_token=***&x=1")),
        (("Content-Type", "application/json"), ("Content-Type", "application/json")),
    ],
)
def test_headers_that_carry_credentials_are_masked_by_their_place(header, shown):
    assert Redactor().headers([header]) == [list(shown)]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"password": "abc", "user": "eve"}', '{"password": "***", "user": "eve"}'),
        ('{"refresh_token":"a\\"b","n":1}', '{"refresh_token":"***","n":1}'),
        ('{"api_key": 12345}', '{"api_key": "***"}'),
        ("user=eve&password=abc&x=1", "user=eve&password=***&x=1"),
        ('{"token_type": "bearer"}', '{"token_type": "bearer"}'),
        ('{"accessToken": "cut off he', '{"accessToken": "***"'),
    ],
)
def test_members_and_fields_with_telling_names_are_masked(body, shown):
    assert Redactor().body(body) == shown


def test_a_short_secret_is_reported_and_masked_by_name_only():
    redactor = Redactor()
    redactor.add("abc", "pin")
    assert redactor.text("abc") == "abc"
    assert redactor.named("pin", "abc") == MASK
    assert "pin" in redactor.warnings[0]


def test_the_beginning_of_a_secret_at_a_cut_is_masked():
    redactor = Redactor()
    redactor.add("canary-1234-canary")
    assert redactor.cut("the text ends in canary-12") == f"the text ends in {MASK}"


def test_words_of_a_composed_secret_are_masked_alone():
    redactor = Redactor()
    redactor.add("Bearer abcdef123456")
    assert redactor.text("got abcdef123456") == f"got {MASK}"


def test_a_keyed_hash_tells_equal_from_different_and_needs_a_key():
    redactor = Redactor("key")
    assert redactor.hash("a") == redactor.hash("a") != redactor.hash("b")
    assert Redactor("other").hash("a") != redactor.hash("a")
    assert Redactor().hash("a") is None


def test_a_text_with_half_a_surrogate_pair_is_masked_too():
    redactor = Redactor()
    redactor.add("canary-1234")
    assert redactor.text("\ud800 canary-1234") == f"\\ud800 {MASK}"


def test_a_secret_with_half_of_a_surrogate_pair_is_masked():
    redactor = Redactor()
    redactor.add("ab\ud800cdefgh", "odd")
    assert redactor.body("hello ab\ud800cdefgh!") == "hello ***!"
    assert redactor.value({"a": "ab\ud800cdefgh"}) == {"a": "***"}


def test_long_secrets_are_masked_in_any_case_and_short_ones_in_their_own():
    redactor = Redactor()
    redactor.add("CANARY-Host")
    redactor.add("Short")
    assert redactor.text("canary-host short Short") == "*** short ***"


def test_what_nobody_marked_is_learned_up_to_a_bound():
    redactor = Redactor()
    redactor.learn("brief")
    for number in range(300):
        redactor.learn(f"session-number-{number:04}")
    assert redactor.text("brief session-number-0000 session-number-0299") == "brief *** session-number-0299"


def test_where_a_text_was_cut_a_secrets_beginning_goes_with_it():
    redactor = Redactor()
    redactor.add("hunter2-hunter2")
    told = f"got {shown_text('a hunter2-hunter2 b hunter2-hunter2', 28)}, and {shown_text('hunter2-hunter2', 9)}."
    assert "hunter2" in told
    assert redactor.text(told) == "got a *** b ***… (35 characters), and ***… (15 characters)."
    assert redactor.text("unter… (9 characters)") == "unter… (9 characters)"
