"""Texts with placeholders."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxcloudrun.engine.errors import DefinitionError, StepError
from wxcloudrun.engine.render.template import as_text, compile_text, compile_tree, is_template, placeholders, render


class Known:
    """A resolver over a dict, for templates alone."""

    limit = 100

    def __init__(self, **values):
        self.values = values

    def resolve(self, placeholder, field):
        value = self.values[placeholder.name]
        for key in placeholder.path:
            value = value[key]
        return value


def rendered(text, **values):
    return render(compile_tree(text, "field"), Known(**values))


def test_a_text_without_placeholders_stays_what_it_is():
    assert compile_text("plain } text {", "field") == "plain } text {"


def test_a_text_that_is_one_placeholder_keeps_the_type():
    assert rendered("{{n}}", n=5) == 5
    assert rendered("{{n}}", n=[1, {"a": None}]) == [1, {"a": None}]


def test_a_value_inside_a_longer_text_is_written_as_json():
    assert rendered("a{{n}}b", n=5) == "a5b"
    assert rendered("a {{n}}", n=True) == "a true"
    assert rendered("a {{n}}", n={"ä": [1, None]}) == 'a {"ä":[1,null]}'
    assert rendered("{{a}}{{b}}", a="x", b=1) == "x1"


def test_paths_go_into_values():
    assert rendered("{{items[0].sku}}", items=[{"sku": "s"}]) == "s"
    assert rendered("{{items[-1]}}", items=[1, 2]) == 2
    assert rendered("{{user['first name']}}", user={"first name": "A"}) == "A"


def test_names_may_be_written_in_any_script_and_with_spaces_around():
    assert rendered("{{ 令牌 }}", 令牌="x") == "x"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"\{{name}}", "{{name}}"),
        (r"\{{ and {{n}}", "{{ and 1"),
        (r"\\{{n}}", r"\1"),
        (r"a \ b", r"a \ b"),
        (r"\\\{{n}}", r"\{{n}}"),
    ],
)
def test_a_backslash_makes_braces_plain(text, shown):
    assert rendered(text, n=1) == shown


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("abc {{name", 4, "not closed"),
        ("{{}}", 2, "missing"),
        ("x {{ 1a }}", 5, "not a name"),
        ("{{a b}}", 3, "cannot follow"),
        ("{{a[x]}}", 3, "cannot follow"),
        ("{{$}}", 2, "dynamic"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_its_position(text, position, words):
    with pytest.raises(DefinitionError, match=words) as caught:
        compile_text(text, "case.request.url")
    assert caught.value.field == "case.request.url"
    assert caught.value.position == position


def test_placeholders_are_found_in_keys_and_values_at_any_depth():
    tree = compile_tree({"a": [1, {"{{k}}": "v {{x}}"}], "plain": [1, 2]}, "body")
    assert render(tree, Known(k="key", x=3)) == {"a": [1, {"key": "v 3"}], "plain": [1, 2]}
    assert {(field, one.name) for field, one in placeholders(tree)} == {
        ("body.a.1", "k"),
        ("body.a.1.{{k}}", "x"),
    }


def test_a_value_without_placeholders_is_handed_back_and_not_copied_again():
    tree = compile_tree({"a": [1, 2]}, "body")
    assert not is_template(tree)
    assert render(tree, Known()) is tree


def test_a_rendered_text_has_a_bound():
    with pytest.raises(StepError, match="limit is 100"):
        rendered("x{{a}}", a="y" * 200)


def test_arguments_of_dynamic_variables_are_read_with_and_without_quotes():
    ((_, one),) = placeholders(compile_text('{{$date "%Y %m", +1d}}', "f"))
    assert one.name == "$date"
    assert one.arguments == ("%Y %m", "+1d")
    ((_, two),) = placeholders(compile_text("{{$randomInt(1, 10)}}", "f"))
    assert two.arguments == ("1", "10")


def test_filters_are_split_off():
    ((_, one),) = placeholders(compile_text("{{name | split '|' | first}}", "f"))
    assert one.name == "name"
    assert one.filters == ("split '|'", "first")


def test_text_is_never_quoted_and_decimals_keep_their_digits():
    assert as_text('a"b') == 'a"b'
    assert as_text(Decimal("1.10")) == "1.10"
    assert as_text({"a": Decimal("12345678901234567.89")}) == '{"a":12345678901234567.89}'


@given(st.text(st.sampled_from("{}\\ab.$|[0]'\" 名"), max_size=30))
def test_any_text_is_either_compiled_or_refused_with_a_position_in_it(text):
    with suppress(DefinitionError):
        compiled = compile_text(text, "field")
        assert is_template(compiled) or isinstance(compiled, str)
        return
    with pytest.raises(DefinitionError) as caught:
        compile_text(text, "field")
    assert 0 <= caught.value.position <= len(text)
