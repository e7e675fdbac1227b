"""What is recorded of a step is JSON, with every member its shape names."""

import json
from typing import get_args, get_type_hints, is_typeddict

import pytest

from tests.unit.engine.plans import plan_of, run, step
from wxcloudrun.engine.result.records import (
    AssertionRecord,
    Attempt,
    ExtractionRecord,
    RequestRecord,
    ResponseRecord,
    VariableRecord,
)


def assert_shaped(value, shape):
    """Holds the value to the members of its shape, and these to theirs."""
    hints = get_type_hints(shape)
    assert list(value) == list(hints)
    for name, hint in hints.items():
        inner = next((one for one in (hint, *get_args(hint)) if is_typeddict(one)), None)
        if inner is not None and value[name] is not None:
            assert_shaped(value[name], inner)


def test_every_piece_has_the_members_of_its_shape(target):
    extraction = {"name": "it", "source": "jsonpath", "argument": "$.query.q"}
    one = step("/redirect?to=/echo%3Fq%3D{{v}}", status=201, extractions=[extraction])
    results, _ = run(plan_of(target, [one], environment={"variables": [{"name": "v", "value": "x"}]}))
    (result,) = results
    assert_shaped(result.request, RequestRecord)
    assert_shaped(result.response, ResponseRecord)
    pieces = (
        (result.attempts, Attempt),
        (result.assertions, AssertionRecord),
        (result.extractions, ExtractionRecord),
        (result.variables, VariableRecord),
    )
    for found, shape in pieces:
        assert_shaped(found[0], shape)


@pytest.mark.parametrize("path", ["/", "/redirect?to=/echo", "/binary?say=abc", "http://127.0.0.1:1/", "/{{missing}}"])
def test_a_result_is_the_same_when_it_was_written_and_read_again(target, path):
    results, _ = run(plan_of(target, [step(path, extractions=[{"name": "n", "source": "body", "required": False}])]))
    data = results[0].to_json()
    assert json.loads(json.dumps(data)) == data
