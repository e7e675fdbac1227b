"""Where a person wrote what stands in a merged request."""

import pytest

from wxcloudrun.engine.plan.case import Case, Dataset
from wxcloudrun.engine.plan.merge import merged_request
from wxcloudrun.engine.plan.plan import Environment
from wxcloudrun.engine.plan.steps import CaseStep
from wxcloudrun.engine.plan.written import Origin

ENVIRONMENT = {
    "headers": {"A": "env", "B": "env"},
    "cookies": {"c": "env"},
    "timeouts": {"read_ms": 1, "connect_ms": 1},
    "tls": {"verify": False},
    "proxy": "http://p",
    "auth": {"kind": "bearer", "token": "env"},
}


def place(field, request=None, row=None, overrides=None, environment=None):
    case = Case(
        request={"url": "/", **(request or {})}, datasets=(Dataset(key="other"), Dataset(key="k", **(row or {})))
    )
    step = CaseStep(case=case, overrides=overrides or {})
    around = Environment(**(environment or {}))
    chosen = case.datasets[1] if row is not None else None
    return Origin(merged_request(around, case, chosen, step.overrides), step, chosen, around).place(field)


@pytest.mark.parametrize(
    ("field", "parts", "written"),
    [
        ("", {}, "case.request"),
        ("url", {}, "case.request.url"),
        ("url", {"overrides": {"url": "/x"}}, "overrides.url"),
        ("path_params.id", {"request": {"path_params": {"id": 1}}}, "case.request.path_params.id"),
        ("headers.0.value", {"request": {"headers": {"X": 1}}}, "case.request.headers.X"),
        ("headers.0.value", {"request": {"headers": [{"name": "X", "value": 1}]}}, "case.request.headers.0.value"),
        ("headers.0.value", {"request": {"headers": {"X": 1}}, "row": {"headers": {"x": 2}}}, "case.datasets.1.headers.x"),
        (
            "headers.0.value",
            {"request": {"headers": {"X": 1}}, "row": {"headers": {"x": 2}}, "overrides": {"headers": {"X": 3}}},
            "overrides.headers.X",
        ),
        ("query.1.value", {"request": {"query": {"a": 1}}, "overrides": {"query": {"b": 2}}}, "overrides.query.b"),
        ("headers.0.value", {"environment": ENVIRONMENT, "request": {"headers": {"a": 1}}}, "/environment.headers.B"),
        ("headers.1.value", {"environment": ENVIRONMENT, "request": {"headers": {"a": 1}}}, "case.request.headers.a"),
        ("cookies.0.value", {"environment": ENVIRONMENT}, "/environment.cookies.c"),
        ("timeouts.read_ms", {"environment": ENVIRONMENT, "request": {"timeouts": {"total_ms": 1}}}, "/environment.timeouts.read_ms"),
        ("timeouts.total_ms", {"environment": ENVIRONMENT, "request": {"timeouts": {"total_ms": 1}}}, "case.request.timeouts.total_ms"),
        ("timeouts.read_ms", {"environment": ENVIRONMENT, "overrides": {"timeouts": {"read_ms": 1}}}, "overrides.timeouts.read_ms"),
        ("tls.verify", {"environment": ENVIRONMENT}, "/environment.tls.verify"),
        ("proxy", {"environment": ENVIRONMENT}, "/environment.proxy"),
        ("auth.token", {"environment": ENVIRONMENT}, "/environment.auth.token"),
        ("auth.token", {"environment": ENVIRONMENT, "request": {"auth": {"kind": "bearer", "token": 1}}}, "case.request.auth.token"),
        ("auth.token", {"overrides": {"auth": {"kind": "bearer", "token": 1}}}, "overrides.auth.token"),
    ],
)  # fmt: skip
def test_a_field_is_named_by_the_place_where_it_was_written(field, parts, written):
    assert place(field, **parts) == written


def body(kind, **parts):
    return {"body": {"kind": kind, **parts}}


JSON = body("json", value={"user": {"id": 1, "name": "a"}})


@pytest.mark.parametrize(
    ("field", "parts", "written"),
    [
        ("body.value.user.id", {"request": JSON}, "case.request.body.value.user.id"),
        ("body.value.user.id", {"request": JSON, "row": {"body": {"user": {"name": 1}}}}, "case.request.body.value.user.id"),
        ("body.value.user.name", {"request": JSON, "row": {"body": {"user": {"name": 1}}}}, "case.datasets.1.body.user.name"),
        (
            "body.value.user.name",
            {"request": JSON, "row": {"body": {"user": {"name": 1}}}, "overrides": {"body": {"user": {"id": 1}}}},
            "case.datasets.1.body.user.name",
        ),
        ("body.value.user.id", {"request": JSON, "overrides": {"replace_body": JSON["body"]}}, "overrides.replace_body.value.user.id"),
        ("body.value.0", {"request": JSON, "row": {"body": [1]}}, "case.datasets.1.body.0"),
        ("body.value.a", {"row": {"body": {"a": 1}}}, "case.datasets.1.body.a"),
        ("body.text", {"request": body("raw", text="a")}, "case.request.body.text"),
        ("body.text", {"request": body("raw", text="a"), "row": {"body": "b"}}, "case.datasets.1.body"),
        ("body.content_type", {"request": body("raw", text="a"), "row": {"body": "b"}}, "case.request.body.content_type"),
        ("body.variables.a", {"request": body("graphql", query="q"), "row": {"body": {"a": 1}}}, "case.datasets.1.body.a"),
        ("body.query", {"request": body("graphql", query="q"), "row": {"body": {"a": 1}}}, "case.request.body.query"),
        ("body.fields.0.value", {"request": body("urlencoded", fields={"a": 1})}, "case.request.body.fields.a"),
        ("body.fields.1.value", {"request": body("urlencoded", fields={"a": 1}), "row": {"body": {"b": 1}}}, "case.datasets.1.body.b"),
        (
            "body.fields.0.value",
            {"request": body("urlencoded", fields=[{"name": "a"}, {"name": "b"}]), "row": {"body": {"a": None}}},
            "case.request.body.fields.1.value",
        ),
        ("body.parts.0.value", {"request": body("multipart", parts={"a": 1})}, "case.request.body.parts.a"),
    ],
)  # fmt: skip
def test_a_part_of_the_body_is_named_by_the_layer_that_says_something_there(field, parts, written):
    assert place(field, **parts) == written
