"""Extractions: reading, defaults, refusals when saved."""

import pytest
from pydantic import ValidationError

from tests.unit.engine.response_maker import view
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.extraction import Extraction, Found, Missing, Scope, compile_extraction


def read(seen, variables=None, **fields):
    return compile_extraction(Extraction(name="v", **fields)).read(seen, variables or {})


def test_a_required_extraction_that_finds_nothing_says_why():
    missing = read(view({"data": {"usr": 1}}), source="jsonpath", argument="$.data.user")
    assert missing == Missing(
        "$.data.user matches nothing: `.user` is not there",
        nearest="`$.data` exists and has keys: usr; closest: usr",
        where="$.data.user\n      ^ nothing here",
    )


def test_an_optional_one_gives_its_default_even_when_the_body_is_broken():
    found = read(view(b"<html>"), source="jsonpath", argument="$.a", required=False, default={"x": 1})
    assert isinstance(found, Found)
    assert found.value == {"x": 1}
    assert read(view({}), source="jsonpath", argument="$.a", required=False).value is None


def test_null_is_found():
    assert read(view({"a": None}), source="jsonpath", argument="$.a", required=False, default=5) == Found(None, "$.a")


def test_a_default_does_not_hide_that_a_required_value_is_missing():
    assert isinstance(read(view({}), source="jsonpath", argument="$.a", default=5), Missing)


def test_cookies_and_headers():
    seen = view({}, headers={"X-A": "1", "Set-Cookie": "sid=1"})
    assert read(seen, source="cookie", argument="sid").value == "2"
    assert read(seen, source="cookie", argument="empty").value == ""
    assert isinstance(read(seen, source="cookie", argument="sid[Expires]"), Missing)
    assert read(seen, source="cookie", argument="sidd").nearest == "cookies there: sid, empty; closest: sid"
    assert read(seen, source="header", argument="x_a").nearest == "headers there: X-A, Set-Cookie; closest: X-A"


def test_a_regex_tells_the_line():
    assert read(view(b"a\nid=7\n"), source="regex", argument="id=(\\d)") == Found("7", "line 2")
    assert read(view(b"ab"), source="regex", argument="(?P<x>a)(b)", group=2).value == "b"
    assert isinstance(read(view(b"b"), source="regex", argument="(a)?b"), Missing)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"source": "jsonpath", "argument": "$["}, "argument"),
        ({"source": "jsonpath"}, "argument"),
        ({"source": "jmespath", "argument": "a["}, "argument"),
        ({"source": "xpath", "argument": "//["}, "argument"),
        ({"source": "xpath", "argument": "//a", "namespaces": {"": "x"}}, "namespaces"),
        ({"source": "regex", "argument": "("}, "argument"),
        ({"source": "regex", "argument": "(a)", "group": 2}, "group"),
        ({"source": "regex", "argument": "(a)", "group": "n"}, "group"),
        ({"source": "header"}, "argument"),
        ({"source": "cookie", "argument": "a[Colour]"}, "argument"),
        ({"source": "cookie", "argument": "a[Path"}, "argument"),
        ({"source": "status", "argument": "x"}, "argument"),
        ({"source": "duration", "argument": "lunch"}, "argument"),
        ({"source": "head", "argument": "-1"}, "argument"),
        ({"source": "head", "argument": "²"}, "argument"),
        ({"source": "variable"}, "argument"),
        ({"source": "status", "filters": [{"name": "nope"}]}, "filters.0.name"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_saved(fields, field):
    for templated in (False, True):
        with pytest.raises(DefinitionError) as caught:
            compile_extraction(Extraction(name="v", **fields), templated=templated)
        assert caught.value.field == field


def test_placeholders_are_left_for_the_run_when_saving():
    extraction = Extraction(
        name="v", source="jsonpath", argument="$.a[{{n}}]", filters=[{"name": "nth", "args": ["{{n}}"]}]
    )
    compile_extraction(extraction, templated=True)
    with pytest.raises(DefinitionError):
        compile_extraction(extraction)
    with pytest.raises(DefinitionError, match="filters.0.name"):
        compile_extraction(
            Extraction(name="v", source="jsonpath", argument="$.{{a}}", filters=[{"name": "nope"}]), templated=True
        )


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "1x"},
        {"name": ""},
        {"source": "nowhere"},
        {"scope": "world"},
        {"colour": 1},
        {"default": float("nan"), "group": []},
    ],
)
def test_the_shape_is_vetted(fields):
    with pytest.raises(ValidationError):
        Extraction(**{"name": "v", "source": "status", **fields})


def test_the_usual_values():
    extraction = Extraction(name="v", source="status")
    assert (extraction.required, extraction.scope, extraction.secret, extraction.enabled) == (
        True,
        Scope.SCENARIO,
        False,
        True,
    )


def test_compiling_again_costs_nothing_and_a_changed_copy_is_compiled_anew():
    extraction = Extraction(name="v", source="jsonpath", argument="$.a")
    compiled = compile_extraction(extraction)
    assert compile_extraction(extraction) is compiled
    changed = extraction.model_copy(update={"argument": "$.b"})
    assert compile_extraction(changed).read(view({"a": 1, "b": 2}), {}).value == 2
    assert (
        compile_extraction(Extraction.model_validate_json(extraction.model_dump_json())).read(view({"a": 1}), {}).value
        == 1
    )
