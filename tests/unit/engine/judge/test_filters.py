"""Filters: refusals before a run, failures in it, and bounds."""

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pace import soon
from tests.unit.engine.judge.test_values import json_values
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.filters import FILTERS, Filter, compile_filter, compile_filters, parse_filter
from wxcloudrun.engine.judge.outcome import Found, Missing, Unreadable
from wxcloudrun.engine.judge.values import equal, is_json


def attempt(value, name):
    """What the filter gives, or the reason it does not."""
    try:
        return through(value, (name,))
    except Unreadable as error:
        return str(error)


def through(value, *filters):
    specs = [Filter(name=name, args=args) for name, *args in filters]
    return compile_filters(specs).apply(value if isinstance(value, Missing) else Found(value))


@pytest.mark.parametrize(
    ("name", "args", "field"),
    [
        ("frist", [], "filters.0.name"),
        ("nth", [], "filters.0.args"),
        ("nth", [1, 2], "filters.0.args"),
        ("nth", ["1"], "filters.0.args.0"),
        ("trim", [1], "filters.0.args"),
        ("regex", ["("], "filters.0.args.0"),
        ("regex", ["a", 1], "filters.0.args.0"),
        ("regex", ["(?P<n>a)", "m"], "filters.0.args.0"),
        ("replace_regex", ["a", "\\1"], "filters.0.args.0"),
        ("replace", ["", "x"], "filters.0.args.0"),
        ("split", [""], "filters.0.args.0"),
        ("jsonpath", ["$["], "filters.0.args.0"),
        ("jmespath", ["a["], "filters.0.args.0"),
        ("xpath", ["//["], "filters.0.args.0"),
        ("xpath", ["//a", {"x": 1}], "filters.0.args.0"),
        ("to_date", ["%Q"], "filters.0.args.0"),
        ("format_date", ["%1000000d"], "filters.0.args.0"),
        ("format_date", ["%Y", "Shanghai"], "filters.0.args.0"),
    ],
)
def test_a_filter_that_cannot_work_is_refused_with_its_field(name, args, field):
    with pytest.raises(DefinitionError) as caught:
        compile_filters([Filter(name=name, args=args)])
    assert caught.value.field == field


def test_an_unknown_filter_names_the_closest():
    with pytest.raises(DefinitionError, match="closest: first"):
        compile_filter("frist")


def test_more_than_thirty_filters_are_refused():
    with pytest.raises(DefinitionError, match="30 are allowed"):
        compile_filters([Filter(name="trim")] * 31)


@pytest.mark.parametrize(
    ("value", "filters", "reason"),
    [
        (5, [("lower",)], "filter lower: it works on string, not on number"),
        ({"a": 1}, [("first",)], "filter first: it works on array, not on object"),
        ([1, "a"], [("sort",)], "filter sort: it sorts arrays of texts only or of numbers only"),
        ("x", [("to_number",)], 'filter to_number: "x" is no number'),
        ("true", [("to_number",)], 'filter to_number: "true" is no number'),
        ("NaN", [("to_number",)], 'filter to_number: "NaN" is no number'),
        (True, [("to_number",)], "filter to_number: it works on string or number, not on boolean"),
        ("maybe", [("to_boolean",)], 'filter to_boolean: "maybe" is neither true nor false'),
        (2, [("to_boolean",)], "filter to_boolean: 2 is neither true nor false"),
        ("{", [("parse_json",)], "filter parse_json: the text is not JSON"),
        ("!", [("base64_decode",)], 'filter base64_decode: "!" is no base64'),
        ("/w==", [("base64_decode",)], "filter base64_decode: the decoded bytes are no UTF-8 text"),
        ("soon", [("to_date",)], 'filter to_date: "soon" is no date'),
        (1e300, [("to_date",)], "filter to_date: the number is outside the calendar"),
        (
            "9999-12-31T23:59:59Z",
            [("format_date", "%Y", "+14:00")],
            "filter format_date: the date is outside the calendar",
        ),
        ("<a", [("xpath", "//a")], "filter xpath: the body is not XML"),
        ([1], [("trim",)], "filter trim: it works on string, not on array"),
    ],
)
def test_a_failure_names_the_filter_and_the_type(value, filters, reason):
    with pytest.raises(Unreadable) as caught:
        through(value, *filters)
    assert str(caught.value).startswith(reason)


def test_nothing_stays_nothing_but_for_default_and_count():
    assert through(Missing("x"), ("trim",), ("default", 5), ("to_string",)) == Found("5")
    assert through(Missing("x"), ("trim",)) == Missing("x")
    assert through(Missing("x", many=True), ("count",)) == Found(0)
    assert through(Missing("x"), ("count",)) == Missing("x")
    assert through(None, ("default", 5)) == Found(None)
    assert isinstance(through("a", ("regex", "b")), Missing)
    assert isinstance(through({"a": 1}, ("jsonpath", "$.b")), Missing)


def test_results_that_would_be_huge_are_refused_before_they_are_made():
    with soon(5):
        with pytest.raises(Unreadable, match="20000000 are allowed"):
            through("a" * 100_000, ("replace", "a", "b" * 10_000))
        with pytest.raises(Unreadable, match="20000000 are allowed"):
            through(["x"] * 100_000, ("join", "y" * 10_000))
        with pytest.raises(Unreadable, match="20000000 are allowed"):
            through("a" * 100_000, ("replace_regex", "a", "b" * 10_000))
        with pytest.raises(Unreadable, match="1000 digits"):
            through("1e999999", ("to_integer",))


def test_unique_is_quick_on_many_items_and_keeps_types_apart():
    with soon(10):
        assert len(through([{"id": n % 100} for n in range(5_000)], ("unique",)).value) == 100
        assert through([1, True, 1.0, "1", 9007199254740993, 9007199254740992.0], ("unique",)).value == [
            1,
            True,
            "1",
            9007199254740993,
            9007199254740992.0,
        ]


def test_a_filter_can_be_written_in_one_line():
    assert parse_filter('replace "a b" "c"').apply("xa b") == "xc"
    assert parse_filter("nth 1").apply([1, 2]) == 2
    assert parse_filter(" trim ").apply(" a ") == "a"
    with pytest.raises(DefinitionError, match="not JSON") as caught:
        parse_filter("nth x")
    assert caught.value.position == 4


def test_lone_surrogates_and_nul_pass_through_every_text_filter():
    for name in FILTERS:
        if not FILTERS[name].parameters:
            result = attempt("a\x00\ud800é", name)
            assert not isinstance(result, str) or f"filter {name}: " in result


@given(json_values, st.sampled_from(sorted(name for name, kind in FILTERS.items() if not kind.parameters)))
def test_any_value_gives_json_or_a_reason(value, name):
    result = attempt(value, name)
    if isinstance(result, str):
        assert result.startswith(f"filter {name}: ")
    else:
        assert isinstance(result, Missing) or is_json(result.value)


@given(st.text())
def test_encodings_lead_back(text):
    text = text.encode("utf-8", "replace").decode()
    assert through(text, ("base64_encode",), ("base64_decode",)).value == text
    assert through(text, ("url_encode",), ("url_decode",)).value == text
    assert through(text, ("html_escape",), ("html_unescape",)).value == text


@pytest.mark.parametrize(
    "items",
    [
        [{"id": at, "name": "x"} for at in range(30_000)],
        [[1, at] for at in range(30_000)],
        [[[1], at] for at in range(30_000)],
        [at * (2**61 - 1) + 2**70 for at in range(30_000)],
    ],
    ids=["objects", "arrays", "arrays in arrays", "numbers with one hash"],
)
def test_unique_takes_as_long_as_there_are_items_however_alike_they_are(items):
    began = time.process_time()
    assert through([*items, *items], ["unique"]).value == items
    assert time.process_time() - began < 4


@given(st.lists(json_values, max_size=8))
def test_unique_keeps_the_first_of_equal_items(items):
    kept: list[object] = []
    for item in items + items:
        if not any(equal(item, other) for other in kept):
            kept.append(item)
    assert through(items + items, ["unique"]).value == kept


def test_unique_compares_numbers_by_the_decimal_they_are_written_with():
    assert through([1e23, 10**23, Decimal("1E+23"), 1, Decimal("1.00"), "1"], ["unique"]).value == [1e23, 1, "1"]


@pytest.mark.parametrize("value", [[1], {"a": 1}, 5, None, True])
@pytest.mark.parametrize("new", ["b", "b" * 200])
def test_replace_regex_says_that_it_takes_texts(value, new):
    with pytest.raises(Unreadable, match="replace_regex: it works on string"):
        through(value, ["replace_regex", "a", new])


def test_more_parts_than_can_be_joined_in_time_are_refused():
    assert through([1, "a", [2.5], {"k": None}], ["join", "-"]).value == '1-a-[2.5]-{"k":null}'
    with pytest.raises(Unreadable, match="join: there are more than 1000000 parts"):
        through([1] * 1_000_001, ["join", "-"])
