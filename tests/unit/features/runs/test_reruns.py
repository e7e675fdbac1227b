"""Of a run what failed, with what that needs."""

from typing import Any

import pytest

from wxcloudrun.features.runs.reruns import reduced


def step(name: str, url: str = "/", *makes: str, **more: Any) -> dict[str, Any]:
    """A step that sends a request and takes these names from its answer."""
    taken = [{"name": one, "source": "body"} for one in makes]
    return {"name": name, "kind": "case", "case": {"request": {"url": url}, "extractions": taken}, **more}


def kept(scenario: dict[str, Any], *failed: str, cookies: tuple[str, ...] = ()) -> list[str]:
    return [one["name"] for one in reduced(scenario, set(failed), set(cookies))["steps"]]


def test_what_failed_stays_and_what_it_does_not_need_goes():
    scenario = {"steps": [step("a"), step("b"), step("c")]}
    assert kept(scenario, "steps/1") == ["b"]
    assert kept(scenario, "steps/1/iterations/3", "steps/2") == ["b", "c"]


def test_what_makes_a_name_that_is_used_stays_through_any_number_of_steps():
    scenario = {
        "steps": [
            step("log in", "/", "token"),
            step("unused", "/", "nothing"),
            step("make", "/{{token}}", "order"),
            step("look", "/look"),
            step("pay", "/pay/{{order.id}}"),
        ]
    }
    assert kept(scenario, "steps/4") == ["log in", "make", "pay"]
    assert kept(scenario, "steps/3") == ["look"]


def test_names_are_found_wherever_they_are_made():
    made = {"name": "x", "kind": "case", "case": {"before": [{"do": "set", "name": "pin"}], "after": [{"name": "sum"}]}}
    called = {"name": "y", "kind": "scenario", "scenario": {"outputs": ["session"], "steps": []}}
    group = {"name": "z", "kind": "group", "steps": [step("inside", "/", "deep")]}
    for needed, used in ((made, "pin"), (made, "sum"), (called, "session"), (group, "deep")):
        last = step("last", condition=f"{used} > 1")
        assert kept({"steps": [needed, last]}, "steps/1") == [needed["name"], "last"]


@pytest.mark.parametrize("text", ["a\n{{order}}", "{{ order | trim }}", "x=order['id']", "заказ {{order}}"])
def test_a_name_is_found_as_a_word_in_any_text(text: str):
    scenario = {"steps": [step("make", "/", "order"), step("use", text)]}
    assert kept(scenario, "steps/1") == ["make", "use"]


def test_a_longer_word_is_another_name():
    scenario = {"steps": [step("make", "/", "order"), step("use", "{{reorder}} {{order_id}}")]}
    assert kept(scenario, "steps/1") == ["use"]


def test_a_name_with_dots_and_dashes_is_found_too():
    scenario = {"steps": [step("make", "/", "user.first-name"), step("use", "{{user.first-name}}")]}
    assert kept(scenario, "steps/1") == ["make", "use"]


def test_what_teardown_uses_stays():
    scenario = {"steps": [step("make", "/", "order"), step("fail")], "teardown": [step("clear", "/{{order}}")]}
    assert kept(scenario, "steps/1") == ["make", "fail"]
    assert kept(scenario, "teardown/0") == ["make"]


def test_a_failed_setup_means_everything():
    scenario = {"setup": [step("in")], "steps": [step("a"), step("b")]}
    assert kept(scenario, "setup/0") == ["a", "b"]


def test_who_set_a_cookie_stays_where_something_comes_after():
    scenario = {"steps": [step("log in"), step("a"), step("b")]}
    assert kept(scenario, "steps/2", cookies=("steps/0",)) == ["log in", "b"]
    assert kept(scenario, "steps/0", cookies=("steps/2",)) == ["log in"]


def test_of_branches_side_by_side_only_those_that_failed_stay():
    branches = [step("one", "/", "made"), step("two"), step("three", "/{{made}}")]
    scenario = {"steps": [{"name": "all", "kind": "parallel", "parallel": branches}, step("last", "/{{other}}")]}
    found = reduced(scenario, {"steps/0/parallel/2"}, {"steps/0/parallel/0"})
    assert [one["name"] for one in found["steps"][0]["parallel"]] == ["three"], "branches see nothing of one another"
    assert len(found["steps"]) == 1


def test_a_branch_that_makes_what_a_later_step_uses_stays():
    branches = [step("one", "/", "made"), step("two")]
    scenario = {"steps": [{"name": "all", "kind": "parallel", "parallel": branches}, step("last", "/{{made}}")]}
    found = reduced(scenario, {"steps/1"})
    assert [one["name"] for one in found["steps"][0]["parallel"]] == ["one"]


@pytest.mark.parametrize("more", [{"repeat": {"times": 2}}, {"for_each": {"items": [1]}}])
def test_branches_that_are_repeated_stay_together(more: dict[str, Any]):
    branches = [step("one"), step("two")]
    scenario = {"steps": [{"name": "all", "kind": "parallel", "parallel": branches, **more}]}
    found = reduced(scenario, {"steps/0/iterations/1/parallel/0"})
    assert len(found["steps"][0]["parallel"]) == 2


def test_branches_whose_own_step_failed_stay_together():
    branches = [step("one"), step("two")]
    scenario = {"steps": [{"name": "all", "kind": "parallel", "parallel": branches}]}
    assert len(reduced(scenario, {"steps/0"})["steps"][0]["parallel"]) == 2


def test_the_plan_that_was_run_is_not_changed():
    scenario = {"steps": [step("a"), step("b")]}
    reduced(scenario, {"steps/0"})
    assert len(scenario["steps"]) == 2
