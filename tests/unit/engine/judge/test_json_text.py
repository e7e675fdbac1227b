"""Reading JSON strictly."""

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxcloudrun.engine.judge.json_text import MAX_EXACT_NUMBERS, NotJsonError, parse_json, write_json


def test_numbers_keep_all_their_digits():
    value = parse_json("[12345678901234567890, 0.1, 1e400, 1.0000000000000001, 1e2, -0.0, 0.30000000000000004]")
    assert value[:5] == [12345678901234567890, 0.1, Decimal("1E+400"), Decimal("1.0000000000000001"), 100.0]
    assert isinstance(value[6], float)
    assert write_json(value) == "[12345678901234567890,0.1,1E+400,1.0000000000000001,100.0,-0.0,0.30000000000000004]"


def test_an_integer_of_thousands_of_digits_is_read():
    assert parse_json("1" * 5_000) == Decimal("1" * 5_000)
    assert parse_json("[" + "1" * 5_000 + ", 2]")[1] == 2


@given(
    st.integers(0, 10**25).map(str),
    st.sampled_from(["", ".0", ".5", ".1234567", ".00000000000000010", ".12345678901234567"]),
    st.sampled_from(["", "e0", "e5", "E-22", "e+290", "e-300", "e308", "e-320", "e400"]),
)
def test_a_number_is_the_decimal_that_was_written_however_it_is_written(whole, fraction, exponent):
    text = whole + fraction + exponent
    value = parse_json(text)
    assert Decimal(repr(value) if isinstance(value, float) else value) == Decimal(text)


@pytest.mark.parametrize("number", ["0.12345678901234567891", "1e400"])
def test_numbers_that_take_long_to_read_are_counted(number):
    text = "[" + ",".join([number] * (MAX_EXACT_NUMBERS + 1)) + "]"
    began = time.process_time()
    with pytest.raises(NotJsonError, match="more than 700000 numbers"):
        parse_json(text)
    assert time.process_time() - began < 8


@pytest.mark.parametrize("text", ["[NaN]", "[Infinity]", "[-Infinity]"])
def test_constants_that_json_does_not_have_are_refused_with_their_place(text):
    with pytest.raises(NotJsonError, match="at line 1 column 2") as caught:
        parse_json(text)
    assert caught.value.where == f"{text}\n ^"


def test_a_constant_inside_a_text_is_not_blamed():
    with pytest.raises(NotJsonError, match="line 2 column 2"):
        parse_json('{"NaN": "NaN \\" NaN", "a":\n NaN}')


def test_a_number_outside_all_reason_is_refused():
    with pytest.raises(NotJsonError, match="1e999999999"):
        parse_json("1e999999999")


def test_a_fault_shows_its_line_and_a_caret():
    with pytest.raises(NotJsonError) as caught:
        parse_json('{"a": 1,\n "b": tru}')
    assert caught.value.reason == "Expecting value at line 2 column 7"
    assert caught.value.where == ' "b": tru}\n      ^'


@pytest.mark.parametrize("levels", [513, 2_000, 100_000])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused_with_a_reason(levels, brackets):
    with pytest.raises(NotJsonError, match="nested deeper than 512"):
        parse_json(brackets[0] * levels + "1" + brackets[1] * levels)


def test_512_levels_and_many_shallow_brackets_are_read():
    parse_json("[" * 512 + "]" * 512)
    assert len(parse_json("[" + ",".join(["[]"] * 5_000) + "]")) == 5_000


def test_of_duplicate_keys_the_last_counts_and_a_mark_is_skipped():
    assert parse_json('\ufeff{"a": 1, "a": 2}') == {"a": 2}


def test_lone_surrogates_and_nul_are_read():
    assert parse_json('["\\ud800", "\\u0000", "\\ud83d\\ude00"]') == ["\ud800", "\x00", "😀"]


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    reason = None
    try:
        parse_json(text)
    except NotJsonError as error:
        reason = error.reason
    assert reason is None or " " in reason


def test_more_arrays_and_objects_than_can_be_read_in_time_are_refused():
    start = time.thread_time()
    with pytest.raises(NotJsonError, match="more than 1500000 arrays and objects"):
        parse_json("[" + "[]," * 1_500_000 + "0]")
    assert time.thread_time() - start < 0.5
