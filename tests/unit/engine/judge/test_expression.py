"""The expression language: values, faults with places, budgets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pace import soon
from tests.unit.engine.response_maker import view
from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.judge.expression import Budget, compile_expression
from wxcloudrun.engine.judge.reading import ResponseView

NAMES = {
    "x": 5,
    "name": "Li",
    "list": [1, 2],
    "big": "a" * 100_000,
    "deep": {"a": [{"b": 1}]},
    "wide": list(range(60_000)),
    "status": "mine",
}


def value(text, names=NAMES, seen: ResponseView | None = None, **budget):
    return compile_expression(text).evaluate(names, seen, Budget(**budget) if budget else None)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("2 - 3 - 4", -5), ("-x + 1", -4), ("- -x", 5), ("7 // 2", 3), ("-7 % 3", 2),
        ("10 / 4", 2.5), ("10 / 5", 2), ("0.1 + 0.2", 0.1 + 0.2), ("12345678901234567890 + 1", 12345678901234567891),
        ("1 == 1.0", True), ("1 == true", False), ("'1' != 1", True), ("[1, {a: 2}] == [1.0, {'a': 2}]", True),
        ("1 < 2 and 'a' < 'b'", True), ("not 1 == 2", True), ("!(x in [5])", False), ("3 not in list", True),
        ("'i' in name", True), ("'a' in deep", True), ("true or missing", True), ("false and missing", False),
        ("null || 0 || 'x'", True), ("x > 3 ? 'big' : x < 0 ? 'negative' : 'small'", "big"),
        ("deep.a[0]['b']", 1), ("list[-1]", 2), ("name[0]", "L"), ("[1, 2][x - 4]", 2), ("{a: {'b c': 3}}['a']['b c']", 3),
        ("[]", []), ("{}", {}), ("'it\\'s \"q\" \\u00e9'", "it's \"q\" é"), ('"a\\n"', "a\n"), ("[1] + [2]", [1, 2]),
        ("status", "mine"), ("1e3", 1000.0), ("len('héé')", 3), ("max(1, 2.5)", 2.5), ("int('-3.9')", -3), ("str(1.50)", "1.5"),
        ("str('a')", "a"), ("str(12345678901234567890)", "12345678901234567890"), ("round(12.5)", 12), ("round(1234, -2)", 1200),
    ],
)  # fmt: skip
def test_an_expression_has_its_value(text, result):
    got = value(text)
    assert got == result
    assert type(got) is type(result)


def test_the_response_goes_before_a_variable_of_the_same_name():
    seen = view({"a": 1}, headers={"X-Id": "7"})
    assert value("[status, var('status'), body.a, headers['x-ID'], header('x-id'), size, url, duration]", NAMES, seen) == [
        200, "mine", 1, "7", "7", 8, "http://api.example/x", 12.5,
    ]  # fmt: skip
    assert value("cookies.sid + text", NAMES, seen) == '2{"a": 1}'


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0), ("1 +", 3), ("1 2", 2), ("(1", 2), ("[1,", 3), ("'abc", 0), ("a.", 2), ("a.1", 2), ("a[1", 3), ("a ? b", 5),
        ("1 < 2 < 3", 6), ("9**9", 2), ("foo(1)", 0), ("len()", 0), ("len(1, 2)", 0), ("1 + len('a' 'b')", 12), ("{1: 2}", 1),
        ("{a}", 2), ("a = 1", 2), ("a; b", 1), ("lambda: 1", 6), ("matches(a, '(')", 12), ("jsonpath('$[')", 12), ("01", 0),
        ("1abc", 0), ("'\\q'", 0), ("and 1", 0), ("not", 3), ("@", 0), ("a.b.", 4),
    ],
)  # fmt: skip
def test_a_fault_in_the_text_is_refused_with_its_position(text, position):
    with pytest.raises(DefinitionError) as caught:
        compile_expression(text, "steps.0.condition")
    assert (caught.value.field, caught.value.position) == ("steps.0.condition", position)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 9_000,
        "[" * 9_000,
        "-" * 9_000 + "1",
        "not " * 2_400 + "1",
        "1?" * 4_000,
        "a[" * 4_000,
        "len(" * 2_400,
        "(" * 20_000 + "1" + ")" * 20_000,
    ],
)
def test_deep_nesting_is_refused_at_once(text):
    with soon(0.5):
        with pytest.raises(DefinitionError, match="deeper than 60|are allowed"):
            compile_expression(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("missing + 1", "missing has no value"),
        ("nam", "closest: name"),
        ("deep.b", "the value exists and has keys: a"),
        ("list[2]", "index 2 is outside an array of 2"),
        ("x.y", 'a number has no "y"'),
        ("name.__class__", 'a string has no "__class__"'),
        ("'a' + 1", "does not work on a string and a number"),
        ("'a' * 3", "does not work on a string and a number"),
        ("'a' < 1", "have no order"),
        ("1 in 2", "cannot be in"),
        ("-'a'", "has no negative"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "division by zero"),
        ("1e308 * 10", "too large"),
        ("int('x')", "is no number"),
        ("max([])", "empty"),
        ("jsonpath('$')", "no response"),
        ("int(1e400 * 1)", None),
    ],
)
def test_a_fault_in_the_evaluation_is_told_with_its_place(text, words):
    if words is None:
        assert value(text) == 10**400
        return
    with pytest.raises(StepError, match=words) as caught:
        value(text)
    assert caught.value.error_class is ErrorClass.EXPRESSION
    assert "^" in (caught.value.detail or "")


@pytest.mark.parametrize(
    "text",
    [
        "+".join(["big"] * 60),
        "[" + ",".join(["big + big"] * 40) + "]",
        "+".join(["wide"] * 80),
        "*".join(["999999999999999999"] * 400),
        "[" + ",".join(["sum(wide)"] * 5) + "]",
        "[" + ",".join(["wide == (wide + [])"] * 5) + "]",
        "[" + ",".join(["replace(big, 'a', big)"] * 2) + "]",
        "join(split(big + ' ', 'a'), big)",
        "[" + ",".join(["upper(big)"] * 50) + "]",
        "[" + ",".join(["5 in wide"] * 5) + "]",
    ],
)
def test_what_grows_is_stopped_by_the_budget_within_milliseconds(text):
    compiled = compile_expression(text)
    with soon(1):
        with pytest.raises(StepError, match="budget used up"):
            compiled.evaluate(NAMES)


def test_the_budget_is_deterministic():
    def enough(steps):
        try:
            value("sum(list) + len(name)", steps=steps)
        except StepError:
            return False
        return True

    least = next(steps for steps in range(100) if enough(steps))
    assert [enough(least - 1), enough(least), enough(least + 1)] == [False, True, True]


def test_a_broken_body_is_an_error_of_the_expression():
    with pytest.raises(StepError, match="the body is not JSON") as caught:
        value("body.a", NAMES, view(b"<html>"))
    assert caught.value.error_class is ErrorClass.EXPRESSION


def test_holds_follows_the_rule_of_truth():
    assert [
        compile_expression(text).holds({}) for text in ("1", "0", "''", "'a'", "[]", "null", "false", "{a: 1}")
    ] == [True, False, False, True, False, False, False, True]


def test_a_long_chain_is_evaluated_without_recursion():
    assert value("+".join(["1"] * 3_000)) == 3_000
    assert value(" and ".join(["true"] * 1_000)) is True


@given(st.text(alphabet="ab1.+-*/()[]{}'\"?:,<>=! notinadr", max_size=25))
def test_any_text_is_a_value_or_one_of_two_errors(text):
    position, error_class = None, None
    try:
        compile_expression(text).evaluate({"a": 1, "b": [1, {"a": "x"}]})
    except DefinitionError as error:
        position = error.position
    except StepError as error:
        error_class = error.error_class
    assert position is None or 0 <= position <= len(text)
    assert error_class in (None, ErrorClass.EXPRESSION)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.integers(1, 1000))
def test_arithmetic_agrees_with_python(one, other, third):
    names = {"a": one, "b": other, "c": third}
    assert value("a + b * c - a % c", names) == one + other * third - one % third
    assert value("(a - b) // c", names) == (one - other) // third
