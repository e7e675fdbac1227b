"""Cases that cannot work, and cases that are meant to do harm: refused at once, by the field."""

import pytest

from tests.integration.cases_bench import Library
from tests.integration.projects_bench import error_of, faults_of
from tests.pace import soon

EXISTS = {"comparator": "exists"}


def refused(library: Library, **fields):
    return library.team.editor.call("POST", library.cases, {"name": "x", "request": {"url": "/"}, **fields})


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"request": {}}, "request.url"),
        ({"request": {"url": ""}}, "request.url"),
        ({"request": {"url": "/" * 2049}}, "request.url"),
        ({"request": {"url": "/{{"}}, "request.url"),
        ({"request": {"url": "https://u:p@h/"}}, "request.url"),
        ({"request": {"url": "//u:p@h/"}}, "request.url"),
        ({"request": {"url": "https://u@h/"}}, "request.url"),
        ({"request": {"url": "/?access_token=abc"}}, "request.url"),
        ({"request": {"url": "/", "method": "GE T"}}, "request.method"),
        ({"request": {"url": "/", "method": "CONNECT"}}, "request.method"),
        ({"request": {"url": "/", "headers": [{"name": "a b", "value": "x"}]}}, "request.headers.0.name"),
        ({"request": {"url": "/", "headers": [{"name": "a", "value": "x\ny"}]}}, "request.headers.0.value"),
        ({"request": {"url": "/", "headers": {"a": "x\ny"}}}, "request.headers.a"),
        ({"request": {"url": "/", "headers": "a"}}, "request.headers"),
        ({"request": {"url": "/", "cookies": 5, "headers": [5]}}, "request.cookies"),
        ({"request": {"url": "/", "headers": [5]}}, "request.headers.0"),
        ({"request": {"url": "/", "query": [{"nam": "a"}]}}, "request.query.0.name"),
        ({"request": {"url": "/", "body": {"kind": "xml"}}}, "request.body.kind"),
        ({"request": {"url": "/", "body": {"kind": "binary", "content": "%"}}}, "request.body.content"),
        ({"request": {"url": "/", "auth": {"kind": "bearer"}}}, "request.auth.token"),
        ({"request": {"url": "/", "timeouts": {"read_ms": 0}}}, "request.timeouts.read_ms"),
        ({"request": {"url": "/", "proxy": "ftp://x"}}, "request.proxy"),
        ({"request": {"url": "/", "no_such": 1}}, "request.no_such"),
        ({"assertions": [{"source": "status"}]}, "assertions.0"),
        ({"assertions": [{"source": "jsonpath", "argument": "$[", **EXISTS}]}, "assertions.0.argument"),
        ({"assertions": [{"source": "regex", "argument": "(", **EXISTS}]}, "assertions.0.argument"),
        ({"assertions": [{"source": "xpath", "argument": "//[", **EXISTS}]}, "assertions.0.argument"),
        ({"assertions": [{"source": "jmespath", "argument": "[", **EXISTS}]}, "assertions.0.argument"),
        ({"assertions": [{"source": "nowhere", **EXISTS}]}, "assertions.0.source"),
        (
            {"assertions": [{"source": "body", "comparator": "schema", "expected": {"type": "x"}}]},
            "assertions.0.expected",
        ),
        ({"assertions": [{"expression": "1 +"}]}, "assertions.0.expression"),
        ({"assertions": [{"source": "status", "comparator": "eq"}]}, "assertions.0"),
        ({"extractions": [{"name": "1", "source": "status"}]}, "extractions.0.name"),
        (
            {"extractions": [{"name": "a", "source": "body", "filters": [{"name": "nope"}]}]},
            "extractions.0.filters.0.name",
        ),
        ({"before": [{"do": "run", "name": "a"}]}, "before.0.do"),
        ({"after": [{"do": "compute", "name": "a", "expression": ")"}]}, "after.0.expression"),
        ({"condition": "{{a}}"}, "condition"),
        ({"poll": {"until": "("}}, "poll.until"),
        ({"poll": {"until": "true"}, "retry": {"attempts": 2}}, "poll"),
        ({"retry": {"attempts": 1}}, "retry.attempts"),
        ({"dataset": {"mode": "one"}}, "dataset"),
        ({"expected": {"a": "{{expected.b}}", "b": "{{expected.a}}"}}, "expected.a"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": " a"}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"folder": "a//b"}, "folder"),
        ({"folder": "/a"}, "folder"),
        ({"folder": "a/ b"}, "folder"),
        ({"folder": "/".join("abcdefghijk")}, "folder"),
        ({"folder": "x" * 256}, "folder"),
        ({"tags": ["a", "a"]}, "tags"),
        ({"tags": [" a"]}, "tags.0"),
        ({"tags": ["x" * 33]}, "tags.0"),
        ({"tags": [str(number) for number in range(21)]}, "tags"),
        ({"status": "finished"}, "status"),
        ({"position": 2**31}, "position"),
        ({"description": "x" * 2001}, "description"),
        ({"no_such": 1}, "no_such"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_work_is_refused_by_its_field(a_library: Library, fields, field):
    assert next(iter(faults_of(refused(a_library, **fields)))) == field
    assert a_library.names() == []


def test_every_fault_is_told_at_once_with_its_place_in_the_text(a_library: Library):
    told = refused(
        a_library,
        request={"url": "/{{ 7 }}", "headers": [{"name": "a", "value": "x\n"}]},
        assertions=[
            {"source": "status", "comparator": "eq", "expected": 200},
            {"source": "regex", "argument": "a{2}(", **EXISTS},
            {"expression": "1 + + 2 )"},
        ],
        condition="a ==",
    ).json["data"]["fields"]
    places = {one["field"]: one.get("position") for one in told}
    assert places["request.url"] == 4
    assert places["assertions.1.argument"] == 4
    assert places["assertions.2.expression"] == 4
    assert places["condition"] == 4
    assert all(one["detail"] for one in told)


HARMFUL = [
    ("assertions", {"assertions": [{"source": "status", **EXISTS}] * 10_000}),
    ("extractions", {"extractions": [{"name": "a", "source": "status"}] * 10_000}),
    ("before", {"before": [{"do": "wait", "wait_ms": 1}] * 10_000}),
    ("name", {"name": "x" * 900_000}),
    ("request", {"request": {"url": "/", "body": {"kind": "raw", "text": "x" * 300_000}}}),
    ("request.headers", {"request": {"url": "/", "headers": [{}] * 80_000}}),
    ("request.query", {"request": {"url": "/", "query": {f"q{number}": 1 for number in range(20_000)}}}),
    ("request.body.fields", {"request": {"url": "/", "body": {"kind": "urlencoded", "fields": [{}] * 50_000}}}),
    ("request", {"request": {"url": "/", "body": {"kind": "json", "value": "{{a}}" * 2001}}}),
    ("request.timeouts.0", {"request": {"url": "/", "timeouts": {str(number): 1 for number in range(15_000)}}}),
    (
        "request.auth.message.0",
        {"request": {"url": "/", "auth": {"kind": "hmac", "key": "k", "message": ["x"] * 20_000}}},
    ),
    ("assertions.0.filters", {"assertions": [{"source": "status", **EXISTS, "filters": [{"name": "first"}] * 9000}]}),
    (
        "assertions.0.argument",
        {"assertions": [{"source": "regex", "argument": "(((a{1000}){1000}){1000})", **EXISTS}] * 200},
    ),
    (
        "assertions.1.expression",
        {"assertions": [{"expression": "true"}, {"expression": "(" * 4000 + "1" + ")" * 4000}]},
    ),
    (
        "assertions.2.expected",
        {
            "assertions": [{"expression": "true"}] * 2
            + [{"source": "body", "comparator": "schema", "expected": {"$ref": "https://schemas.invalid/a.json"}}]
        },
    ),
    (
        "assertions.3.expected",
        {
            "assertions": [{"expression": "true"}] * 3
            + [
                {
                    "source": "body",
                    "comparator": "schema",
                    "expected": {
                        "$ref": "#/$defs/d0",
                        "$defs": {f"d{at}": {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(500)},
                    },
                }
            ]
        },
    ),
    ("request.url", {"request": {"url": "\\" * 1000 + "{{a" + "|" * 1000}}),
    ("request.body.text", {"request": {"url": "/", "body": {"kind": "raw", "text": "\\" * 100_000 + "{{"}}}),
    ("before.0.message", {"before": [{"do": "log", "message": "{{a" + "|'" * 60_000 + "}}{{$nope}}"}]}),
    ("expected", {"expected": {f"k{at}": f"{{{{expected.k{at + 1}}}}}" for at in range(1000)}}),
]


@pytest.mark.parametrize(("field", "fields"), HARMFUL, ids=[f"{one[0]} {at}" for at, one in enumerate(HARMFUL)])
def test_what_is_meant_to_take_long_is_refused_soon(a_library: Library, field, fields):
    with soon(5):
        response = refused(a_library, **fields)
    assert field in faults_of(response)


def test_a_body_over_the_limit_is_not_read(a_library: Library):
    assert error_of(refused(a_library, name="x" * 5_000_000)) == (413, "body_too_large")


def test_names_that_nobody_gives_are_told_without_searching_for_ever(a_library: Library):
    given = [{"name": f"name_{number}", "value": ""} for number in range(500)]
    a_library.team.editor.ok("PUT", f"{a_library.path}/variables", {"variables": given})
    text = " ".join(f"{{{{nam_{number}}}}}" for number in range(1900))
    with soon(5):
        made = a_library.made(request={"method": "POST", "url": "/", "body": {"kind": "raw", "text": text}})
    assert len(made["warnings"]) == 50
    assert "是否想写" in made["warnings"][0]


def test_a_large_case_is_kept_whole(each_library: Library):
    text = "订" * 80_000
    made = each_library.made(
        "x" * 128,
        folder="/".join(["f" * 20] * 10),
        tags=[f"{number:02}" + "标" * 30 for number in range(20)],
        description="描" * 2000,
        request={"method": "POST", "url": "/" + "u" * 2047, "body": {"kind": "raw", "text": text}},
        assertions=[{"source": "status", **EXISTS}] * 200,
        extractions=[{"name": f"n{number}", "source": "status"} for number in range(200)],
    )
    assert made["request"]["body"]["text"] == text
    assert (len(made["url"]), len(made["tags"]), len(made["assertions"])) == (2048, 20, 200)
