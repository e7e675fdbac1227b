"""JMESPath with a budget."""

import pytest

from tests.pace import soon
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.jmes import compile_jmespath
from wxcloudrun.engine.judge.outcome import Found, Missing, Unreadable

DATA = {"a": [{"b": 1, "c": "x"}, {"b": True, "c": "y"}], "s": "text"}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a[0].c", "x"),
        ("a[*].c", ["x", "y"]),
        ("a[?b==`1`].c", ["x"]),
        ("length(a)", 2),
        ("contains(s, 'ex')", True),
        ("contains(a[*].c, 'y')", True),
        ("join('-', a[*].c)", "x-y"),
        ("to_string(a[0])", '{"b":1,"c":"x"}'),
        ("a[?b!=`1`].c", ["y"]),
    ],
)
def test_expressions_give_their_value(expression, value):
    assert compile_jmespath(expression).read(DATA) == Found(value, expression)


def test_null_is_nothing():
    missing = compile_jmespath("zz").read(DATA)
    assert isinstance(missing, Missing)
    assert missing.nearest == "`@` exists and has keys: a, s"


@pytest.mark.parametrize(
    ("expression", "position"),
    [
        ("", None),
        ("a[", 2),
        ("a.", 2),
        ("'x", 0),
        ("foo(@)", 0),
        ("length(a, b)", 0),
        ("a[?b==1]", 6),
        ("(" * 200, None),
        ("a" * 4_001, None),
        ("!" * 3_000 + "a", None),
    ],
)
def test_what_cannot_be_compiled_is_refused(expression, position):
    with pytest.raises(DefinitionError) as caught:
        compile_jmespath(expression)
    assert caught.value.position == position


def test_a_wrong_type_is_told():
    with pytest.raises(Unreadable, match="length"):
        compile_jmespath("length(`1`)").read(DATA)


@pytest.mark.parametrize(
    "expression",
    [
        "|".join(["[@,@]"] * 50),
        "|".join(["[@,@][]"] * 50),
        "|".join(["[@,@]"] * 30) + "|to_string(@)",
        "|".join(["[@,@]"] * 30) + "|[@==@, contains(@, @)]",
    ],
)
def test_expressions_that_double_their_value_are_stopped(expression):
    with soon(10):
        with pytest.raises(Unreadable):
            compile_jmespath(expression).read(["x"])
