"""JSON values: equality, order, depth and the bounded copy."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxcloudrun.engine.judge.json_text import parse_json, write_json
from wxcloudrun.engine.judge.values import brief, depth, equal, is_integer, is_json, number_less, shown, type_name

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        (None, False, False),
        ([1, 2], [2, 1], False),
        ({"a": 1, "b": [1.0]}, {"b": [1], "a": 1}, True),
        ([1], [True], False),
        ({"a": 1}, {"a": 1, "b": None}, False),
        (9007199254740993, 9007199254740992.0, False),
        (12345678901234567890, 12345678901234567891, False),
        (Decimal("1E+400"), Decimal("10E+399"), True),
        (Decimal("0.1"), 0.1, True),
        (Decimal("1.0000000000000001"), 1, False),
        ("é", "e\u0301", False),
    ],
)
def test_equality_goes_by_value_and_type(one, other, same):
    assert equal(one, other) is same
    assert equal(other, one) is same


@given(json_values)
def test_a_value_equals_its_own_text_read_again(value):
    assert equal(parse_json(write_json(value)), value)


@given(json_values)
def test_the_bounded_copy_of_any_value_is_json(value):
    copy = shown(value)
    assert is_json(copy)
    assert len(write_json(copy)) < 200_000


def test_deep_values_are_compared_without_overflowing():
    one: object = 1
    other: object = 1
    for _ in range(50_000):
        one, other = [one], [other]
    assert equal(one, other)
    assert depth(one) == 513


def test_a_wide_value_is_cut_in_a_report():
    copy = shown({"items": list(range(100_000)), "text": "x" * 100_000})
    assert copy["items"][-1] == "… (99950 more)"
    assert copy["text"].endswith("… (100000 characters)")


def test_lone_surrogates_and_exact_numbers_can_be_stored():
    assert shown({"a": "x\ud800", "b": Decimal("1E+400")}) == {"a": "x\\ud800", "b": "1E+400"}
    write_json(shown(["\ud800"])).encode("utf-8")


def test_a_shared_value_that_doubles_at_each_level_is_no_json_of_bounded_size():
    value: object = [1]
    for _ in range(60):
        value = [value, value]
    assert not is_json(value, 100_000)
    assert len(write_json(shown(value))) < 100_000


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        (1, True),
        (1.0, True),
        (1.5, False),
        (True, False),
        (Decimal("1E+400"), True),
        (Decimal("1.50"), False),
        ("1", False),
    ],
)
def test_an_integer_is_a_number_without_a_fraction(value, whole):
    assert is_integer(value) is whole


def test_order_of_numbers_is_exact():
    assert number_less(9007199254740992.0, 9007199254740993)
    assert number_less(10**300, Decimal("1E+400"))
    assert not number_less(Decimal("0.1"), 0.1)


def test_brief_shows_any_value_on_one_line():
    assert brief({"a": [1, {"b": 2}], "c": None}) == "{a: […], c: null}"
    assert brief([1, "x", True]) == '[1, "x", true]'
    assert [type_name(one) for one in (None, True, 1, 1.5, "", [], {})] == [
        "null",
        "boolean",
        "number",
        "number",
        "string",
        "array",
        "object",
    ]


def test_a_large_integer_equals_the_double_that_is_written_like_it():
    assert equal(1e23, 10**23)
    assert not equal(1e23, 10**23 - 8_388_608)  # what the double holds to the last bit
    assert not number_less(1e23, 10**23)
    assert number_less(10**23 - 1, 1e23)
