"""Input that means harm to datasets, imports, scenarios and steps: refused by its field, or taken, and soon."""

import json
from typing import Any

import pytest
from sqlalchemy import insert, select

from tests.integration.datasets_bench import send
from tests.integration.projects_bench import error_of, faults_of
from tests.integration.scenarios_bench import Stage
from tests.pace import soon
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.db import db
from wxcloudrun.features.scenarios.models import ScenarioStep
from wxcloudrun.features.scenarios.planning import ScenarioPlanning

DEEP: Any = "x"
for _ in range(25):
    DEEP = {"a": [DEEP]}


def circle(length: int) -> dict[str, str]:
    """Names of which each needs the next one, and the last one the first."""
    return {f"v{at}": f"{{{{v{(at + 1) % length}}}}}" for at in range(length)}


def chain(length: int, way: str) -> dict[str, str]:
    """Names of which each needs the next one several times: put in place they would be without end."""
    return {f"v{at}": way.format(at + 1) for at in range(length)} | {f"v{length}": "x"}


TWICE = "{{{{v{0}}}}}{{{{v{0}}}}}"
SLASHES = "\\" * 30_000 + "{{"
PIPES = "{{a" + "|'" * 15_000 + "}}{{$nope}}"


DATASETS: list[tuple[str, dict[str, Any]]] = [
    ("variables", {"variables": {f"v{at}": 1 for at in range(501)}}),
    ("headers", {"headers": {f"X-{at}": "1" for at in range(10_000)}}),
    ("query", {"query": {f"q{at}": "1" for at in range(10_000)}}),
    ("headers.X-A", {"headers": {"X-A": [{"a": 1}] * 5_000}}),
    ("variables.big", {"variables": {"big": "{{"}}),
    ("variables", {"variables": {"big": "x" * 900_000}}),
    ("name", {"name": "x" * 900_000}),
    ("key", {"key": "x" * 129}),
    ("variables.v0", {"variables": circle(500)}),
    ("expected.v0", {"expected": {name: text.replace("{{", "{{expected.") for name, text in circle(200).items()}}),
    ("variables.slashes", {"variables": {"slashes": SLASHES}}),
    ("variables.pipes", {"variables": {"pipes": PIPES}}),
    ("body", {"body": ["x" * 100] * 900}),
    ("replace_body.parts.0.name", {"replace_body": {"kind": "multipart", "parts": [{}] * 10_000}}),
    ("replace_body.blob", {"replace_body": {"kind": "binary", "blob": "9" * 50_000}}),
    ("replace_body.kind", {"replace_body": {"kind": "k" * 60_000}}),
    ("headers.X-Bomb", {"headers": {"X-Bomb": "{{a | match '(((a{1000}){1000}){1000})'}}"}}),
]


@pytest.mark.parametrize(("field", "parts"), DATASETS, ids=[f"{one[0]} {at}" for at, one in enumerate(DATASETS)])
def test_a_harmful_dataset_is_refused_soon_by_its_field(a_stage: Stage, field: str, parts: dict[str, Any]):
    case = a_stage.shelf.case()
    path = f"{a_stage.shelf.place(case)}/datasets"
    with soon(5):
        response = a_stage.editor.call("POST", path, parts)
    assert field in faults_of(response), response.text[:600]
    assert all(len(one["field"]) <= 400 for one in response.json["data"]["fields"])
    assert len(response.data) < 60_000


def test_a_dataset_that_would_grow_without_end_is_kept_and_grows_nowhere(a_stage: Stage):
    case = a_stage.shelf.case()
    with soon(5):
        made = a_stage.editor.ok(
            "POST", f"{a_stage.shelf.place(case)}/datasets", {"variables": chain(200, TWICE), "body": DEEP}
        )
    assert made["variables"]["v0"] == "{{v1}}{{v1}}"
    with soon(5):
        a_stage.editor.ok("PUT", a_stage.shelf.place(case), {"request": {"url": "/{{v0}}"}})


FILES: list[tuple[str, bytes, str]] = [
    ("file", b'"' * 1_000_000, "rows.csv"),
    ("file", b'key,a\n"x' + b'""' * 500_000, "rows.csv"),
    ("columns.3", b"key," + b",".join(b"a" for _ in range(400)) + b"\n", "rows.csv"),
    ("file", b"key," + b",".join(b"a%d" % at for at in range(10_000)) + b"\n1\n", "rows.csv"),
    ("file", b"[" * 200_000, "rows.json"),
    ("file", b'[{"a":' * 50_000, "rows.json"),
    ("file", json.dumps([{f"a{at}": 1 for at in range(400)}] * 200).encode(), "rows.json"),
    ("rows.1.a", b"key,a:json\nx," + b"[" * 100_000 + b"\n", "rows.csv"),
    ("rows.1.a", b"key,a:number\nx," + b"9" * 100_000 + b"\n", "rows.csv"),
    ("rows.1.key", b"key,a\n" + b"k" * 100_000 + b",1\n", "rows.csv"),
    ("rows.1.a", b"key,a\nx," + b"\\" * 60_000 + b"{{\n", "rows.csv"),
    (
        "rows.1.body",
        b"key,body.a,body.b\n" + b"\n".join(b"k%d,%s,1" % (at, b"x" * 70_000) for at in range(10)),
        "r.csv",
    ),
    ("columns.3", b"key,body.a,body.a.b\nx,1,2\n", "rows.csv"),
    ("columns.2", b"key,body" + b".a" * 5_000 + b"\nx,1\n", "rows.csv"),
    ("file", "key,名".encode("gb18030") + b"\xff\xff\xff\n1,2\n", "rows.csv"),
    ("file", b"key,a\x00\n1,2\n", "rows.csv"),
    ("rows.1.a", b"key,a,b\n" + b"\n".join(b"k%d,{{b}},{{a}}" % at for at in range(999)), "rows.csv"),
]


@pytest.mark.parametrize(("field", "content", "name"), FILES, ids=[f"{one[0]} {at}" for at, one in enumerate(FILES)])
def test_a_harmful_file_is_refused_soon_by_its_place(a_stage: Stage, field: str, content: bytes, name: str):
    path = f"{a_stage.shelf.place(a_stage.shelf.case())}/datasets"
    with soon(5):
        response = send(a_stage.editor, path, content, name)
    assert field in faults_of(response), response.text[:600]
    assert len(response.data) < 60_000
    assert a_stage.editor.ok("GET", path)["total"] == 0


def test_a_file_over_the_limit_is_not_read(a_stage: Stage):
    path = f"{a_stage.shelf.place(a_stage.shelf.case())}/datasets"
    with soon(5):
        assert error_of(send(a_stage.editor, path, b"x" * (5 * 1024 * 1024 + 1))) == (413, "body_too_large")


def test_formulas_marks_and_old_encodings_are_only_text(a_stage: Stage):
    path = f"{a_stage.shelf.place(a_stage.shelf.case())}/datasets"
    rows = 'key,名,f\na,值,=cmd|\'/c calc\'!A1\nb,"x,""y""\nz",@SUM(1)\n'
    for content in (rows.encode("utf-8-sig"), rows.encode("gb18030"), rows.encode("utf-16")):
        reply = send(a_stage.editor, path, content, mode="replace")
        assert reply.status_code == 200, reply.text
        told = [one["variables"] for one in reply.json["data"]["items"]]
        assert told == [{"名": "值", "f": "=cmd|'/c calc'!A1"}, {"名": 'x,"y"\nz', "f": "@SUM(1)"}]


SCENARIOS: list[tuple[str, dict[str, Any]]] = [
    ("name", {"name": "x" * 900_000}),
    ("folder", {"folder": "a/" * 100_000}),
    ("variables", {"variables": [{"name": f"v{at}", "value": 1} for at in range(10_000)]}),
    ("variables.0.value", {"variables": [{"name": name, "value": text} for name, text in circle(500).items()]}),
    ("variables.0.value", {"variables": [{"name": "a", "value": SLASHES}]}),
    ("inputs", {"inputs": [{"name": f"i{at}"} for at in range(10_000)]}),
    ("inputs", {"inputs": [{"name": "i", "default": ["x" * 1000] * 300}]}),
    ("outputs", {"outputs": [f"o{at}" for at in range(10_000)]}),
    ("tags", {"tags": [f"t{at}" for at in range(10_000)]}),
    ("description", {"description": "x" * 900_000}),
]


@pytest.mark.parametrize(("field", "parts"), SCENARIOS, ids=[f"{one[0]} {at}" for at, one in enumerate(SCENARIOS)])
def test_a_harmful_scenario_is_refused_soon_by_its_field(a_stage: Stage, field: str, parts: dict[str, Any]):
    with soon(5):
        response = a_stage.editor.call("POST", a_stage.all, {"name": "hostile", **parts})
    assert field in faults_of(response), response.text[:600]
    assert len(response.data) < 60_000


def test_values_that_need_one_another_in_every_way_are_looked_over_soon(a_stage: Stage):
    ways = {f"v{at}": "".join(f"{{{{v{at + more}}}}}" for more in range(1, 58) if at + more < 500) for at in range(500)}
    variables = [{"name": name, "value": text or "x"} for name, text in ways.items()]
    with soon(5):
        a_stage.made("all of those behind it", variables=variables)
    variables[-1]["value"] = "{{v0}}"
    with soon(5):
        response = a_stage.editor.call("POST", a_stage.all, {"name": "and back", "variables": variables})
    assert set(faults_of(response).values()) == {"circular"}
    assert len(response.data) < 60_000


STEPS: list[tuple[str, str, dict[str, Any]]] = [
    ("group", "name", {"name": "x" * 900_000}),
    ("group", "condition", {"condition": "(" * 4000 + "1" + ")" * 4000}),
    ("group", "condition", {"condition": "x" * 5000}),
    ("group", "repeat.times", {"repeat": {"times": 10**12}}),
    ("group", "repeat", {"repeat": {f"a{at}": 1 for at in range(10_000)}}),
    ("group", "for_each", {"for_each": {"items": ["x" * 10] * 50_000, "as": "one"}}),
    ("group", "for_each.items", {"for_each": {"items": SLASHES, "as": "one"}}),
    ("group", "variables", {"variables": [{"name": f"v{at}", "value": 1} for at in range(501)]}),
    (
        "group",
        "variables.0.value",
        {"variables": [{"name": name, "value": text} for name, text in circle(400).items()]},
    ),
    ("parallel", "concurrency", {"concurrency": 10**9}),
    ("wait", "wait_ms", {"wait_ms": 10**12}),
    ("wait", "wait_ms", {"wait_ms": "x" * 900_000}),
    ("case", "overrides", {"overrides": {f"a{at}": 1 for at in range(10_000)}}),
    ("case", "overrides.headers", {"overrides": {"headers": [{}] * 50_000}}),
    ("case", "overrides.body", {"overrides": {"body": SLASHES}}),
    ("case", "overrides", {"overrides": {"body": ["x" * 1000] * 400}}),
    (
        "case",
        "overrides.replace_body.parts.0.name",
        {"overrides": {"replace_body": {"kind": "multipart", "parts": [{}] * 5000}}},
    ),
    ("case", "retry.attempts", {"retry": {"attempts": 10**12}}),
    ("case", "poll.until", {"poll": {"until": "(" * 4000 + "1" + ")" * 4000}}),
    ("case", "dataset.count", {"dataset": {"mode": "random", "count": 10**12}}),
]


@pytest.mark.parametrize(("kind", "field", "parts"), STEPS, ids=[f"{one[1]} {at}" for at, one in enumerate(STEPS)])
def test_a_harmful_step_is_refused_soon_by_its_field(a_stage: Stage, kind: str, field: str, parts: dict[str, Any]):
    scenario = a_stage.scenario()
    own = {"case_id": a_stage.shelf.case()} if kind == "case" else {}
    with soon(5):
        response = a_stage.refused(scenario, kind, **own, **parts)
    assert field in faults_of(response), response.text[:600]
    assert len(response.data) < 60_000
    assert a_stage.steps(scenario) == []


def test_groups_in_groups_end_at_the_eighth(a_stage: Stage):
    scenario = a_stage.scenario()
    parent: dict[str, Any] = {}
    answers = []
    with soon(5):
        for _ in range(30):
            response = a_stage.refused(scenario, "group", **parent)
            answers.append(response.status_code)
            parent = {"parent_id": response.json["data"]["id"]} if response.status_code == 201 else parent
    assert answers == [201] * 9 + [422] * 21
    assert error_of(a_stage.refused(scenario, "group", **parent)) == (422, "nesting_too_deep")


def test_five_hundred_steps_in_loops_in_loops_are_looked_over_soon(a_stage: Stage):
    items = [{"sku": f"s{at}", "odd": "{{nobody}}"} for at in range(200)]
    loop = {"for_each": {"items": items, "as": "one", "concurrency": 8}, "repeat": {"times": 100}}
    scenario, case = a_stage.scenario(), a_stage.shelf.case(request={"url": "/{{one.sku}}/{{nobody}}"})
    outer = a_stage.step(scenario, "group", **loop)
    inner = a_stage.step(scenario, "group", parent_id=outer, **loop)
    for _ in range(2):
        more: dict[str, Any] = {"overrides": {"body": items}, "retry": {"attempts": 10}}
        last = a_stage.step(scenario, "case", case_id=case, parent_id=inner, **more)
    _multiply(a_stage, 125)
    place = a_stage.place(scenario)
    with soon(5):
        found = a_stage.editor.ok("GET", f"{place}/check")
    assert {(one["kind"], one["name"]) for one in found["warnings"]} == {("variable", "nobody")}
    assert not found["complete"], "there is more than is told"
    for method, path, body in [
        ("PUT", f"{place}/steps/{last}", {"name": "renamed"}),
        ("POST", f"{place}/steps/{outer}/move", {"to": "last"}),
        ("POST", f"{place}/copy", {}),
        ("GET", f"{place}/steps?size=100", None),
    ]:
        with soon(5):
            a_stage.editor.ok(method, path, body)
    with soon(5), a_stage.shelf.team.app.app_context():
        planning = a_stage.shelf.team.app.extensions[EXTENSION].get(ScenarioPlanning)
        assert len(planning.scenario(a_stage.shelf.team.project, scenario)["steps"]) == 125


def _multiply(stage: Stage, times: int) -> None:
    """So many copies of the only scenario's steps one after the other, the first of which is there."""
    table = ScenarioStep.__table__
    with stage.shelf.team.app.app_context():
        rows = [dict(one._mapping) for one in db.session.execute(select(table).order_by(table.c.position))]
        for round_ in range(1, times):
            numbers: dict[int | None, int | None] = {None: None}
            for row in rows:
                place = row["position"] + round_ * len(rows)
                own = {"parent_id": numbers[row["parent_id"]], "position": place, "key": f"copy-{place}"}
                values = {name: value for name, value in (row | own).items() if name != "id"}
                numbers[row["id"]] = db.session.execute(insert(table).values(**values)).inserted_primary_key[0]
        db.session.commit()


def test_what_was_done_to_a_large_case_is_told_soon(a_stage: Stage):
    text = [{"expression": f"total > {at} and {'x' * 900} == 1"} for at in range(200)]
    case = a_stage.shelf.case(
        assertions=text, request={"url": "/", "body": {"kind": "json", "value": list(range(9000))}}
    )
    place = a_stage.shelf.place(case)
    body = {"kind": "json", "value": [at * 7 % 9001 for at in range(9000)]}
    with soon(5):
        a_stage.editor.ok("PUT", place, {"assertions": text[::-1], "request": {"url": "/", "body": body}})
    with soon(5):
        told = a_stage.editor.ok("GET", f"{place}/versions/1/difference")
    assert told["cut"]
    assert len(json.dumps(told)) < 1_000_000


@pytest.mark.parametrize("part", ["cookies", "headers", "query"])
@pytest.mark.parametrize("name", [[], {}, None, {"is_set": True}])
def test_a_name_that_is_no_text_is_refused_where_it_stands(a_stage: Stage, part: str, name: Any):
    body = {"name": "x", "request": {"url": "/", part: [{"name": name, "value": "x"}]}}
    assert f"request.{part}.0.name" in faults_of(a_stage.editor.call("POST", a_stage.shelf.cases, body))
