"""One request out of environment, case, row of data and step."""

import pytest

from wxcloudrun.engine.plan.case import Case, Dataset
from wxcloudrun.engine.plan.merge import deep_merge, merged_request
from wxcloudrun.engine.plan.plan import Environment
from wxcloudrun.engine.plan.steps import Overrides


def merged(request, row=None, step=None, **environment):
    dataset = Dataset(key="row", **row) if row is not None else None
    case = Case(request={"url": "/x", **request})
    return merged_request(Environment(**environment), case, dataset, Overrides(**(step or {})))


def pairs(entries):
    return [(entry["name"], entry["value"]) for entry in entries]


def test_rows_and_steps_replace_entries_where_they_stand_and_add_new_ones():
    request = merged(
        {"query": [{"name": "a", "value": 1}, {"name": "b", "value": 2}]},
        {"query": {"a": 10, "c": 3}},
        {"query": {"c": 30}},
    )
    assert pairs(request["query"]) == [("a", 10), ("b", 2), ("c", 30)]


def test_null_takes_an_entry_away_and_a_list_repeats_the_name():
    request = merged({"query": {"a": 1, "b": 2}}, {"query": {"a": None, "b": [3, 4]}})
    assert pairs(request["query"]) == [("b", 3), ("b", 4)]


def test_headers_are_the_same_in_any_case():
    request = merged(
        {"headers": {"X-Team": "case"}}, {"headers": {"x-team": "row"}}, None, headers={"X-TEAM": "env", "Accept": "a"}
    )
    assert pairs(request["headers"]) == [("Accept", "a"), ("x-team", "row")]


def test_environment_cookies_and_auth_hold_where_the_case_says_nothing():
    auth = {"kind": "bearer", "token": "t"}
    assert merged({}, auth=auth)["auth"] == auth
    assert merged({"auth": {"kind": "inherit"}}, auth=auth)["auth"] == auth
    assert merged({"auth": {"kind": "none"}}, auth=auth)["auth"] == {"kind": "none"}
    assert pairs(merged({"cookies": {"a": "1"}}, cookies={"a": "0", "b": "2"})["cookies"]) == [("b", "2"), ("a", "1")]


def test_timeouts_and_tls_are_merged_member_by_member():
    request = merged(
        {"timeouts": {"read_ms": 2}},
        None,
        {"timeouts": {"connect_ms": 3}},
        timeouts={"read_ms": 1, "total_ms": 9},
        tls={"verify": False},
    )
    assert request["timeouts"] == {"total_ms": 9, "read_ms": 2, "connect_ms": 3}
    assert request["tls"] == {"verify": False}


def test_a_json_body_is_merged_deep():
    request = merged(
        {"body": {"kind": "json", "value": {"user": {"name": "a", "tags": [1, 2]}, "n": 1}}},
        {"body": {"user": {"name": "b"}}},
        {"body": {"user": {"tags": [3]}}},
    )
    assert request["body"]["value"] == {"user": {"name": "b", "tags": [3]}, "n": 1}


@pytest.mark.parametrize(
    ("body", "change", "result"),
    [
        ({"kind": "urlencoded", "fields": {"a": 1}}, {"a": 2, "b": 3}, [("a", 2), ("b", 3)]),
        ({"kind": "multipart", "parts": [{"name": "a", "value": 1}]}, {"a": 2}, [("a", 2)]),
    ],
)
def test_forms_are_merged_by_name(body, change, result):
    merged_body = merged({"body": body}, {"body": change})["body"]
    assert pairs(merged_body.get("fields") or merged_body.get("parts")) == result


def test_graphql_variables_raw_text_and_missing_bodies():
    graphql = merged({"body": {"kind": "graphql", "query": "q", "variables": {"a": 1}}}, {"body": {"b": 2}})["body"]
    assert graphql["variables"] == {"a": 1, "b": 2}
    assert merged({"body": {"kind": "raw", "text": "a"}}, {"body": "b"})["body"] == {"kind": "raw", "text": "b"}
    assert merged({}, {"body": {"a": 1}})["body"] == {"kind": "json", "value": {"a": 1}}
    whole = {"kind": "raw", "text": "z"}
    assert merged({"body": {"kind": "json", "value": {}}}, {"replace_body": whole})["body"] == whole


def test_the_case_itself_is_never_changed():
    case = Case(request={"url": "/x", "headers": {"A": "1"}, "body": {"kind": "json", "value": {"a": {"b": 1}}}})
    before = case.model_dump_json()
    row = Dataset(key="r", headers={"A": "2"}, body={"a": {"b": 2}})
    merged_request(Environment(headers={"E": "1"}), case, row, Overrides(body={"a": {"c": 3}}))
    assert case.model_dump_json() == before


def test_lists_and_scalars_are_replaced_not_merged():
    assert deep_merge({"a": [1, 2], "b": 1}, {"a": [3], "b": {"c": 1}}) == {"a": [3], "b": {"c": 1}}
    assert deep_merge([1], {"a": 1}) == {"a": 1}
