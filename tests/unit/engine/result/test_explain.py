"""The block of text that says why a step did not pass."""

import pytest

from tests.unit.engine.plans import demo, plan_of, run, step
from wxcloudrun.engine.result.explain import one_line


@pytest.fixture
def target():
    with demo() as server:
        yield server


def explained(target, *steps, **parts):
    results, _ = run(plan_of(target, list(steps), **parts))
    return results[-1].explain()


def test_a_passed_step_needs_no_words(target):
    assert explained(target, step("/")) == ""


def test_a_failure_shows_expected_actual_place_nearest_answer_and_a_way_to_repeat_it(target):
    group = {"name": "checkout", "steps": [step("/", name="read home", expect={"$.items[0].skuu": "a"})]}
    text = explained(target, group)
    assert text.splitlines()[0] == "failed: checkout > read home (steps/0/steps/0)"
    assert 'expected: eq "a"' in text
    assert "closest: sku" in text
    assert "^" in text
    assert "answer: 200 OK in" in text
    assert f"repeat: curl {target.url}/" in text


def test_the_row_of_data_is_named(target):
    one = step("/", status=500, datasets=[{"key": "k", "name": "a row", "default": True}], dataset={"mode": "all"})
    assert "[a row]" in explained(target, one).splitlines()[0]


def test_the_own_message_of_an_assertion_comes_with_the_facts(target):
    own = {"source": "status", "comparator": "eq", "expected": 201, "message": "the order must be made"}
    text = explained(target, step("/", status=None, assertions=[own]))
    assert "the order must be made" in text
    assert "201" in text
    assert "200" in text


def test_attempts_are_listed(target):
    text = explained(target, step("/status/503", retry={"attempts": 3, "interval_ms": 1}))
    assert "attempts: 1: 503, 2: 503, 3: 503" in text


def test_an_error_names_its_class_and_what_to_do(target):
    text = explained(target, step("http://127.0.0.1:1/"))
    assert text.splitlines()[1].startswith("  guard: ")
    assert "administrator" in text


def test_an_extraction_that_is_told_as_the_reason_is_told_once(target):
    found = {"name": "it", "source": "jsonpath", "argument": "$.missing", "required": True}
    text = explained(target, step("/", extractions=[found]))
    assert text.count("$.missing matches nothing") == 1


def test_a_check_of_presence_expects_no_value(target):
    missing = {"source": "jsonpath", "argument": "$.missing", "comparator": "exists"}
    text = explained(target, step("/", assertions=[missing]))
    assert "expected: exists\n" in text


def test_control_characters_and_turned_directions_are_made_visible():
    assert one_line("a\x1b[2J\nb\x85\u202e\ud800 中") == "a\\x1b[2J\\nb\\x85\\u202e\\ud800 中"
