"""Variables of two runs beside each other: what a person changed is told, what differs in every run is not."""

import pytest

from wxcloudrun.analysis.variables import VariableChange, variable_changes

UUIDS = ("0b0f7f6e-5a5b-4c4c-8d8d-000000000001", "0b0f7f6e-5a5b-4c4c-8d8d-000000000002")


def record(name, value, scope="environment", **more):
    return {"name": name, "value": value, "scope": scope, "secret": False, "hash": None} | more


@pytest.mark.parametrize("scope", ["step", "dataset", "input", "scenario", "environment", "project"])
def test_a_value_that_a_person_wrote_is_told(scope):
    found = variable_changes([record("base", "http://a", scope)], [record("base", "http://b", scope)])
    assert found == [VariableChange("base", scope, "http://a", "http://b")]


@pytest.mark.parametrize("scope", ["dynamic", "extracted"])
def test_what_differs_in_every_run_is_not_told(scope):
    assert variable_changes([record("id", "1", scope)], [record("id", "2", scope)]) == []
    assert variable_changes([record("id", "1", "environment")], [record("id", "2", scope)]) == []


def test_a_value_that_differs_only_by_what_was_made_in_it_is_not_told():
    then = [record("number", f"order-{UUIDS[0]}", "scenario"), record("$uuid", UUIDS[0], "dynamic")]
    now = [record("number", f"order-{UUIDS[1]}", "scenario"), record("$uuid", UUIDS[1], "dynamic")]
    assert variable_changes(then, now) == []
    then = [record("path", "/orders/17", "scenario"), record("order", 17, "extracted")]
    now = [record("path", "/orders/99", "scenario"), record("order", 99, "extracted")]
    assert variable_changes(then, now) == []
    now = [record("path", "/v2/orders/99", "scenario"), record("order", 99, "extracted")]
    assert [one.now for one in variable_changes(then, now)] == ["/v2/orders/99"]


def test_a_second_dynamic_value_of_the_step_is_known_by_its_look():
    then = [record("other", UUIDS[0]), record("at", 1767225600), record("$uuid", "x", "dynamic")]
    now = [record("other", UUIDS[1]), record("at", 1767225660), record("$uuid", "y", "dynamic")]
    assert variable_changes(then, now) == []
    assert len(variable_changes(then[:2], now[:2])) == 2, "without a dynamic value they are constants"


def test_a_part_that_happens_to_be_like_a_made_value_hides_no_equal_value():
    then = [record("host", "v15.example"), record("$randomInt", 5, "dynamic")]
    now = [record("host", "v15.example"), record("$randomInt", 7, "dynamic")]
    assert variable_changes(then, now) == []


def test_secrets_are_told_by_their_hashes_and_stay_masked():
    def secret(hashed):
        return record("key", "***", secret=True, hash=hashed)

    assert variable_changes([secret("a")], [secret("b")]) == [VariableChange("key", "environment", "***", "***", True)]
    assert variable_changes([secret("a")], [secret("a")]) == []
    assert variable_changes([secret(None)], [secret("a")]) == []
    assert variable_changes([record("key", "plain")], [secret("a")]) == []


def test_values_of_other_types_are_texts_and_long_ones_are_cut():
    [found] = variable_changes([record("a", {"b": 1})], [record("a", ["x" * 500])])
    assert found.before == '{"b": 1}'
    assert len(found.now) == 200
    assert variable_changes([record("a", 1)], [record("a", True)]) == [VariableChange("a", "environment", "1", "true")]
    assert variable_changes([record("a", 1)], [record("b", 2)]) == []
