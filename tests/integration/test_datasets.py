"""Datasets of cases through the API, on every database."""

import json
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.integration.datasets_bench import a_case, keys, listed, made, number_of, planned, trashed
from tests.integration.projects_bench import Team, error_of, faults_of
from tests.integration.test_queries import asked  # noqa: F401 - a fixture
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.db import db, transaction
from wxcloudrun.engine.plan.case import Case as EngineCase
from wxcloudrun.engine.plan.case import Dataset as EngineDataset
from wxcloudrun.engine.plan.dataset import choose_rows
from wxcloudrun.engine.plan.steps import DatasetChoice
from wxcloudrun.features.cases.models import Visibility
from wxcloudrun.features.datasets.copies import DatasetCopies
from wxcloudrun.features.datasets.models import Dataset, DefaultDataset

SET = {"is_set": True}
WHOLE: dict[str, Any] = {
    "key": "right",
    "name": "right password",
    "variables": {"user": "eve", "age": 7, "ratio": 1.5, "on": True, "none": None, "tree": {"a": [1, "007"]}},
    "query": {"page": 2, "access_token": "CANARY-query", "gone": None},
    "headers": {"X-Trace": "{{trace}}", "Authorization": "Bearer CANARY-header", "X-Key": ["CANARY-1", "CANARY-2"]},
    "cookies": {"sid": "CANARY-cookie", "lang": "{{lang}}"},
    "body": {"user": {"name": "{{user}}"}},
    "expected": {"status": 200},
}
CONTENT = ("variables", "query", "headers", "cookies", "body", "replace_body", "expected")
BIG_INTEGER = 12345678901234567890123


def test_what_goes_in_comes_out_but_for_credentials(each_team: Team):
    path = a_case(each_team)
    number = made(each_team.editor, path, **WHOLE)["id"]
    seen = each_team.viewer.ok("GET", f"{path}/{number}")
    assert "CANARY" not in json.dumps(seen)
    assert {name: seen[name] for name in CONTENT} == {
        "variables": WHOLE["variables"],
        "query": {"page": 2, "access_token": SET, "gone": None},
        "headers": {"X-Trace": "{{trace}}", "Authorization": SET, "X-Key": [SET, SET]},
        "cookies": {"sid": SET, "lang": "{{lang}}"},
        "body": WHOLE["body"],
        "replace_body": None,
        "expected": {"status": 200},
    }
    assert (seen["key"], seen["name"], seen["enabled"], seen["position"]) == ("right", "right password", True, 1)
    assert (seen["is_default"], seen["version"]) == (False, 1)
    assert listed(each_team.viewer, path) == [seen]


def test_a_run_is_given_the_rows_in_order_with_their_credentials(each_team: Team):
    first, second, none = (a_case(each_team, name) for name in ("one", "two", "three"))
    made(each_team.editor, first, "a", enabled=False)
    made(each_team.editor, first, **WHOLE, is_default=True)
    made(each_team.editor, second, "b", variables={"n": BIG_INTEGER})
    rows = planned(each_team, first, second, none)
    assert [[row["key"] for row in one] for one in rows] == [["a", "right"], ["b"], []]
    right = rows[0][1]
    assert {name: right[name] for name in WHOLE} == WHOLE, "types too"
    assert right["default"] is True
    assert rows[1][0]["variables"] == {"n": BIG_INTEGER}
    for row in (*rows[0], *rows[1]):
        EngineDataset.model_validate(row)
    case = EngineCase.model_validate({"request": {"url": "/"}, "datasets": rows[0]})
    assert [row and row.key for row in choose_rows(case, DatasetChoice(), "0")] == ["right"]


def test_planning_asks_once_for_any_number_of_cases(a_team: Team, asked: list[str]):  # noqa: F811 - a fixture
    paths = [a_case(a_team, f"case {at}") for at in range(30)]
    for path in paths:
        made(a_team.editor, path, "a", headers={"X-Token": "t"})
    asked.clear()
    assert len(planned(a_team, *paths)) == 30
    assert len(asked) == 1


def test_a_list_and_a_view_cost_four_questions_however_long(a_team: Team, asked: list[str]):  # noqa: F811 - a fixture
    """Who asks, what they may, the case, and what was asked for."""
    path = a_case(a_team)
    number = made(a_team.editor, path, "first")["id"]
    costs = []
    for extra in (0, 40):
        for at in range(extra):
            made(a_team.editor, path, f"row {at}", headers={"X-Token": "t"})
        for place in (path, f"{path}?size=30", f"{path}/{number}"):
            asked.clear()
            a_team.viewer.ok("GET", place)
            costs.append(len(asked))
        asked.clear()
        a_team.editor.ok("POST", f"{path}/{number}/move", {"to": "first" if extra else "last"})
        costs.append(len(asked))
    assert costs[:3] == costs[4:7] == [4, 4, 4]
    assert costs[7] <= 9


def test_credentials_are_in_no_reply_list_record_or_table(each_team: Team):
    path = a_case(each_team)
    number = made(each_team.editor, path, **WHOLE)["id"]
    place = f"{path}/{number}"
    each_team.editor.ok("PUT", place, {"headers": {"X-Token": "CANARY-2"}})
    each_team.editor.ok("POST", f"{place}/copy", {}, headers={"Idempotency-Key": "copy-once"})
    refused = each_team.editor.call("PUT", place, {"headers": {"X-Token": "CANARY {{ 1 }}"}})
    places = (path, place, f"{each_team.path}/activity?size=100")
    texts = [refused.text, *(each_team.owner.call("GET", one).text for one in places)]
    each_team.owner.ok("DELETE", place)
    with each_team.app.app_context():
        texts += [str(row) for table in db.metadata.sorted_tables for row in db.session.execute(select(table))]
    assert [text for text in texts if "CANARY" in text] == []
    changed = next(
        one
        for one in each_team.owner.ok("GET", f"{each_team.path}/activity")["items"]
        if one["action"] == "dataset.changed"
    )
    assert changed["after"]["rewritten"] == ["headers.X-Token"]


def test_a_mark_that_comes_back_keeps_what_it_stands_for(each_team: Team):
    path = a_case(each_team)
    place = f"{path}/{made(each_team.editor, path, **WHOLE)['id']}"
    seen = each_team.editor.ok("GET", place)
    back = each_team.editor.ok("PUT", place, {name: seen[name] for name in CONTENT} | {"version": 1})
    assert back == seen | {"version": 2, "updated_at": back["updated_at"]}
    assert planned(each_team, path)[0][0]["headers"] == WHOLE["headers"]
    each_team.editor.ok("PUT", place, {"headers": {"X-Key": SET}, "name": "other"})
    row = planned(each_team, path)[0][0]
    assert (row["headers"], row["cookies"]) == ({"X-Key": "CANARY-1"}, WHOLE["cookies"]), "not sent, so they stay"
    refused = each_team.editor.call("PUT", place, {"headers": {"X-Other-Token": SET, "X-Trace": SET}})
    assert faults_of(refused) == {"headers.X-Other-Token": "not_set", "headers.X-Trace": "not_set"}


def test_a_key_is_made_from_the_name_and_taken_once(each_team: Team):
    path = a_case(each_team)
    assert made(each_team.editor, path, "正确 密码")["key"] == "正确_密码"
    assert made(each_team.editor, path, "正确 密码")["key"] == "正确_密码_2"
    assert made(each_team.editor, path)["key"] == "row_3"
    assert made(each_team.editor, path, key="Key")["key"] == "Key"
    other = made(each_team.editor, path, key="key")["id"]
    taken = each_team.editor.call("POST", path, {"key": "key"})
    assert error_of(taken) == (409, "dataset_key_taken")
    assert error_of(each_team.editor.call("PUT", f"{path}/{other}", {"key": "Key"})) == (409, "dataset_key_taken")
    assert error_of(each_team.editor.call("POST", f"{path}/{other}/copy", {"key": "Key"})) == (409, "dataset_key_taken")
    assert made(each_team.editor, a_case(each_team, "other"), key="key")["key"] == "key"


def test_an_older_version_is_told(each_team: Team):
    path = a_case(each_team)
    place = f"{path}/{made(each_team.editor, path, 'a')['id']}"
    each_team.editor.ok("PUT", place, {"name": "b", "version": 1})
    late = each_team.editor.call("PUT", place, {"name": "c", "version": 1})
    assert error_of(late) == (409, "edit_conflict")
    assert late.json["data"]["present"]["name"] == "b"


def test_one_dataset_is_the_default_or_none(each_team: Team):
    path = a_case(each_team)
    first = made(each_team.editor, path, "one")
    assert first["is_default"] is False, "what a run sends changes when somebody says so"
    second = made(each_team.editor, path, "two", is_default=True)
    assert second["is_default"] is True
    assert each_team.editor.ok("POST", f"{path}/{first['id']}/default")["is_default"] is True
    assert each_team.editor.ok("POST", f"{path}/{first['id']}/default")["is_default"] is True
    assert [row["is_default"] for row in listed(each_team.viewer, path)] == [True, False]
    assert each_team.editor.ok("DELETE", f"{path}/default") == {"id": first["id"]}
    assert each_team.editor.ok("DELETE", f"{path}/default") == {"id": None}
    assert [row["is_default"] for row in listed(each_team.viewer, path)] == [False, False]
    each_team.editor.ok("POST", f"{path}/{second['id']}/default")
    each_team.editor.ok("DELETE", f"{path}/{second['id']}")
    with each_team.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(DefaultDataset)) == 0


def test_a_disabled_dataset_is_no_default(each_team: Team):
    path = a_case(each_team)
    refused = each_team.editor.call("POST", path, {"name": "a", "enabled": False, "is_default": True})
    assert error_of(refused) == (409, "default_dataset_disabled")
    number = made(each_team.editor, path, "a", enabled=False)["id"]
    place = f"{path}/{number}"
    assert error_of(each_team.editor.call("POST", f"{place}/default")) == (409, "default_dataset_disabled")
    each_team.editor.ok("PUT", place, {"enabled": True})
    each_team.editor.ok("POST", f"{place}/default")
    assert error_of(each_team.editor.call("PUT", place, {"enabled": False})) == (409, "default_dataset_disabled")


def test_datasets_are_moved_and_the_others_keep_their_order(each_team: Team):
    path = a_case(each_team)
    numbers = {name: made(each_team.editor, path, name)["id"] for name in "abcde"}

    def move(name: str, **to: Any) -> str:
        place = {word: numbers.get(other, other) for word, other in to.items()}
        each_team.editor.ok("POST", f"{path}/{numbers[name]}/move", place)
        return "".join(keys(each_team.viewer, path))

    assert move("d", to="first") == "dabce"
    assert move("a", to="last") == "dbcea"
    assert move("d", before="e") == "bcdea"
    assert move("a", before="c") == "bacde"
    assert move("b", after="d") == "acdbe"
    assert move("e", after="a") == "aecdb"
    assert move("e", after="a") == "aecdb", "there it stands"
    assert move("e", before="c") == "aecdb"
    assert move("c", before="c") == "aecdb"
    assert move("a", to="first") == "aecdb"
    each_team.editor.ok("DELETE", f"{path}/{numbers['c']}")
    assert keys(each_team.viewer, path) == ["a", "e", "d", "b"]
    made(each_team.editor, path, "f")
    assert keys(each_team.viewer, path)[-1] == "f"


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({}, "body", "one_of_three"),
        ({"to": "first", "before": 1}, "body", "one_of_three"),
        ({"before": 10**9}, "before", "no_such_dataset"),
        ({"after": 0}, "after", "greater_than_equal"),
        ({"to": "middle"}, "to", "literal_error"),
    ],
    ids=str,
)
def test_a_place_that_is_none_is_refused(a_team: Team, body: dict, field: str, reason: str):
    path = a_case(a_team)
    number = made(a_team.editor, path, "a")["id"]
    assert faults_of(a_team.editor.call("POST", f"{path}/{number}/move", body)) == {field: reason}


def test_a_copy_has_everything_and_is_not_the_default(each_team: Team):
    path = a_case(each_team)
    number = made(each_team.editor, path, **WHOLE, is_default=True)["id"]
    copied = each_team.editor.ok("POST", f"{path}/{number}/copy", {})
    assert (copied["key"], copied["name"], copied["is_default"]) == ("right_2", "right password", False)
    named = each_team.editor.ok("POST", f"{path}/{number}/copy", {"name": "wrong one"})
    assert (named["key"], named["position"]) == ("wrong_one", 3)
    first, second, third = ({name: row.get(name) for name in CONTENT} for row in planned(each_team, path)[0])
    assert first == second == third


def test_a_dataset_of_another_case_is_not_there(each_team: Team):
    path, other = a_case(each_team), a_case(each_team, "other")
    number = made(each_team.editor, path, "a")["id"]
    for method, more in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/copy"), ("POST", "/default")):
        body = {} if more != "/default" and method in {"PUT", "POST"} else None
        assert error_of(each_team.owner.call(method, f"{other}/{number}{more}", body)) == (404, "dataset_not_found")
    moved = each_team.owner.call("POST", f"{other}/{number}/move", {"to": "first"})
    assert error_of(moved) == (404, "dataset_not_found")
    project = each_team.owner.ok("POST", "/api/projects", {"name": "other"})["id"]
    elsewhere = f"/api/projects/{project}/cases/{number_of(path)}/datasets"
    assert error_of(each_team.owner.call("GET", elsewhere)) == (404, "case_not_found")
    assert error_of(each_team.stranger.call("GET", path)) == (404, "project_not_found")


def test_datasets_of_a_private_case_are_its_creators_and_the_owners(each_team: Team):
    path = a_case(each_team, visibility=Visibility.PRIVATE, creator_id=each_team.runner.id)
    assert error_of(each_team.editor.call("GET", path)) == (404, "case_not_found")
    number = made(each_team.owner, path, "a", headers={"X": "1"})["id"]
    assert [row["id"] for row in listed(each_team.runner, path)] == [number]
    assert error_of(each_team.runner.call("DELETE", f"{path}/{number}")) == (403, "right_required")
    told = [one["action"] for one in each_team.viewer.ok("GET", f"{each_team.path}/activity")["items"]]
    assert "dataset.created" not in told


def test_datasets_of_a_case_in_the_trash_are_not_there(each_team: Team):
    path = a_case(each_team)
    number = made(each_team.editor, path, "a")["id"]
    trashed(each_team, path)
    for method, place in (("GET", path), ("GET", f"{path}/{number}"), ("DELETE", f"{path}/{number}")):
        assert error_of(each_team.owner.call(method, place)) == (404, "case_not_found")


def test_a_case_has_at_most_a_thousand(a_team: Team):
    path = a_case(a_team)
    rows = [{"key": str(at), "variables": {"n": at}} for at in range(1000)]
    a_team.editor.ok("POST", f"{path}/import", data=_file(rows))
    assert a_team.viewer.ok("GET", f"{path}?page=10&size=100")["total"] == 1000
    refused = a_team.editor.call("POST", path, {"name": "one more"})
    assert error_of(refused) == (409, "too_many_datasets")
    assert "1000" in refused.json["msg"]


def _file(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"file": (BytesIO(json.dumps(rows).encode()), "rows.json")}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"variables": {"1x": 1}}, "variables.1x"),
        ({"variables": {"a": "{{ 7 }}"}}, "variables.a"),
        ({"variables": {"a": "{{$nothing_like_it}}"}}, "variables.a"),
        ({"variables": {"a": "x" * 66_000}}, "variables"),
        ({"variables": {f"n{at}": 1 for at in range(501)}}, "variables"),
        ({"headers": {"a b": "x"}}, "headers.a b"),
        ({"headers": {"X": {"deep": 1}}}, "headers.X"),
        ({"headers": {"X": SET}}, "headers.X"),
        ({"cookies": {"a;b": "x"}}, "cookies.a;b"),
        ({"query": {"a": {"b": 1}}}, "query.a"),
        ({"body": {"user": {"x": "{{ 7 }}"}}}, "body.user.x"),
        ({"replace_body": {"kind": "magic"}}, "replace_body.kind"),
        ({"replace_body": {"kind": "binary", "blob": "7"}}, "replace_body.blob"),
        (
            {"replace_body": {"kind": "multipart", "parts": [{"name": "a", "file": {"name": "x", "blob": "7"}}]}},
            "replace_body.parts.0.file.blob",
        ),
        ({"key": " a"}, "key"),
        ({"key": "a\nb"}, "key"),
        ({"key": "x" * 129}, "key"),
        ({"name": "x" * 129}, "name"),
        ({"enabled": "true"}, "enabled"),
        ({"unknown": 1}, "unknown"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_the_engine_could_not_work_with_is_refused_by_its_field(a_team: Team, content: dict, field: str):
    path = a_case(a_team)
    assert next(iter(faults_of(a_team.editor.call("POST", path, content)))) == field
    number = made(a_team.editor, path, "a")["id"]
    assert next(iter(faults_of(a_team.editor.call("PUT", f"{path}/{number}", content)))) == field


def test_the_place_of_a_fault_is_told(a_team: Team):
    refused = a_team.editor.call("POST", a_case(a_team), {"variables": {"a": "12345 {{ 7 }}"}})
    fault = refused.json["data"]["fields"][0]
    assert (fault["field"], fault["reason"], fault["position"]) == ("variables.a", "not_usable", 9)


@pytest.mark.parametrize("with_secrets", [True, False])
def test_a_copied_case_has_the_same_datasets(each_team: Team, with_secrets: bool):
    old, new = a_case(each_team), a_case(each_team, "copy")
    made(each_team.editor, old, "a", variables={"x": [1]})
    made(each_team.editor, old, **WHOLE, is_default=True)
    made(each_team.editor, old, "c", enabled=False)
    with each_team.app.app_context(), transaction(db.session):
        copies = each_team.app.extensions[EXTENSION].get(DatasetCopies)
        names = copies.copy(number_of(old), number_of(new), with_secrets=with_secrets)
    assert keys(each_team.viewer, new) == ["a", "right", "c"]
    assert [row["is_default"] for row in listed(each_team.viewer, new)] == [False, True, False]
    assert [row["enabled"] for row in listed(each_team.viewer, new)] == [True, True, False]
    ours, theirs = planned(each_team, old, new)
    if with_secrets:
        assert names == []
        assert [{**row, "id": 0} for row in ours] == [{**row, "id": 0} for row in theirs]
    else:
        assert "CANARY" not in json.dumps(theirs)
        assert theirs[1]["headers"]["Authorization"] == "{{headers_Authorization}}"
        assert theirs[1]["headers"]["X-Key"] == ["{{headers_X_Key}}", "{{headers_X_Key_1}}"]
        assert set(names) >= {"headers_Authorization", "cookies_sid", "query_access_token"}
        assert listed(each_team.viewer, new)[1]["headers"]["Authorization"] == "{{headers_Authorization}}"


def test_a_case_that_left_its_project_lost_its_datasets_credentials(each_team: Team):
    path = a_case(each_team)
    made(each_team.editor, path, "a", variables={"x": [1]})
    made(each_team.editor, path, **WHOLE, is_default=True)
    before = listed(each_team.viewer, path)
    with each_team.app.app_context(), transaction(db.session):
        names = each_team.app.extensions[EXTENSION].get(DatasetCopies).leave(number_of(path))
    assert "headers_Authorization" in names
    after = listed(each_team.viewer, path)
    assert "CANARY" not in json.dumps(planned(each_team, path))
    assert after[0] == before[0]
    assert [(row["id"], row["is_default"]) for row in after] == [(row["id"], row["is_default"]) for row in before]
    assert after[1]["cookies"] == {"sid": "{{cookies_sid}}", "lang": "{{lang}}"}


def test_copying_costs_the_same_for_any_number(a_team: Team, asked: list[str]):  # noqa: F811 - a fixture
    costs = []
    for count in (1, 300):
        old, new = a_case(a_team, f"old {count}"), a_case(a_team, f"new {count}")
        rows = [{"headers": {"X-Token": str(at)}} for at in range(count)]
        a_team.editor.ok("POST", f"{old}/import", data=_file(rows))
        for secrets in (False, True):
            target = new if secrets else a_case(a_team, f"third {count}")
            asked.clear()
            with a_team.app.app_context(), transaction(db.session):
                copies = a_team.app.extensions[EXTENSION].get(DatasetCopies)
                copies.copy(number_of(old), number_of(target), with_secrets=secrets)
            costs.append(len(asked))
    assert costs == [4, 2, 4, 2]


def test_a_case_keeps_its_datasets_apart_from_others(each_team: Team):
    """Rows of every case lie in one table; moving and removing touch those of their own only."""
    path, other = a_case(each_team), a_case(each_team, "other")
    for name in "abc":
        made(each_team.editor, path, name)
        made(each_team.editor, other, name, is_default=name == "b")
    first = listed(each_team.viewer, path)[0]["id"]
    each_team.editor.ok("POST", f"{path}/{first}/move", {"to": "last"})
    each_team.editor.ok("POST", f"{path}/{first}/default")
    each_team.editor.ok("DELETE", f"{path}/{first}")
    assert keys(each_team.viewer, other) == ["a", "b", "c"]
    assert [row["is_default"] for row in listed(each_team.viewer, other)] == [False, True, False]
    with each_team.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Dataset)) == 5
