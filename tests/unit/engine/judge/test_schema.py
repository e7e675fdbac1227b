"""JSON Schema: drafts, refusals, bombs."""

import time

import pytest
from hypothesis import given

from tests.pace import soon
from tests.unit.engine.judge.test_values import json_values
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.allowance import Allowance
from wxcloudrun.engine.judge.schema import SchemaTooCostlyError, compile_schema

DRAFT = "http://json-schema.org/draft-0{}/schema#"


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


def doubling(links):
    chain = {f"a{n}": {"anyOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(links)}
    return {"$defs": {**chain, f"a{links}": {"type": "string"}}, "$ref": "#/$defs/a0"}


def test_faults_are_listed_with_their_pointers():
    schema = compile_schema({"required": ["a"], "properties": {"b/c": {"items": {"type": "integer"}}}})
    errors = schema.errors({"b/c": [1, "x"]})
    assert [(error.instance_path, error.schema_path) for error in errors] == [
        ("", "/required"),
        ("/b~1c/1", "/properties/b~1c/items/type"),
    ]
    assert errors[1].message == '"x" is not of type "integer"'


def test_the_draft_is_chosen_by_the_schema():
    both = {"items": [{"type": "string"}], "additionalItems": False}
    assert not compile_schema({"$schema": DRAFT.format(7), **both}).is_valid(["a", "b"])
    with pytest.raises(DefinitionError, match="at /items"):
        compile_schema(both)
    assert compile_schema({"$schema": DRAFT.format(4), "minimum": 1, "exclusiveMinimum": True}).is_valid(2)
    assert not compile_schema({"prefixItems": [{"type": "string"}], "items": False}).is_valid(["a", "b"])


def test_format_is_asserted_by_old_drafts_and_without_a_draft():
    assert not compile_schema({"format": "email"}).is_valid("x")
    assert not compile_schema({"$schema": DRAFT.format(7), "format": "email"}).is_valid("x")
    modern = {"$schema": "https://json-schema.org/draft/2020-12/schema", "format": "email"}
    assert compile_schema(modern).is_valid("x")
    assert not compile_schema(modern, formats=True).is_valid("x")


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "http://127.0.0.1:1/x"}, "leaves the schema"),
        ({"$ref": "file:///etc/passwd"}, "leaves the schema"),
        ({"$ref": "other.json"}, "leaves the schema"),
        ({"$defs": {"unused": {"$ref": "https://x.example/y"}}}, "leaves the schema"),
        ({"$ref": "#/$defs/none"}, "leads nowhere"),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, "at /\\$schema"),
        ({"$schema": "https://x.example/my"}, "at /\\$schema"),
        ({"$schema": 5}, "at /\\$schema"),
        ({"properties": {"a": {"type": "strin"}}}, "at /properties/a/type"),
        ({"items": {"pattern": "(["}}, "at /items/pattern"),
        ({"pattern": "((a{1000}){1000}){1000}"}, "at /pattern"),
        ({"minimum": "1"}, "at /minimum"),
        ({"const": "\ud800"}, "cannot be used"),
        ("text", "an object, true or false"),
        (None, "an object, true or false"),
        ({"enum": ["x" * 500_001]}, "500000 are allowed"),
    ],
)
def test_a_schema_that_cannot_work_is_refused_with_its_place(schema, reason):
    with pytest.raises(DefinitionError, match=reason) as caught:
        compile_schema(schema, "assertions.1.expected")
    assert caught.value.field == "assertions.1.expected"


def test_a_schema_nested_too_deep_is_refused():
    schema: dict = {}
    for _ in range(101):
        schema = {"items": schema}
    with pytest.raises(DefinitionError, match="deeper than 100"):
        compile_schema(schema)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a?)+$", "^(?=a)(a+)+$", "^(a+)+\\1$", "(x+x+)+y"])
def test_patterns_that_blow_up_elsewhere_end_at_once(pattern):
    with soon(2):
        assert compile_schema({"pattern": pattern}).errors("a" * 2_000 + "!")


def test_references_that_double_are_refused_or_bounded():
    start = time.perf_counter()
    assert compile_schema(doubling(8)).errors([1])
    assert compile_schema(doubling(17)).errors([1])[0].message.startswith("the data does not fit")
    with pytest.raises(DefinitionError, match="multiply"):
        compile_schema(doubling(60))
    with pytest.raises(SchemaTooCostlyError):
        compile_schema({"items": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}).is_valid(nested(60))
    assert time.perf_counter() - start < 5


def test_long_chains_of_references_do_not_overflow_the_stack():
    links = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(2_000)}
    schema = compile_schema({"$defs": {**links, "a2000": {"$ref": "#"}}, "items": {"$ref": "#/$defs/a0"}})
    assert schema.is_valid(1)
    with pytest.raises(SchemaTooCostlyError):
        schema.errors(nested(400))


def test_a_reference_to_itself_ends():
    assert compile_schema({"$ref": "#"}).is_valid(1)
    assert compile_schema({"anyOf": [{"$ref": "#"}, {"type": "string"}]}).is_valid("a")


@pytest.mark.parametrize("levels", [513, 100_000])
def test_data_nested_too_deep_is_refused_and_crashes_nothing(levels):
    with pytest.raises(SchemaTooCostlyError, match="deeper than 512"):
        compile_schema({"items": {"$ref": "#"}}).errors(nested(levels))


def test_an_ordinary_recursive_schema_reads_deep_data():
    tree = {
        "type": "object",
        "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}},
        "additionalProperties": {"$ref": "#"},
    }
    value: dict = {}
    for _ in range(200):
        value = {"left": value, "right": {}}
    assert compile_schema(tree).errors(value) == []


def test_lone_surrogates_in_the_data_are_read_as_one_character():
    assert compile_schema({"maxLength": 1}).is_valid("\ud800")
    assert compile_schema({"required": ["\ufffd"]}).is_valid({"\ud800": ["\ud800"]})


def test_numbers_are_exact():
    assert not compile_schema({"const": 12345678901234567890}).is_valid(12345678901234567891)
    assert compile_schema({"type": "integer"}).is_valid(1.0)


@given(json_values)
def test_any_value_fits_true_and_not_false(value):
    assert compile_schema(True).errors(value) == []
    assert compile_schema(False).errors(value)
    assert compile_schema({"enum": [value]}).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"items": {"enum": [{"a": number} for number in range(20_000)]}}, [{"a": -1}] * 10_000),
        ({"items": {"anyOf": [{"const": number} for number in range(1_000)]}}, [-1] * 10_000),
        ({"items": {"patternProperties": {f"^{n}.*x$": True for n in range(1_000)}}}, [{"a": 1}] * 10_000),
        ({"pattern": "(?=a)(a|b)*a(a|b){30}c"}, "ab" * 1_000_000),
        ({"patternProperties": {r"^(a+)\1$": True}}, {"ab" * 20_000: 1}),
    ],
    ids=["enum", "anyOf", "patternProperties", "look-ahead", "back-reference"],
)
def test_what_would_take_too_long_is_refused_at_once(schema, data):
    compiled = compile_schema(schema)
    start = time.thread_time()
    with pytest.raises(SchemaTooCostlyError):
        compiled.errors(data)
    assert time.thread_time() - start < 2


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"items": {"enum": [f"x{number}" for number in range(20_000)]}}, ["zz"] * 10_000),
        ({"items": {"type": "object"}}, [0] * 1_000_000),
        ({"type": "object"}, [0] * 1_000_000),
        ({"items": {"type": "integer"}}, [[0] * 1_000] * 900),
    ],
    ids=["enum of words", "many faults", "one fault", "large values"],
)
def test_listing_the_faults_of_much_data_takes_no_long_time(schema, data):
    compiled = compile_schema(schema)
    start = time.thread_time()
    (only,) = compiled.errors(data)
    assert "does not fit" in only.message
    assert time.thread_time() - start < 4


def test_large_data_fits_an_ordinary_schema_in_time():
    person = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer"}, "tags": {"type": "array"}},
    }
    data = [{"id": number, "tags": ["a", "b"]} for number in range(100_000)]
    start = time.thread_time()
    assert compile_schema({"type": "array", "items": person}).errors(data) == []
    assert time.thread_time() - start < 4


def test_schemas_draw_on_the_visits_of_the_whole_step():
    schema = compile_schema({"items": {"type": "integer"}})
    data = [0] * 1_000_000
    with Allowance():
        for _ in range(4):
            assert schema.errors(data) == []
        with pytest.raises(SchemaTooCostlyError, match="together"):
            schema.errors(data)
