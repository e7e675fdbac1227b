"""Warnings and faults of a run name the place that a person wrote, not the one in the merged request."""

import pytest

from tests.unit.engine.plans import demo, plan_of, run
from wxcloudrun.engine.ready.check import check_plan

CASE = "scenario.steps.0.case"


def step(request=None, **parts):
    row = parts.pop("row", None)
    rows = {"datasets": [{"key": "first"}, {"key": "k", **row}]} if row is not None else {}
    chosen = {"dataset": {"mode": "one", "key": "k"}} if row is not None else {}
    return {"case": {"request": {"url": "/", **(request or {})}, **rows}, **chosen, **parts}


NAMELESS = [
    (step({"headers": {"A": "1", "X-Id": "{{x}}"}}), {}, f"{CASE}.request.headers.X-Id"),
    (step({"headers": [{"name": "A", "value": "{{x}}"}]}), {}, f"{CASE}.request.headers.0.value"),
    (step(row={"query": {"q": "{{x}}"}}), {}, f"{CASE}.datasets.1.query.q"),
    (step(overrides={"cookies": {"c": "{{x}}"}}), {}, "scenario.steps.0.overrides.cookies.c"),
    (step({"headers": {"B": "1"}}), {"headers": {"A": "{{x}}"}}, "environment.headers.A"),
    (step({"body": {"kind": "urlencoded", "fields": {"f": "{{x}}"}}}), {}, f"{CASE}.request.body.fields.f"),
    (step({"body": {"kind": "json", "value": {}}}, row={"body": {"a": ["{{x}}"]}}), {}, f"{CASE}.datasets.1.body.a.0"),
]


@pytest.mark.parametrize(("one", "environment", "place"), NAMELESS, ids=[place for *_, place in NAMELESS])
def test_a_name_without_value_is_told_at_its_place(one, environment, place):
    with demo() as target:
        plan = plan_of(target, [one], environment=environment)
        (warning,) = check_plan(plan)
        (result,), _ = run(plan)
    assert warning.startswith(f"{place}: ")
    assert result.error.message.startswith(f"{place}: `x` has no value")


UNFIT = [
    (step({"headers": {"A": "1", "X-Id": "{{x}}"}}), "a\nb", f"{CASE}.request.headers.X-Id: a line break"),
    (step({"cookies": {"c": "{{x}}"}}), "a;b", f"{CASE}.request.cookies.c: a cookie's value"),
    (step(overrides={"url": "{{x}}"}), "ftp://h/", "scenario.steps.0.overrides.url: the URL must begin"),
    (step({"timeouts": {"read_ms": "{{x}}"}}), "soon", f"{CASE}.request.timeouts.read_ms: expected a whole number"),
    (
        step({"auth": {"kind": "hmac", "key": "{{x}}", "key_encoding": "hex", "message": ["path"]}}),
        "zz",
        f"{CASE}.request.auth.key: the key is not hex",
    ),
]


@pytest.mark.parametrize(("one", "value", "told"), UNFIT, ids=[told for *_, told in UNFIT])
def test_a_value_that_does_not_fit_is_told_at_its_place(one, value, told):
    with demo() as target:
        (result,), _ = run(plan_of(target, [one], inputs={"x": value}))
    assert result.error.message.startswith(told)


def test_waiting_and_going_through_say_what_they_need_and_where():
    wait = {"wait_ms": "{{x}}"}
    acting = {"case": {"request": {"url": "/"}, "before": [{"do": "wait", "wait_ms": "{{x}}"}]}}
    through = {"for_each": {"items": "{{x}}"}, "wait_ms": 1}
    with demo() as target:
        scenario = {"stop_on_failure": False}
        results, _ = run(plan_of(target, [wait, acting, through], inputs={"x": "soon"}, scenario=scenario))
    assert [result.error.message for result in results] == [
        'scenario.steps.0.wait_ms: a number from 0 to 600000 is needed, not "soon"',
        'scenario.steps.1.case.before.0.wait_ms: a number from 0 to 600000 is needed, not "soon"',
        "scenario.steps.2.for_each.items: an array is needed to go through, not a text",
    ]
