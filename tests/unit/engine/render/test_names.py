"""Which value a name has, and what is said when it has none."""

from datetime import UTC, datetime

import pytest

from wxcloudrun.engine.errors import DefinitionError, StepError
from wxcloudrun.engine.plan.case import Variable
from wxcloudrun.engine.render.names import Names
from wxcloudrun.engine.render.template import compile_tree, render
from wxcloudrun.engine.render.variables import Layer, Scope, Source, compile_variables


class Still:
    def now(self):
        return datetime(2026, 3, 4, tzinfo=UTC)

    def monotonic(self):
        return 0.0


def layer(source, place="", **values):
    return Layer(source, {name: compile_tree(value, f"{source}.{name}") for name, value in values.items()}, place)


def scope_of(**values):
    return Scope((layer(Source.ENVIRONMENT, "environment", **values),))


def names_of(scope, place="steps/0", seed="1"):
    return Names(scope, seed=seed, place=place, clock=Still())


def rendered(text, scope, **keywords):
    return render(compile_tree(text, "request.url"), names_of(scope, **keywords))


def test_the_order_of_precedence_is_one_rule():
    order = [Source.PROJECT, Source.ENVIRONMENT, Source.SCENARIO, Source.INPUT]
    base = [layer(source, x=source.value) for source in order]
    seen = []
    for count in range(1, 5):
        scope = Scope(tuple(reversed(base[:count])))
        seen.append(rendered("{{x}}", scope))
    scope = scope.inside(dataset=layer(Source.DATASET, x="dataset"))
    seen.append(rendered("{{x}}", scope))
    scope.keep("x", "extracted")
    seen.append(rendered("{{x}}", scope))
    scope = scope.inside(layer(Source.STEP, x="step"))
    seen.append(rendered("{{x}}", scope))
    assert seen == ["project", "environment", "scenario", "input", "dataset", "extracted", "step"]


def test_each_used_value_is_noted_with_its_source():
    scope = scope_of(host="h", unused=1)
    scope.keep("id", 7)
    names = names_of(scope)
    render(compile_tree("{{host}}/{{id}}/{{$randomInt 5 5}}", "url"), names)
    assert names.used == {
        "host": (Source.ENVIRONMENT, "h"),
        "id": (Source.EXTRACTED, 7),
        "$randomInt 5 5": (Source.DYNAMIC, 5),
    }


def test_a_value_that_names_others_is_rendered_once_more():
    assert rendered("{{url}}/x", scope_of(url="http://{{host}}", host="h")) == "http://h/x"


def test_a_value_is_not_rendered_deeper_than_that():
    with pytest.raises(StepError, match="a -> b: a value may refer to other values, but those may not"):
        rendered("{{a}}", scope_of(a="{{b}}", b="{{c}}", c="1"))


def test_values_in_a_circle_are_an_error():
    with pytest.raises(StepError, match="a -> b: these values refer to one another in a circle"):
        rendered("{{a}}", scope_of(a="{{b}}", b="{{a}}"))


def test_what_came_from_a_server_is_never_a_template():
    scope = scope_of(secret="s3cret")
    scope.keep("answer", "{{secret}}")
    assert rendered("x {{answer}}", scope) == "x {{secret}}"


def test_an_unknown_name_is_an_error_with_field_and_closest_name():
    with pytest.raises(StepError, match=r"request.url: `tokn` has no value; did you mean `token`\?") as caught:
        rendered("{{tokn}}", scope_of(token="x"))
    assert caught.value.error_class == "variable"


def test_a_missing_member_says_what_there_is():
    with pytest.raises(StepError, match="has no `nam`; there is an object with name, age"):
        rendered("{{user.nam}}", scope_of(user={"name": 1, "age": 2}))
    with pytest.raises(StepError, match="a list of 1"):
        rendered("{{items[3]}}", scope_of(items=[1]))


def test_dotted_names_are_members_unless_a_value_has_that_very_name():
    assert rendered("{{user.id}}", scope_of(user={"id": 1})) == 1
    assert rendered("{{user.id}}", Scope((layer(Source.INPUT, **{"user.id": 2}),))) == 2
    assert rendered("{{items.0.sku}}", scope_of(items=[{"sku": "a"}])) == "a"


def test_a_random_value_in_a_variable_stays_the_same_wherever_it_is_used():
    scope = scope_of(order="{{$uuid}}")
    first = rendered("{{order}}", scope, place="steps/0")
    assert first == rendered("no {{order}}", scope, place="steps/9")[3:]
    assert first != rendered("{{order}}", scope, seed="2")


def test_random_values_of_a_step_differ_between_steps_and_repeat_for_the_same_seed():
    scope = scope_of()
    assert rendered("{{$uuid}}", scope, place="steps/0") == rendered("{{$uuid}}", scope, place="steps/0")
    assert rendered("{{$uuid}}", scope, place="steps/0") != rendered("{{$uuid}}", scope, place="steps/1")
    one, two = rendered(["{{$uuid}}", "{{$uuid}}"], scope)
    assert one != two


def test_filters_of_extractions_work_in_placeholders():
    assert rendered("{{name | base64_encode}}", scope_of(name="abc")) == "YWJj"


def test_an_unknown_filter_is_an_error():
    with pytest.raises((StepError, DefinitionError), match="nofilter"):
        rendered("{{name | nofilter}}", scope_of(name="abc"))


def test_a_branch_does_not_show_its_values_before_it_is_joined():
    scope = scope_of()
    one, two = scope.fork(), scope.fork()
    one.keep("x", 1)
    two.keep("x", 2)
    two.keep("g", 3, shared=True)
    assert scope.find("x") is None
    assert one.find("g") is None
    scope.join(one)
    scope.join(two)
    assert scope.find("x")[1] == 2
    assert scope.shared == {"g": 3}


def test_a_called_scenario_shares_only_what_is_global():
    scope = scope_of()
    scope.keep("own", 1)
    child = scope.call((layer(Source.INPUT, given=5),))
    child.keep("token", "t")
    child.keep("wide", "w", shared=True)
    assert child.find("own") is None
    assert scope.find("token") is None
    assert scope.find("wide")[1] == "w"


def test_values_of_a_called_scenario_in_a_branch_do_not_leak_through_the_join():
    scope = scope_of()
    branch = scope.fork()
    child = branch.call(())
    child.keep("inner", 1)
    child.keep("wide", 2, shared=True)
    scope.join(branch)
    assert scope.find("inner") is None
    assert scope.find("wide")[1] == 2


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("number", "12", 12),
        ("number", "-1.5", -1.5),
        ("boolean", "true", True),
        ("boolean", "0", False),
        ("json", '{"a": [1]}', {"a": [1]}),
        ("string", 5, "5"),
    ],
)
def test_typed_variables_become_their_type(kind, text, value):
    compiled = compile_variables((Variable(name="v", value=text, type=kind),), "environment.variables")
    assert compiled["v"] == value
    template = compile_variables((Variable(name="v", value="{{x}}", type=kind),), "environment.variables")
    scope = Scope((Layer(Source.ENVIRONMENT, {**template, "x": text}),))
    assert rendered("{{v}}", scope) == value


def test_a_value_that_is_not_of_its_type_is_refused():
    with pytest.raises(DefinitionError, match="cannot be read as number"):
        compile_variables((Variable(name="v", value="twelve", type="number"),), "environment.variables")


def test_names_can_be_read_like_a_mapping_for_expressions():
    names = names_of(scope_of(a="{{b}}", b=2))
    assert names["a"] == 2
    assert "a" in names
    assert "c" not in names
    assert sorted(names) == ["a", "b"]
    assert len(names) == 2
    with pytest.raises(KeyError):
        names["c"]
