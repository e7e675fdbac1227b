"""Comparators and their one rule for equality, order and patterns."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.judge.test_values import json_values
from tests.unit.engine.response_maker import view
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.assertion import Assertion, compile_assertion
from wxcloudrun.engine.judge.comparators import Comparator, compile_check, plain
from wxcloudrun.engine.judge.kinds import KINDS

NOT_AT_ALL = None


@pytest.mark.parametrize(
    ("comparator", "expected", "actual", "holds"),
    [
        ("eq", 1, 1.0, True),
        ("eq", 1, "1", False),
        ("eq", None, None, True),
        ("eq", 9007199254740993, 9007199254740992, False),
        ("lt", 9007199254740993, 9007199254740992, True),
        ("lt", 10, Decimal("1E+400"), False),
        ("lt", "b", "a", True),
        ("lt", 1, "0", NOT_AT_ALL),
        ("lt", "1", 0, NOT_AT_ALL),
        ("ge", 1, True, NOT_AT_ALL),
        ("ge", 1, None, NOT_AT_ALL),
        ("le", 1, 1.0, True),
        ("gt", 1, 1.0000001, True),
        ("contains", "b", "abc", True),
        ("contains", 20, "x20", True),
        ("contains", 1, [True], False),
        ("contains", {"a": 1}, [{"a": 1.0}], True),
        ("contains", "a", {"a": None}, True),
        ("contains", {"a": 1}, {"a": 1, "b": 2}, True),
        ("contains", {"a": 2}, {"a": 1}, False),
        ("contains", [1], "x", NOT_AT_ALL),
        ("contains", 1, 10, NOT_AT_ALL),
        ("in", [1, "a"], 1.0, True),
        ("in", [1], True, False),
        ("in", "abc", "b", True),
        ("in", {"a": 1}, "a", True),
        ("in", "abc", None, NOT_AT_ALL),
        ("matches", "^2\\d\\d$", 204, True),
        ("matches", "b", "abc", True),
        ("matches", "b", None, NOT_AT_ALL),
        ("empty", None, "", True),
        ("empty", None, [], True),
        ("empty", None, {}, True),
        ("empty", None, None, True),
        ("empty", None, " ", False),
        ("empty", None, 0, NOT_AT_ALL),
        ("empty", None, False, NOT_AT_ALL),
        ("type", "integer", 1.0, True),
        ("type", ["null", "string"], None, True),
        ("type", "number", True, False),
        ("length", 1, "😀", True),
        ("length", 2, {"a": 1, "b": 2}, True),
        ("length", 2, 12, NOT_AT_ALL),
        ("starts_with", "ab", "abc", True),
        ("starts_with", 2, 204, True),
        ("ends_with", "bc", "abc", True),
        ("ends_with", "c", None, NOT_AT_ALL),
        ("between", [1, 3], 3, True),
        ("between", [1, 3], 3.0001, False),
        ("between", ["a", "c"], "b", True),
        ("between", [1, 3], "2", NOT_AT_ALL),
        ("schema", {"type": "string"}, "x", True),
        ("structure", {"a": "#string"}, {"a": 1}, False),
        ("exists", None, None, True),
    ],
)
def test_a_comparator_holds_or_not_or_cannot_be_made(comparator, expected, actual, holds):
    assert compile_check(Comparator(comparator), expected)(actual).holds is holds


@pytest.mark.parametrize(
    ("comparator", "expected"),
    [
        ("lt", None),
        ("lt", True),
        ("lt", []),
        ("between", [1]),
        ("between", [1, "2"]),
        ("between", 5),
        ("in", 5),
        ("matches", 5),
        ("matches", "("),
        ("type", "text"),
        ("type", []),
        ("type", [1]),
        ("length", -1),
        ("length", 1.5),
        ("length", "1"),
        ("length", True),
        ("starts_with", None),
        ("schema", "x"),
        ("schema", {"type": 1}),
        ("structure", "#nope"),
        ("eq", float("nan")),
        ("eq", float("inf")),
    ],
)
def test_an_expected_value_that_cannot_work_is_refused(comparator, expected):
    with pytest.raises(DefinitionError) as caught:
        compile_check(Comparator(comparator), expected, "assertions.0.expected")
    assert caught.value.field == "assertions.0.expected"


def test_a_difference_inside_a_document_is_named_by_its_place():
    verdict = compile_check(Comparator.EQ, {"a": [1, {"b": "#x"}], "c": 1})({"a": [1, {"b": "y"}], "d": 1})
    assert verdict.places == (
        '$.a[1].b: expected "#x", got "y"',
        "$.c: expected 1, but it is absent",
        "$.d: the key is not expected",
    )


EXPECTED = {
    "lt": st.integers() | st.text(max_size=3),
    "matches": st.sampled_from(["a", "^$", "\\d+", "."]),
    "type": st.sampled_from(sorted(KINDS)),
    "length": st.integers(0, 3),
    "starts_with": st.text(max_size=2) | st.integers(),
    "between": st.tuples(st.integers(), st.integers()).map(sorted),
    "in": st.lists(json_values, max_size=3) | st.text(max_size=3),
    "schema": st.sampled_from([True, False, {"type": "string"}, {"items": {"type": "integer"}}]),
}
for same, other in {
    "le": "lt",
    "gt": "lt",
    "ge": "lt",
    "not_matches": "matches",
    "ends_with": "starts_with",
    "not_in": "in",
}.items():
    EXPECTED[same] = EXPECTED[other]


@given(st.sampled_from(list(Comparator)), json_values, st.data())
def test_not_is_the_exact_opposite_unless_nothing_can_be_compared(comparator, actual, data):
    expected = data.draw(EXPECTED.get(comparator.value, json_values.filter(lambda value: "#" not in str(value))))
    base, _ = plain(comparator)
    verdict = compile_check(base, expected)(actual)

    def passes(negate):
        assertion = Assertion(source="variable", argument="v", comparator=comparator, expected=expected, negate=negate)
        return compile_assertion(assertion).check(view(b""), {"v": actual}).passed

    assert [passes(False), passes(True)].count(True) == (0 if verdict.holds is None else 1)


@given(json_values, json_values)
def test_equality_is_symmetric_and_agrees_with_containing_and_in(one, other):
    same = compile_check(Comparator.EQ, one)(other).holds
    assert compile_check(Comparator.EQ, other)(one).holds is same
    assert compile_check(Comparator.CONTAINS, one)([other]).holds is same
    assert compile_check(Comparator.IN, [one])(other).holds is same


@given(
    st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    st.integers() | st.floats(allow_nan=False, allow_infinity=False),
)
def test_exactly_one_of_less_equal_greater_holds_for_two_numbers(one, other):
    held = [name for name in ("lt", "eq", "gt") if compile_check(Comparator(name), other)(one).holds]
    assert len(held) == 1
