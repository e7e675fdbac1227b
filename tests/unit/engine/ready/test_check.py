"""What is found in a plan before it runs."""

import pytest
from pydantic import ValidationError

from tests.pace import soon
from tests.unit.engine.plans import case, step
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.ready.check import check_plan


def plan(*steps, **parts):
    scenario = {"name": "main", "steps": list(steps), **parts.pop("scenario", {})}
    return Plan.model_validate({"scenario": scenario, **parts})


def test_a_sound_plan_has_no_warnings_and_survives_json():
    sound = plan(
        step("{{base_url}}/a", extract={"x": "$.x"}),
        step("/{{x}}/{{x.y}}", for_each={"items": [1], "as": "one"}, variables=[{"name": "v", "value": "{{one}}"}]),
        {
            "scenario": {
                "name": "inner",
                "inputs": [{"name": "i"}],
                "outputs": ["o"],
                "steps": [step("/{{i}}", extract={"o": "$.o"})],
            },
            "inputs": {"i": "{{x}}"},
        },
        step("/{{o}}", before=[{"do": "set", "name": "s", "value": 1}], request={"headers": {"A": "{{s}}"}}),
        environment={"base_url": "http://h", "variables": [{"name": "auth", "value": "Bearer {{x}}"}]},
    )
    assert check_plan(sound) == []
    again = Plan.model_validate_json(sound.model_dump_json(by_alias=True))
    assert again.model_dump() == sound.model_dump()


@pytest.mark.parametrize(
    ("broken", "field", "words"),
    [
        (step("/{{x"), "scenario.steps.0.case.request.url", "not closed"),
        (step("/", extract={"x": "$..["}), "scenario.steps.0.case.extractions.0.argument", None),
        (step("/", expect={"$[": 1}), "scenario.steps.0.case.assertions.1.argument", None),
        (step("/", condition="a >"), "scenario.steps.0.condition", None),
        (step("/", condition="{{a}} > 1"), "scenario.steps.0.condition", "without braces"),
        (step("/{{$randomNuber}}"), "scenario.steps.0.case.request.url", r"did you mean `\$randomNumber|did you mean"),
        (step("/{{x | no_such}}"), "scenario.steps.0.case.request.url", "no_such"),
        (
            step("/", request={"methud": "GET"}),
            "scenario.steps.0.case.request.methud",
            "there is no field `methud` here; closest: method",
        ),
        (
            step("/{{x}}", request={"timeouts": {"read_ms": "soon"}}),
            "scenario.steps.0.case.request.timeouts.read_ms",
            "expected a whole number, got a text",
        ),
        (step("/", dataset={"mode": "one", "key": "k"}), "scenario.steps.0.dataset.key", "has no dataset `k`"),
        (step("/", datasets=[{"key": "k"}, {"key": "k"}]), "scenario.steps.0.case.datasets", "two datasets"),
        (
            step("/", dataset={"mode": "random"}, datasets=[{"key": "a"}, {"key": "b", "headers": {"X": "{{"}}]),
            "scenario.steps.0.case.datasets.1.headers.X",
            "not closed",
        ),
        (step("/", poll={"until": "1 +"}), "scenario.steps.0.poll.until", None),
        (
            step("/", before=[{"do": "compute", "name": "x", "expression": "nope()"}]),
            "scenario.steps.0.case.before.0.expression",
            "no function",
        ),
        ({"scenario": {"steps": []}, "inputs": {"x": 1}}, "scenario.steps.0.inputs.x", "declares no such input"),
        (
            {"scenario": {"steps": [], "inputs": [{"name": "x", "required": True}]}},
            "scenario.steps.0.inputs",
            "needs the input `x`",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_its_field(broken, field, words):
    with pytest.raises(DefinitionError, match=words) as caught:
        check_plan(plan(broken))
    assert caught.value.field == field


def test_values_that_need_rendering_are_not_refused_before_it():
    check_plan(plan(step("/", request={"timeouts": {"read_ms": "{{x}}"}}, variables=[{"name": "x", "value": 5}])))


def test_variables_in_a_circle_are_refused():
    variables = [{"name": "a", "value": "{{b}}"}, {"name": "b", "value": "x{{a}}"}]
    with pytest.raises(DefinitionError, match="circle: a -> b -> a"):
        check_plan(plan(step("/"), environment={"variables": variables}))


def test_a_circle_is_found_behind_a_value_that_is_in_none():
    variables = [
        {"name": "a", "value": "{{plain}} {{b}}"},
        {"name": "b", "value": "{{plain}} {{c}}"},
        {"name": "c", "value": "{{plain}} {{a}}"},
        {"name": "plain", "value": "x"},
    ]
    with pytest.raises(DefinitionError, match="circle: a -> b -> c -> a"):
        check_plan(plan(step("/"), environment={"variables": variables}))


def test_values_that_need_one_another_in_every_way_are_looked_over_soon():
    names = [f"v{at}" for at in range(500)]
    behind = [" ".join(f"{{{{{one}}}}}" for one in names[at + 1 : at + 58]) for at in range(500)]
    variables = [{"name": name, "value": value or "x"} for name, value in zip(names, behind, strict=True)]
    with soon(8):
        check_plan(plan(step("/"), environment={"variables": variables}))
        variables[-1]["value"] = "{{v0}}"
        with pytest.raises(DefinitionError, match=r"circle: v0 -> v1 -> .* -> \.\.\. -> v0"):
            check_plan(plan(step("/"), environment={"variables": variables}))


def test_a_scenario_that_calls_itself_is_refused():
    inner = {"id": 1, "steps": [{"scenario": {"id": 2, "steps": [{"scenario": {"id": 1, "steps": []}}]}}]}
    with pytest.raises(DefinitionError, match="scenario 1 calls itself") as caught:
        check_plan(plan({"scenario": inner}))
    assert caught.value.field == "scenario.steps.0.scenario.steps.0.scenario.steps.0.scenario"


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        ([step("/{{x}}"), step("/", extract={"x": "$.x"})], "x"),
        ([{"parallel": [step("/", extract={"x": "$.x"}), step("/{{x}}")]}], "x"),
        ([{"scenario": {"steps": [step("/", extract={"x": "$.x"})]}}, step("/{{x}}")], "x"),
        ([step("/", extract={"x": "$.x"}, enabled=False), step("/{{x}}")], "x"),
        ([step("/", extract={"x": "$.x"}), step("/{{y}}")], "y"),
        ([step("/", condition="level > 3")], "level"),
        ([step("/", poll={"until": "status == wanted"})], "wanted"),
    ],
)
def test_a_name_that_nothing_above_provides_is_warned_of(steps, name):
    (warning,) = check_plan(plan(*steps))
    assert f"nothing above this step gives `{name}` a value" in warning


def test_a_variable_is_looked_into_where_it_is_used():
    environment = {"variables": [{"name": "auth", "value": "Bearer {{x}}"}]}
    (warning,) = check_plan(
        plan(step("/{{auth}}"), step("/", extract={"x": "$.x"}), step("/{{auth}}"), environment=environment)
    )
    assert warning.startswith("scenario.steps.0.case.request.url: `auth` needs `x`")


def test_values_of_every_branch_are_known_after_the_group():
    group = {"parallel": [step("/", extract={"x": "$.x"}), step("/", extract={"y": "$.y"})]}
    assert check_plan(plan(group, step("/{{x}}{{y}}"))) == []


def test_an_output_that_nothing_makes_is_warned_of():
    nameless = plan(step("/"), scenario={"name": "", "outputs": ["x"]})
    assert check_plan(nameless) == ["scenario.outputs: nothing makes its output `x`"]


def test_an_empty_scenario_is_warned_of():
    assert check_plan(plan()) == ["scenario.steps: there is nothing to run"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"scenario": {"steps": [{"name": "x"}]}}, "a step has one of"),
        ({"scenario": {"steps": [{"kind": "parallel", "steps": []}]}}, "parallel"),
        ({"scenario": {}, "colour": 1}, "Extra inputs"),
        ({"scenario": {"variables": [{"name": "9x"}]}}, "pattern"),
        ({"scenario": {"steps": [{"case": case("/"), "retry": {}, "poll": {"until": "true"}}]}}, "not both"),
        ({"version": 2, "scenario": {}}, "Input should be 1"),
    ],
)
def test_a_plan_of_the_wrong_shape_is_refused(data, words):
    with pytest.raises(ValidationError, match=words):
        Plan.model_validate(data)
