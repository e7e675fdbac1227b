"""Assertions: outcomes a person can act on, and never an exception."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.unit.engine.judge.test_values import json_values
from tests.unit.engine.response_maker import response, view
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.assertion import Assertion, compile_assertion
from wxcloudrun.engine.judge.reading import ResponseView
from wxcloudrun.engine.judge.values import shown
from wxcloudrun.engine.response import Body


def check(seen, variables=None, **fields):
    return compile_assertion(Assertion.model_validate(fields)).check(seen, variables or {})


def test_a_failure_tells_expected_actual_and_place():
    outcome = check(view({"id": 6}), name="the id", source="jsonpath", argument="$.id", comparator="eq", expected=5)
    assert (outcome.passed, outcome.name, outcome.expected, outcome.actual) == (False, "the id", 5, 6)
    assert outcome.message == "expected jsonpath $.id to equal 5, got 6"
    assert outcome.where == "$.id"


def test_an_own_message_keeps_the_facts():
    outcome = check(view({}), source="jsonpath", argument="$.id", comparator="eq", expected=5, message="no order id")
    assert outcome.message.startswith("no order id (jsonpath $.id cannot be checked: $.id matches nothing")
    assert outcome.where == "$.id\n ^ nothing here"
    assert outcome.nearest == "`$` exists and is an empty object"


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize(
    "comparator", ["eq", "ne", "contains", "not_contains", "empty", "not_empty", "matches", "not_in"]
)
def test_a_misspelt_path_never_passes(comparator, negate):
    expected = {"matches": "a", "not_in": []}.get(comparator)
    outcome = check(
        view({"a": 1}), source="jsonpath", argument="$.b", comparator=comparator, expected=expected, **{"not": negate}
    )
    assert not outcome.passed


@pytest.mark.parametrize(
    ("comparator", "negate", "passed"),
    [("exists", False, False), ("exists", True, True), ("not_exists", False, True), ("not_exists", True, False)],
)
def test_only_presence_is_judged_on_nothing(comparator, negate, passed):
    for argument in ("$.b", "$..b", "$[?@.b]"):
        assert (
            check(view({"a": 1}), source="jsonpath", argument=argument, comparator=comparator, **{"not": negate}).passed
            is passed
        )


def test_a_query_for_many_that_matches_nothing_is_an_empty_list():
    seen = view({"items": []})
    assert check(seen, source="jsonpath", argument="$.items[*].id", comparator="length", expected=0).passed
    assert check(seen, source="jsonpath", argument="$.items[*].id", comparator="empty").passed
    assert check(seen, source="jsonpath", argument="$.items[*].id", comparator="eq", expected=[]).passed
    outcome = check(seen, source="jsonpath", argument="$.items[*].id", comparator="contains", expected=1)
    assert outcome.nearest == "`$.items` exists and is an array of 0"


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>", "not JSON"),
        (b"", "empty"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b"[" * 100_000, "deeper than 512"),
        (b"\xff", "not utf-8"),
    ],
)
def test_a_broken_body_fails_the_check_with_its_reason(content, words, negate):
    outcome = check(view(content), source="jsonpath", argument="$.a", comparator="not_exists", **{"not": negate})
    assert not outcome.passed
    assert words in outcome.message


def test_a_body_too_large_fails_the_check_with_both_sizes():
    huge = ResponseView(response(body=Body(head=b"{}", size=56_000_000)))
    assert (
        "body too large for JSONPath: 56 MB > 20 MB"
        in check(huge, source="jsonpath", argument="$", comparator="exists").message
    )


def test_expressions_are_judged_or_compared():
    seen = view({"n": 3})
    assert check(seen, expression="body.n == 3 and status == 200").passed
    assert check(seen, expression="body.n", comparator="between", expected=[1, 3]).passed
    assert check(seen, {"k": 2}, expression="body.n + k", comparator="eq", expected=5).passed
    assert check(seen, expression="str(body.n)", filters=[{"name": "to_integer"}], comparator="eq", expected=3).passed
    assert not check(seen, expression="true", **{"not": True}).passed


def test_a_used_up_budget_is_a_failed_check():
    outcome = check(view({}), {"big": "a" * 1_000_000}, expression="+".join(["big"] * 20))
    assert not outcome.passed
    assert "expression: budget used up" in outcome.message


def test_an_expression_that_fails_shows_the_place():
    outcome = check(view({"n": 3}), expression="1 + body.m")
    assert outcome.where == "1 + body.m\n         ^"
    assert "m is not there" in outcome.message


def test_faults_of_schema_and_structure_are_all_listed():
    seen = view({"a": "x", "b": "y"})
    outcome = check(seen, source="jsonpath", argument="$", comparator="structure", expected={"a": 1, "b": "#integer"})
    assert outcome.places == ('$.a: expected 1, got "x" (string)', '$.b: expected #integer, got "y" (string)')
    outcome = check(
        seen,
        source="jsonpath",
        argument="$",
        comparator="schema",
        expected={"additionalProperties": {"type": "integer"}},
    )
    assert len(outcome.places) == 2


def test_what_is_reported_is_bounded_and_json():
    seen = view({"items": [{"text": "x" * 10_000}] * 5_000})
    outcome = check(seen, source="jsonpath", argument="$.items", comparator="eq", expected=["y" * 10_000])
    assert len(json.dumps(outcome.actual)) < 200_000
    assert len(outcome.message) < 2_000
    assert all(len(place) < 600 for place in outcome.places)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"source": "jsonpath", "argument": "$[", "comparator": "exists"}, "argument"),
        ({"source": "status", "comparator": "between", "expected": 5}, "expected"),
        ({"source": "status", "comparator": "schema", "expected": {"$ref": "http://x.example/"}}, "expected"),
        ({"source": "body", "comparator": "matches", "expected": "(?=a)"}, "expected"),
        ({"expression": "1 +"}, "expression"),
        ({"expression": "1", "comparator": "type", "expected": "x"}, "expected"),
        ({"expression": "1", "comparator": "exists", "filters": [{"name": "x"}]}, "filters.0.name"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_saved(fields, field):
    with pytest.raises(DefinitionError) as caught:
        compile_assertion(Assertion(**fields))
    assert caught.value.field == field


def test_placeholders_are_left_for_the_run_when_saving():
    for fields in (
        {"source": "status", "comparator": "between", "expected": "{{range}}"},
        {"source": "jsonpath", "argument": "$.a[{{n}}]", "comparator": "schema", "expected": {"enum": ["{{x}}"]}},
    ):
        compile_assertion(Assertion(**fields), templated=True)
    with pytest.raises(DefinitionError, match="argument"):
        compile_assertion(
            Assertion(source="jsonpath", argument="$[", comparator="eq", expected="{{x}}"), templated=True
        )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"source": "status"},
        {"source": "status", "expression": "1", "comparator": "eq"},
        {"source": "status", "comparator": "equals"},
        {"expression": "1", "colour": 1},
    ],
)
def test_the_shape_is_vetted(fields):
    with pytest.raises(ValidationError):
        Assertion(**fields)


def test_a_changed_copy_is_compiled_anew():
    first = Assertion(source="status", comparator="eq", expected=200)
    assert compile_assertion(first).check(view({}), {}).passed
    assert compile_assertion(first) is compile_assertion(first)
    assert not compile_assertion(first.model_copy(update={"expected": 201})).check(view({}), {}).passed


def test_not_is_read_and_written_by_its_name():
    assertion = Assertion.model_validate({"source": "status", "comparator": "eq", "not": True})
    assert assertion.negate
    assert Assertion.model_validate(assertion.model_dump(by_alias=True)).negate


@given(
    json_values,
    st.sampled_from(["$", "$.a", "$..a", "$[?@.a]", "$[0]", "$.*"]),
    st.sampled_from(
        [
            "eq",
            "ne",
            "lt",
            "contains",
            "in",
            "matches",
            "exists",
            "empty",
            "type",
            "length",
            "starts_with",
            "between",
            "schema",
            "structure",
        ]
    ),
    st.booleans(),
)
def test_a_check_of_any_body_ends_with_an_outcome_that_is_json(body, path, comparator, negate):
    expected = {
        "lt": 1,
        "in": [body],
        "matches": "a",
        "type": "string",
        "length": 1,
        "starts_with": "a",
        "between": [0, 5],
        "schema": {"type": "object"},
        "structure": "#object",
    }.get(comparator, body)
    outcome = check(
        view(body), source="jsonpath", argument=path, comparator=comparator, expected=expected, **{"not": negate}
    )
    assert outcome.passed is (not outcome.message)
    json.dumps([outcome.actual, outcome.expected, outcome.places], allow_nan=False)
    assert shown(outcome.actual) == outcome.actual


@pytest.mark.parametrize(
    "comparator", ["eq", "ne", "contains", "in", "schema", "structure", "length", "type", "matches", "lt"]
)
def test_values_of_any_depth_are_judged_without_an_exception(comparator):
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    other: object = 2
    for _ in range(150):
        other = [other]
    expected = {
        "in": [other],
        "schema": {"items": {"$ref": "#"}},
        "structure": "#array",
        "length": 2,
        "type": "null",
        "matches": "a",
        "lt": 1,
    }.get(comparator, other)
    outcome = check(
        view({}), {"deep": deep}, source="variable", argument="deep", comparator=comparator, expected=expected
    )
    json.dumps(outcome.actual)
    assert outcome.passed is (comparator == "ne")


@given(st.binary(max_size=60), st.sampled_from(["jsonpath", "jmespath", "xpath", "regex"]))
def test_a_check_of_any_bytes_ends_with_an_outcome(content, source):
    argument = {"jsonpath": "$.a", "jmespath": "a", "xpath": "//a", "regex": "a"}[source]
    assert isinstance(check(view(content), source=source, argument=argument, comparator="exists").passed, bool)


def test_an_exact_number_taken_from_one_response_is_found_again_in_the_next():
    seen = view(b'{"a": 0.12345678901234567890123, "b": 1e400}')
    for name in ("a", "b"):
        exact = seen.json()[name]
        fields = {"source": "jsonpath", "argument": f"$.{name}", "comparator": "eq"}
        assert check(seen, **fields, expected=exact).passed
        assert not check(seen, **fields, expected=float(10**300)).passed


def test_an_expected_value_that_is_no_json_is_refused():
    for expected in (float("nan"), object(), {1: 2}):
        with pytest.raises(DefinitionError, match="no JSON"):
            compile_assertion(Assertion(source="status", comparator="eq", expected=expected))


PAGE = "<h1>shop</h1>\r\n<p>4 orders open</p>\nend"


@pytest.mark.parametrize(
    ("comparator", "expected", "where", "nearest"),
    [
        ("eq", PAGE.replace("4", "5"), "body, line 2, column 4\n<p>4 orders open</p>\n   ^ differs here", None),
        ("eq", PAGE[:3], "body, line 1, column 4\n<h1>shop</h1>\n   ^ the expected text ends here", None),
        ("eq", f"{PAGE}!", "body, line 3, column 4\nend\n   ^ the text ends here", None),
        ("contains", "5 orders open", "body", "line 2: <p>4 orders open</p>"),
        ("contains", "nothing like it at all", "body", None),
        ("not_contains", "orders", "body, line 2, column 6\n<p>4 orders open</p>\n     ^ found here", None),
        ("eq", 5, "body", None),
    ],
)
def test_a_failed_comparison_of_a_text_names_the_line(comparator, expected, where, nearest):
    seen = ResponseView(response(content=PAGE.encode()))
    outcome = check(seen, source="body", comparator=comparator, expected=expected)
    assert not outcome.passed
    assert (outcome.where, outcome.nearest) == (where, nearest)


def test_a_very_long_line_is_not_shown_in_parts():
    seen = ResponseView(response(content=b"a" * 10_000))
    outcome = check(seen, source="body", comparator="eq", expected="a" * 9_000 + "b")
    assert outcome.where == "body, line 1, column 9001: differs here"


@pytest.mark.parametrize(
    ("comparator", "expected"), [("schema", {"type": "object"}), ("structure", {"id": "#integer"})]
)
def test_json_that_is_looked_at_as_a_text_says_how_to_read_it(comparator, expected):
    seen = ResponseView(response(content=b' {"id": 7}'))
    outcome = check(seen, source="body", comparator=comparator, expected=expected)
    assert (outcome.passed, outcome.nearest) == (False, "`body` is a text; `jsonpath $` reads it as JSON")
    assert check(seen, source="jsonpath", argument="$", comparator=comparator, expected=expected).passed
    for content in (b"id 7", b""):
        plain = ResponseView(response(content=content))
        assert check(plain, source="body", comparator=comparator, expected=expected).nearest is None
