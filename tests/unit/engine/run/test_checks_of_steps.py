"""Actions, extractions and assertions as parts of a step."""

import hashlib
import hmac

import pytest

from tests.unit.engine.plans import plan_of, run, step


def test_actions_before_and_after_set_compute_sign_and_log(target):
    one = step(
        "/echo",
        "POST",
        {"at": "{{stamp}}", "sign": "{{signature}}"},
        before=[
            {"do": "set", "name": "stamp", "value": "t-{{$randomInt 7 7}}"},
            {"do": "compute", "name": "double", "expression": "3 * 2"},
            {"do": "sign", "name": "signature", "key": "key", "message": "{{stamp}}:{{double}}"},
            {"do": "wait", "wait_ms": 1},
            {"do": "log", "message": "signing {{stamp}}"},
        ],
        after=[
            {"do": "compute", "name": "length", "expression": "len(body.body.sign)", "scope": "step"},
            {"do": "log", "message": "got {{length}}"},
        ],
        assertions=[{"expression": "length == 64"}],
    )
    results, _ = run(plan_of(target, [one, step("/echo?{{stamp}}"), step("/echo?{{length}}")]))
    assert results[0].outcome == "passed", results[0].explain()
    assert results[0].log == ("signing t-7", "got 64")
    sent = hmac.new(b"key", b"t-7:6", hashlib.sha256).hexdigest()
    assert sent in target.seen[0]["body"]
    assert [result.outcome.value for result in results] == ["passed", "passed", "error"]


def test_a_required_extraction_that_finds_nothing_fails_the_step(target):
    results, _ = run(plan_of(target, [step("/", extract={"x": "$.nothing"})]))
    assert results[0].outcome == "failed"
    assert "extraction `x` is required and found nothing" in results[0].reason


def test_a_required_extraction_that_cannot_be_read_is_an_error(target):
    results, _ = run(plan_of(target, [step("/text?say=hello", extract={"x": "$.a"})]))
    assert results[0].error.error_class == "extraction"
    assert "not JSON" in results[0].error.message


def test_an_optional_extraction_gives_its_default(target):
    optional = {"name": "x", "source": "jsonpath", "argument": "$.nothing", "required": False, "default": "d"}
    results, _ = run(plan_of(target, [step("/", extractions=[optional]), step("/echo?x={{x}}")]))
    assert target.seen[-1]["query"] == {"x": "d"}
    assert not results[0].extractions[0]["found"]


def test_scopes_of_extractions_end_where_they_say(target):
    def extraction(name, scope):
        return {"name": name, "source": "jsonpath", "argument": "$.name", "scope": scope}

    inner = {
        "name": "inner",
        "steps": [
            step(
                "/",
                extractions=[extraction("a", "step"), extraction("b", "scenario"), extraction("c", "global")],
                assertions=[{"expression": "a == 'demo'"}],
            )
        ],
    }
    steps = [{"scenario": inner}] + [step(f"/echo?{{{{{name}}}}}", stop_on_failure=False) for name in "abc"]
    results, summary = run(plan_of(target, steps))
    assert [result.outcome.value for result in results] == ["passed", "error", "error", "passed"]
    assert [(one.name, one.value) for one in summary.write_back] == [("c", "demo")]
    assert summary.to_json()["write_back"] == ["c"]


def test_checks_may_hold_placeholders_anywhere(target):
    one = step(
        "/",
        variables=[{"name": "index", "value": 1}, {"name": "wanted", "value": "b"}, {"name": "word", "value": "eq"}],
        extractions=[{"name": "sku", "source": "jsonpath", "argument": "$.items[{{index}}].sku"}],
        assertions=[
            {"source": "jsonpath", "argument": "$.items[{{index}}].sku", "comparator": "eq", "expected": "{{wanted}}"},
            {"source": "variable", "argument": "sku", "comparator": "in", "expected": ["a", "{{wanted}}"]},
            {"expression": "sku == wanted", "comparator": "eq", "expected": True},
        ],
    )
    results, summary = run(plan_of(target, [one]))
    assert results[0].outcome == "passed", results[0].explain()
    assert summary.warnings == ()


@pytest.mark.parametrize("index", ["]", ""])
def test_a_check_that_cannot_work_after_rendering_is_an_error(target, index):
    one = step(
        "/",
        variables=[{"name": "index", "value": index}],
        extractions=[{"name": "sku", "source": "jsonpath", "argument": "$.items[{{index}}].sku"}],
    )
    results, _ = run(plan_of(target, [one]))
    assert results[0].error.error_class == "definition"
    assert "extractions.0" in results[0].error.message


def test_an_expected_value_that_cannot_be_compared_after_rendering_is_an_error(target):
    bad = {"source": "status", "comparator": "between", "expected": "{{range}}"}
    one = step("/", status=None, variables=[{"name": "range", "value": 5}], assertions=[bad])
    results, _ = run(plan_of(target, [one]))
    assert results[0].error.error_class == "definition"
    assert "assertions.0" in results[0].error.message


def test_a_filter_that_does_not_fit_is_an_error(target):
    results, _ = run(plan_of(target, [step("/{{n | first}}", variables=[{"name": "n", "value": []}])]))
    assert results[0].error.error_class == "variable"
    results, _ = run(plan_of(target, [step("/{{n | to_number}}", variables=[{"name": "n", "value": "x"}])]))
    assert results[0].error.error_class == "variable"
