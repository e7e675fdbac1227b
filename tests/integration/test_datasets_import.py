"""Files of datasets through the API, on every database."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from tests.integration.datasets_bench import a_case, imported, keys, listed, made, planned, send
from tests.integration.projects_bench import Team, error_of, faults_of
from tests.integration.test_queries import asked  # noqa: F401 - a fixture
from tests.pace import soon
from wxcloudrun.core.db import db

SET = {"is_set": True}
USERS = "key,name,age:number,header.X-Token,expected.status:number\na,A,1,CANARY-a,200\nb,B,2,CANARY-b,401\n"


def told(answer: dict[str, Any]) -> tuple[int, int, int, int]:
    return answer["added"], answer["changed"], answer["removed"], answer["total"]


def tables(team: Team) -> list[str]:
    """Every row of every table but the keys of requests."""
    with team.app.app_context():
        names = [table for table in db.metadata.sorted_tables if table.name not in {"user_sessions", "users"}]
        return [str(row) for table in names for row in db.session.execute(select(table))]


def test_rows_of_a_file_become_datasets(each_team: Team):
    path = a_case(each_team)
    made(each_team.editor, path, "there before")
    answer = imported(each_team.editor, path, USERS)
    assert told(answer) == (2, 0, 0, 3)
    assert [(one["change"], one["key"]) for one in answer["items"]] == [("added", "a"), ("added", "b")]
    assert answer["items"][0]["headers"] == {"X-Token": SET}
    assert keys(each_team.viewer, path) == ["there_before", "a", "b"]
    rows = planned(each_team, path)[0]
    assert rows[1]["variables"] == {"age": 1}
    assert rows[1]["headers"] == {"X-Token": "CANARY-a"}
    assert rows[2]["expected"] == {"status": 401}
    assert [text for text in tables(each_team) if "CANARY" in text] == []
    entry = each_team.viewer.ok("GET", f"{each_team.path}/activity")["items"][0]
    assert (entry["action"], entry["after"]["added"], entry["after"]["mode"]) == ("datasets.imported", 2, "append")


def test_a_dry_run_tells_the_same_and_keeps_nothing(each_team: Team):
    path = a_case(each_team)
    made(each_team.editor, path, key="b", headers={"X-Token": "old"})
    for mode in ("merge", "replace"):
        before = tables(each_team)
        dry = imported(each_team.editor, path, USERS, mode=mode, dry_run="true")
        assert tables(each_team) == before
        assert dry.pop("dry_run") is True
        wet = imported(each_team.editor, path, USERS, mode=mode)
        assert wet.pop("dry_run") is False
        assert wet == dry
        imported(each_team.editor, path, "key,x\nb,1\n", mode="replace")


def test_nothing_is_kept_unless_every_row_is_right(each_team: Team):
    path = a_case(each_team)
    before = tables(each_team)
    refused = send(each_team.editor, path, "key,age:number,header.X\na,1,x\nb,old,y\nc,3,{{ 7 }}\n")
    assert faults_of(refused) == {"rows.2.age": "not_a_number"}
    refused = send(each_team.editor, path, "key,age:number,header.X\na,1,x\n,3,{{ 7 }}\n")
    assert faults_of(refused) == {"rows.2.header.X": "not_usable"}
    assert refused.json["data"]["fields"][0]["position"] == 3
    assert tables(each_team) == before


def test_append_refuses_keys_that_are_there(each_team: Team):
    path = a_case(each_team)
    imported(each_team.editor, path, USERS)
    assert faults_of(send(each_team.editor, path, "key,x\nz,1\nb,2\n")) == {"rows.2.key": "taken"}
    assert keys(each_team.viewer, path) == ["a", "b"]
    answer = imported(each_team.editor, path, "name,x\nb,1\nb,2\n,3\n")
    assert [one["key"] for one in answer["items"]] == ["b_2", "b_3", "row_3"]


def test_merge_changes_what_the_file_speaks_of_by_key(each_team: Team):
    path = a_case(each_team)
    imported(each_team.editor, path, USERS)
    before = {row["key"]: row for row in listed(each_team.viewer, path)}
    answer = imported(each_team.editor, path, "key,age:number\nb,20\nc,30\na,1\n", mode="merge")
    assert told(answer) == (1, 1, 0, 3)
    assert [(one["key"], one["change"]) for one in answer["items"]] == [
        ("b", "changed"),
        ("c", "added"),
        ("a", "unchanged"),
    ]
    after = {row["key"]: row for row in listed(each_team.viewer, path)}
    assert list(after) == ["a", "b", "c"], "those that are there keep their places"
    assert after["a"] == before["a"]
    same = ("id", "name", "headers", "expected", "created_at", "position")
    assert {name: after["b"][name] for name in same} == {name: before["b"][name] for name in same}
    assert (after["b"]["variables"], after["b"]["version"]) == ({"age": 20}, 2)
    assert planned(each_team, path)[0][1]["headers"] == {"X-Token": "CANARY-b"}


def test_a_merge_needs_to_know_which_row_is_which(each_team: Team):
    path = a_case(each_team)
    assert faults_of(send(each_team.editor, path, "x\n1\n2\n", mode="merge")) == {
        "rows.1.key": "missing",
        "rows.2.key": "missing",
    }
    imported(each_team.editor, path, "name,x\nfirst,1\nsecond,2\n", mode="merge")
    assert told(imported(each_team.editor, path, "name,x\nfirst,1\nsecond,3\n", mode="merge")) == (0, 1, 0, 2)


def test_replace_lets_nothing_else_stay(each_team: Team):
    path = a_case(each_team)
    imported(each_team.editor, path, USERS)
    before = {row["key"]: row for row in listed(each_team.viewer, path)}
    answer = imported(each_team.editor, path, "key,x\nc,1\nb,2\n", mode="replace")
    assert told(answer) == (1, 1, 1, 2)
    rows = listed(each_team.viewer, path)
    assert keys(each_team.viewer, path) == ["c", "b"]
    assert (rows[1]["id"], rows[1]["headers"], rows[1]["name"]) == (before["b"]["id"], {}, "")


def test_what_a_list_shows_can_be_sent_back(each_team: Team):
    path = a_case(each_team)
    imported(each_team.editor, path, USERS)
    made(each_team.editor, path, "third", body={"deep": [1]}, is_default=True)
    before, plan = listed(each_team.editor, path), planned(each_team, path)
    for mode in ("merge", "replace"):
        answer = imported(each_team.editor, path, json.dumps(before), "rows.json", mode=mode)
        assert told(answer) == (0, 0, 0, 3), mode
        assert listed(each_team.editor, path) == before
        assert planned(each_team, path) == plan, "credentials too"
    other = a_case(each_team, "other")
    refused = send(each_team.editor, other, json.dumps(before), "rows.json")
    assert faults_of(refused) == {"rows.1.headers.X-Token": "not_set", "rows.2.headers.X-Token": "not_set"}


def test_a_file_may_say_which_one_is_the_default(each_team: Team):
    path = a_case(each_team)

    def default() -> list[str]:
        return [row["key"] for row in listed(each_team.viewer, path) if row["is_default"]]

    answer = imported(each_team.editor, path, "key,default,x\na,,1\nb,true,1\n")
    assert [one["is_default"] for one in answer["items"]] == [False, True]
    assert default() == ["b"]
    imported(each_team.editor, path, "key,x\nb,5\n", mode="merge")
    assert default() == ["b"], "the file says nothing of it"
    imported(each_team.editor, path, "key,default\na,true\n", mode="merge")
    assert default() == ["a"]
    imported(each_team.editor, path, "key,default\na,false\n", mode="merge")
    assert default() == []
    imported(each_team.editor, path, "key,default\nc,true\n")
    imported(each_team.editor, path, "key,x\nc,1\nd,1\n", mode="replace")
    assert default() == ["c"]
    imported(each_team.editor, path, "key,x\nd,1\n", mode="replace")
    assert default() == []


def test_two_defaults_and_a_disabled_one_are_refused(each_team: Team):
    path = a_case(each_team)
    refused = send(each_team.editor, path, "key,default\na,true\nb,true\n")
    assert faults_of(refused) == {"rows.2.default": "given_twice"}
    refused = send(each_team.editor, path, "key,default,enabled\na,true,false\n")
    assert faults_of(refused) == {"rows.1.enabled": "default_disabled"}
    imported(each_team.editor, path, "key,default\na,true\n")
    refused = send(each_team.editor, path, "key,enabled\na,false\n", mode="merge")
    assert faults_of(refused) == {"rows.1.enabled": "default_disabled"}


@pytest.mark.parametrize(
    ("content", "fields", "field", "reason"),
    [
        ("key,x\na,1\na,2\n", {}, "rows.2.key", "given_twice"),
        ("key,x\n a,1\n", {}, "rows.1.key", "string_pattern_mismatch"),
        ("1x\n1\n", {}, "rows.1.1x", "string_pattern_mismatch"),
        ("a\n" + "x" * 66_000 + "\n", {}, "rows.1.a", "too_large"),
        ("header.a b\nx\n", {}, "rows.1.header.a b", "not_usable"),
        ("a\n1\n", {"mode": "add"}, "mode", "literal_error"),
        ("a\n1\n", {"dry_run": "perhaps"}, "dry_run", "bool_parsing"),
        ("a\n1\n", {"more": "x"}, "more", "extra_forbidden"),
        ("a\n1\n", {"mode": "\x00"}, "mode", "nul_character"),
        ("", {}, "file", "empty"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_refusal_names_row_and_column(a_team: Team, content: str, fields: dict, field: str, reason: str):
    found = faults_of(send(a_team.editor, a_case(a_team), content, **fields))
    assert found.get(field, found.get("rows.1.variables")) == reason


def test_a_whole_dataset_is_refused_by_the_apis_own_rules(a_team: Team):
    rows = [{"key": "a", "variables": {}, "headers": {"X": {"deep": 1}}}, {"key": "b", "enabled": "yes", "other": 1}]
    found = faults_of(send(a_team.editor, a_case(a_team), json.dumps(rows), "x.json"))
    assert found == {"rows.2.enabled": "bool_type", "rows.2.other": "extra_forbidden"}
    found = faults_of(send(a_team.editor, a_case(a_team, "b"), json.dumps(rows[:1]), "x.json"))
    assert found == {"rows.1.headers.X": "not_usable"}


def test_formulas_are_text(each_team: Team):
    path = a_case(each_team)
    imported(each_team.editor, path, 'a,b\n"=HYPERLINK(""http://127.0.0.1"")",@SUM(A1)\n+1,-1\n')
    assert [row["variables"] for row in listed(each_team.viewer, path)] == [
        {"a": '=HYPERLINK("http://127.0.0.1")', "b": "@SUM(A1)"},
        {"a": "+1", "b": "-1"},
    ]


def test_who_may_not_write_imports_nothing(each_team: Team):
    path = a_case(each_team)
    assert error_of(send(each_team.runner, path, USERS)) == (403, "right_required")
    assert error_of(send(each_team.stranger, path, "")) == (404, "project_not_found")
    assert error_of(send(each_team.editor, path.replace("/cases/", "/cases/9"), "")) == (404, "case_not_found")


def test_an_import_that_is_sent_again_with_its_key_is_done_once(each_team: Team):
    path = a_case(each_team)
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nx\n1\n\r\n--x--\r\n'
    once = {"Idempotency-Key": "once", "Content-Type": "multipart/form-data; boundary=x"}
    answers = [each_team.editor.call("POST", f"{path}/import", data=body, headers=once) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert answers[0].json["data"]["added"] == 1
    assert len(listed(each_team.viewer, path)) == 1


def test_a_thousand_rows_are_one_import(each_team: Team):
    path = a_case(each_team)
    wide = "key,default," + ",".join(f"c{at}" for at in range(19)) + ",header.X-Token,body.user.name\n"
    cells = ",".join(["x" * 53] * 19)
    content = wide + "".join(f"k{at},{at == 500},{cells},token-{at},name {at}\n" for at in range(1000))
    assert len(content) > 1024 * 1024
    with soon(20):
        assert told(imported(each_team.editor, path, content)) == (1000, 0, 0, 1000)
    for mode in ("merge", "replace"):
        with soon(20):
            assert told(imported(each_team.editor, path, content, mode=mode)) == (0, 0, 0, 1000)
    page = each_team.viewer.ok("GET", f"{path}?page=10&size=100")
    assert (page["total"], page["items"][-1]["key"]) == (1000, "k999")
    assert faults_of(send(each_team.editor, path, content.replace("token-999", "{{ 7"), mode="merge")) == {
        "rows.1000.header.X-Token": "not_usable"
    }
    assert error_of(send(each_team.editor, path, "x\n1\n")) == (409, "too_many_datasets")
    assert error_of(send(each_team.editor, path, "x\n" + "1\n" * 1001)) == (409, "too_many_datasets")


@pytest.mark.parametrize("mode", ["append", "merge", "replace"])
def test_an_import_costs_the_same_for_any_number_of_rows(a_team: Team, asked: list[str], mode: str):  # noqa: F811 - a fixture
    costs = []
    for count in (2, 200):
        path = a_case(a_team, f"case {count}")
        made(a_team.editor, path, key="k1", is_default=True)
        content = "key,x,header.X-Token\n" + "".join(f"k{at + 2 * (mode == 'append')},{at},t\n" for at in range(count))
        asked.clear()
        imported(a_team.editor, path, content, mode=mode)
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 15, asked
