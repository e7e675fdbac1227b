"""What does not fit a plan's shape: told at the place a person wrote, in words of our own."""

import pytest
from pydantic import ValidationError

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.send.request import RequestSpec
from wxcloudrun.engine.shape import MAX_FAULTS, Faults, shape_faults

CASE = {"request": {"url": "/"}}


def faults_of(model, data):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return [str(one) for one in shape_faults(model, caught.value)]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"case": {**CASE, "asserts": []}}, "case.asserts: there is no field `asserts` here; closest: assertions"),
        ({"case": CASE, "stop_on_fail": 1}, "stop_on_fail: there is no field `stop_on_fail` here; closest: stop_on_failure"),
        ({"wait_ms": -1}, "wait_ms: the number must be at least 0"),
        ({"wait_ms": [1]}, "wait_ms: expected a whole number or a text, got an array"),
        ({"case": CASE, "for_each": {"items": 5}}, "for_each.items: expected an array or a text, got a number"),
        ({"case": {**CASE, "before": [{"do": "sett"}]}}, "case.before.0.do: `sett` is none of set, compute"),
        ({"case": {"request": []}}, "case.request: expected an object, got an array"),
        ({"case": CASE, "dataset": {"mode": "one"}}, "dataset: mode `one` needs the dataset's `key`"),
        ({"case": CASE, "variables": [{"name": "9"}]}, "variables.0.name: a name begins with a letter or `_`"),
        (
            {"case": {**CASE, "assertions": [{"source": "status", "comparator": "equals", "expected": 1}]}},
            "case.assertions.0.comparator: `equals` is none of eq, ne",
        ),
        (
            {"case": {**CASE, "assertions": [{"source": "status", "comparator": "eq"}]}},
            "case.assertions.0: `eq` needs `expected`",
        ),
    ],
)  # fmt: skip
def test_a_wrong_step_is_told_where_it_was_written(step, told):
    (fault,) = faults_of(Plan, {"scenario": {"steps": [step]}})
    assert fault.startswith(f"scenario.steps.0.{told}")


def test_a_step_of_no_kind_names_the_closest_one():
    (fault,) = faults_of(Plan, {"scenario": {"steps": [{"cases": CASE}]}})
    assert fault.endswith("`cases` is none; closest: case")


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"headers": ["x"]}, "headers.0: expected an object, got a text"),
        ({"headers": "x"}, "headers: expected an array, got a text"),
        ({"body": {"kind": "json", "text": "x"}}, "body.text: there is no field `text` here; there are kind, value"),
        ({"body": {"kind": "jsn"}}, "body.kind: `jsn` is none of none, json"),
        ({"path_params": {"a": []}}, "path_params.a: expected a text, a number or true or false, got an array"),
    ],
)
def test_a_wrong_request_is_told_without_the_kind_that_was_chosen(part, told):
    (fault,) = faults_of(RequestSpec, {"url": "/", **part})
    assert fault.startswith(told)


def test_every_fault_is_told_and_no_more_than_a_person_can_read():
    told = faults_of(Plan, {"scenario": {"steps": [{"wait_ms": -1}, {"wait_ms": 1, "x": 1}]}, "version": 2})
    assert [one.split(":")[0] for one in told] == ["version", "scenario.steps.0.wait_ms", "scenario.steps.1.x"]
    many = Faults([DefinitionError(f"f{number}", "wrong") for number in range(MAX_FAULTS + 3)])
    assert len(str(many).splitlines()) == MAX_FAULTS + 1
    assert str(many).endswith("and 3 more")
    assert many.field == "f0"
