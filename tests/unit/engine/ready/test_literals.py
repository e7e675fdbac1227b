"""What of a request can be seen to be wrong before anything is sent."""

import pytest

from tests.unit.engine.plans import step
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.ready.check import check_plan


def refusal(*steps, **parts):
    with pytest.raises(DefinitionError) as caught:
        check_plan(Plan.model_validate({"scenario": {"steps": list(steps)}, **parts}))
    return caught.value


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"headers": [{"name": "A", "value": "{{x}}"}, {"name": "B", "value": "a\nb"}]}, "headers.1.value"),
        ({"headers": {"B": "a\nb"}}, "headers.B"),
        ({"body": {"kind": "binary", "content": "not base64!"}}, "body.content"),
        ({"body": {"kind": "multipart", "parts": [{"name": "f", "file": {"name": "n", "content": "?"}}]}}, "body.parts.0"),
        ({"proxy": "ftp://127.0.0.1:8080"}, "proxy"),
    ],
)  # fmt: skip
def test_a_literal_that_cannot_be_sent_is_refused_where_it_was_written(request_, field):
    assert refusal(step("/{{x}}", request=request_)).field.startswith(f"scenario.steps.0.case.request.{field}")


def test_a_fault_of_the_environment_is_told_once_at_its_own_place():
    fault = refusal(step("/"), step("/"), environment={"headers": {"X-A": "a\nb"}})
    assert [one.field for one in fault.faults] == ["environment.headers.X-A"]


def test_a_wrong_proxy_of_the_network_is_told_once():
    fault = refusal(step("/"), step("/"), network={"proxy": "ftp://127.0.0.1:1"})
    assert [one.field for one in fault.faults] == ["network.proxy"]


def test_a_text_in_for_each_is_refused():
    assert refusal(step("/", for_each={"items": "a,b"})).field == "scenario.steps.0.for_each.items"


def test_a_wrong_address_rule_is_told_by_its_place():
    assert refusal(step("/"), network={"allowed": ["127.0.0.1", "nonsense"]}).field == "network.allowed.1"


def test_arguments_that_never_fit_are_refused():
    assert "number of words" in refusal(step("/{{$randomWords 99999999}}")).reason


def test_every_fault_is_told_with_a_caret_under_it():
    broken = step(
        "/", extract={"x": "$.a["}, expect={"$.b[": 1}, condition="a >", variables=[{"name": "v", "value": "{{"}]
    )
    fault = refusal(broken, step("/{{$nope}}"), environment={"variables": [{"name": "e", "value": "{{"}]})  # fmt: skip
    lines = str(fault).splitlines()
    where = [one.field for one in fault.faults]
    assert where == [
        "environment.variables.0.value",
        "scenario.steps.0.variables.0.value",
        "scenario.steps.0.condition",
        "scenario.steps.0.case.extractions.0.argument",
        "scenario.steps.0.case.assertions.1.argument",
    ]
    shown = next(number for number, line in enumerate(lines) if line.strip() == "$.a[")
    assert lines[shown + 1].index("^") == lines[shown].index("$") + 4


def test_ends_in_the_wrong_order_are_refused():
    wrong = {"source": "status", "comparator": "between", "expected": [300, 200]}
    assert "smaller end first" in refusal(step("/", assertions=[wrong])).reason
