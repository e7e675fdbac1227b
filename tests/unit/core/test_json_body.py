"""The strict reader of JSON: what it lets through, and what it calls the rest."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pace import soon
from wxcloudrun.core.json_body import MAX_DEPTH, JsonFault, parse

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
_SANE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**38), 10**38)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_TEXT, inner, max_size=5),
    max_leaves=20,
)


@given(_SANE)
def test_whatever_json_writes_from_sane_data_is_read_back_equal(document):
    assert parse(json.dumps(document).encode()) == document
    assert parse(json.dumps(document, ensure_ascii=False).encode()) == document


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data):
    with contextlib.suppress(JsonFault):
        parse(data)


@pytest.mark.parametrize(
    ("data", "reason", "path"),
    [
        (b"", "bad_json", ""),
        (b"{", "bad_json", ""),
        (b"{} {}", "bad_json", ""),
        (b"{}garbage", "bad_json", ""),
        (b"\xef\xbb\xbf{}", "bad_json", ""),
        (b"'a'", "bad_json", ""),
        (b'{"a":1,}', "bad_json", ""),
        (b'"\x00"', "bad_json", ""),
        (b'"\n"', "bad_json", ""),
        (b'{"a":"\xff"}', "bad_utf8", ""),
        (b'"\xed\xa0\x80"', "bad_utf8", ""),
        (b"NaN", "not_a_number", ""),
        (b'{"a":-Infinity}', "not_a_number", ""),
        (b"1e999", "number_out_of_range", ""),
        (b"-1e999", "number_out_of_range", ""),
        (b'{"a":' + b"9" * 5000 + b"}", "number_out_of_range", ""),
        (b"9" * 41, "number_out_of_range", ""),
        (b'{"a":1,"a":1}', "duplicate_key", "a"),
        (b'{"b":{"a":1,"\\u0061":2}}', "duplicate_key", "a"),
        (b'{"a":{"b":["\\ud800"]}}', "lone_surrogate", "a.b.0"),
        (b'{"\\udfff":1}', "lone_surrogate", "?"),
        (b'{"a":"x\\u0000y"}', "nul_character", "a"),
        (b'{"a\\u0000":1}', "nul_character", "a?"),
        (b"[" * 200_000, "too_deep", ""),
        (b'{"a":' * 200_000, "too_deep", ""),
        (b"[" * 200_000 + b"]" * 200_000, "too_deep", ""),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else value,
)
def test_what_two_readers_could_read_differently_is_refused_by_name(data, reason, path):
    with pytest.raises(JsonFault) as caught:
        parse(data)
    assert (caught.value.reason, caught.value.path) == (reason, path)


def test_the_deepest_document_that_is_allowed_is_read():
    depth = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert parse(depth) is not None
    with pytest.raises(JsonFault, match="too_deep"):
        parse(b"[" + depth + b"]")


def test_brackets_inside_of_text_are_no_depth():
    text = '[{"' * 500
    assert parse(json.dumps({"a": text}).encode()) == {"a": text}


def test_a_surrogate_pair_is_one_character():
    assert parse(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@pytest.mark.parametrize("filler", [b'\\"' * 500_000, b'"' * 1_000_000, b"\\" * 1_000_000, b'"\\\n' * 300_000])
def test_a_megabyte_made_to_be_slow_is_read_in_no_time(filler):
    data = b"[" + b"{}," * 70 + b'"' + filler
    with soon(1):
        with pytest.raises(JsonFault, match="bad_json"):
            parse(data)
