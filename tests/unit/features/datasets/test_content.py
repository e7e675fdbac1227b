"""What a dataset gives: kept apart from its credentials, and looked over by the engine."""

import json

import pytest

from tests.unit.features.users.stand_ins import KEYS
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.features.datasets.content import (
    NOTHING,
    apart,
    columns,
    engine_faults,
    made_key,
    opened,
    own_faults,
    told,
    whole,
)

MARK = {"is_set": True}
REQUEST = {
    "method": "POST",
    "url": "{{base}}/login",
    "headers": [{"name": "X-Id", "value": "1"}],
    "body": {"kind": "json", "value": {"user": "eve"}},
}
OTHER_KEYS = KeyRing.parse(["k9:" + "A" * 42 + "E="], "x")


def said(parts: dict, request: dict = REQUEST) -> dict[str, tuple]:
    content, held = apart({**NOTHING, **parts}, {})
    found = engine_faults(request, [whole(content, held)], [held])
    return {fault.field: (fault.reason, fault.position, fault.detail) for _, fault in found}


def test_credentials_are_kept_apart_and_test_data_is_not():
    parts = {**NOTHING, "headers": {"Authorization": "Bearer abc", "X-Id": "1"}, "cookies": {"sid": "s"}}
    parts |= {"query": {"access_token": ["t1", "{{t}}"]}, "variables": {"password": "test data", "mark": MARK}}
    content, held = apart(parts, {})
    assert content["headers"] == {"Authorization": MARK, "X-Id": "1"}
    assert (content["cookies"], content["query"]) == ({"sid": MARK}, {"access_token": [MARK, "{{t}}"]})
    assert content["variables"] == parts["variables"]
    assert whole(content, held) == parts
    assert list(own_faults(content, held)) == []
    kept = columns(KEYS, content, held)
    assert "abc" not in str(kept)
    assert opened(KEYS, kept["secrets"]) == held
    assert opened(OTHER_KEYS, kept["secrets"]) == {}, "they have to be entered again"
    assert columns(KEYS, *apart(dict(NOTHING), {}))["secrets"] is None


def test_a_mark_keeps_what_is_known_and_is_refused_where_nothing_is():
    content, held = apart(
        {**NOTHING, "headers": {"X-Token": dict(MARK), "X-Id": dict(MARK)}}, {("headers", "X-Token"): "t"}
    )
    assert held == {("headers", "X-Token"): "t"}
    assert [(one.field, one.reason) for one in own_faults(content, held)] == [("headers.X-Id", "not_set")]


def test_too_much_is_refused_at_its_biggest_part():
    just = {**NOTHING, "variables": {"a": "x" * 65_400}}
    assert list(own_faults(just, {})) == []
    found = list(own_faults({**just, "expected": {"b": "x" * 200}}, {}))
    assert [(one.field, one.reason) for one in found] == [("variables", "too_large")]
    assert [
        one.field
        for one in own_faults({**NOTHING, "headers": {"X-Token": MARK}}, {("headers", "X-Token"): "x" * 70_000})
    ]


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"variables": {"a": "{{b}}", "b": [1, {"c": "{{$uuid}}"}], "n": None, "f": '{{x | split ","}}'}},
        {"query": {"a": None, "b": [1, 2]}, "headers": {"X-Id": "{{a}}", "X-New": 5}, "cookies": {"c": True}},
        {"body": {"user": {"name": "{{name}}"}}, "expected": {"status": 200, "of": "{{expected.status}}"}},
        {"replace_body": {"kind": "raw", "text": "{{t}}"}},
        {"headers": {"Authorization": "Bearer {{a}}"}},
    ],
    ids=str,
)
def test_what_the_engine_can_work_with_is_taken(parts: dict):
    assert said(parts) == {}


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"variables": {"a": "{{ 7 }}"}}, "variables.a"),
        ({"variables": {"a": {"b": ["x", "{{"]}}}, "variables.a.b.1"),
        ({"variables": {"a": "{{$nothing_like_it}}"}}, "variables.a"),
        ({"variables": {"a": "{{x | no_such_filter}}"}}, "variables.a"),
        ({"variables": {"a": {"value": "{{$nothing_like_it}}"}}}, "variables.a.value"),
        ({"variables": {"a": "{{b}}", "b": "{{a.c}}"}}, "variables.a"),
        ({"expected": {"a": "{{expected.a}}"}}, "expected.a"),
        ({"expected": {"a": "{{"}}, "expected.a"),
        ({"headers": {"a b": "x"}}, "headers.a b"),
        ({"headers": {"X": "a\r\nb"}}, "headers.X"),
        ({"headers": {"X": {"deep": 1}}}, "headers.X"),
        ({"headers": {"X": "{{$nope}}"}}, "headers.X"),
        ({"cookies": {"a;b": "x"}}, "cookies.a;b"),
        ({"query": {"a": {"b": 1}}}, "query.a"),
        ({"body": {"user": "{{ 7 }}"}}, "body.user"),
        ({"replace_body": {"kind": "magic"}}, "replace_body.kind"),
        ({"replace_body": {"kind": "raw", "text": [1]}}, "replace_body.text"),
        ({"replace_body": {"value": 1}}, "replace_body.kind"),
    ],
    ids=str,
)
def test_what_it_cannot_work_with_is_told_by_its_field(parts: dict, field: str):
    assert next(iter(said(parts))) == field


def test_the_place_inside_a_text_is_told():
    assert said({"variables": {"a": "12345 {{ 7 }}"}})["variables.a"][:2] == ("not_usable", 9)


def test_of_a_credential_only_the_place_is_told():
    found = said({"headers": {"X-Token": "CANARY {{ 7 }}"}})
    assert found == {"headers.X-Token": ("not_usable", None, None)}


def test_what_is_wrong_with_the_case_itself_is_not_told():
    broken = {**REQUEST, "headers": [{"name": "a b", "value": "{{ 7 }}"}], "timeouts": {"never": 1}}
    assert said({"headers": {"X": "1"}, "query": {"a": 1}}, broken) == {}


def test_of_many_rows_each_fault_is_at_its_own():
    rows = [{**NOTHING, "headers": {"X" if at % 40 else "a b": str(at)}} for at in range(120)]
    assert [index for index, _ in engine_faults(REQUEST, rows, [{}] * 120)] == [0, 40, 80]


def test_a_key_is_made_from_the_name_and_is_free():
    assert made_key("right password", 1, set()) == "right_password"
    assert made_key("正确 密码!", 1, {"正确_密码"}) == "正确_密码_2"
    assert made_key("a", 1, {"a", "a_2"}) == "a_3"
    assert made_key("", 7, set()) == "row_7"
    assert made_key("!!", 7, {"row_7"}) == "row_7_2"
    assert len(made_key("x" * 128, 1, {"x" * 120})) <= 128


def test_what_is_recorded_is_short_and_says_only_what_there_is():
    values = {"key": "k", "name": "", "enabled": True, "content": json.dumps({**NOTHING, "body": "x" * 5000})}
    assert set(told(values)) == {"key", "name", "enabled", "body"}
    assert len(str(told(values))) < 1000
