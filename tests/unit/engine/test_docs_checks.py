"""Runs every example of docs/engine/checks.md and sees that no word of the engine goes without one."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from wxcloudrun.engine.judge.assertion import Assertion, compile_assertion
from wxcloudrun.engine.judge.comparators import Comparator
from wxcloudrun.engine.judge.expression import FUNCTIONS, compile_expression
from wxcloudrun.engine.judge.extraction import Extraction, Missing, compile_extraction
from wxcloudrun.engine.judge.filters import FILTERS
from wxcloudrun.engine.judge.kinds import KINDS
from wxcloudrun.engine.judge.reading import ResponseView
from wxcloudrun.engine.judge.sources import Source
from wxcloudrun.engine.judge.structure_markers import MARKERS
from wxcloudrun.engine.judge.structure_operators import OPERATORS
from wxcloudrun.engine.judge.values import equal
from wxcloudrun.engine.response import Body, Cookie, Response, Timing

PAGE = Path(__file__).parents[3] / "docs" / "engine" / "checks.md"
BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)]
EXAMPLES = [(block, example) for block in BLOCKS for example in block["examples"]]


def view_of(block: dict[str, Any]) -> ResponseView:
    made = block.get("response", {})
    content = json.dumps(made["json"]) if "json" in made else made.get("body", "")
    data = content.encode()
    response = Response(
        status=made.get("status", 200),
        reason="",
        http_version=made.get("version", "1.1"),
        headers=tuple((name, value) for name, value in made.get("headers", [])),
        body=Body(head=data, size=len(data), sha256="0" * 64),
        url=made.get("url", "http://api.example/"),
        timing=Timing(total_ms=made.get("total_ms", 0.0)),
        cookies=tuple(Cookie(**cookie) for cookie in made.get("cookies", [])),
        peer=made.get("peer"),
        certificate=made.get("certificate"),
    )
    return ResponseView(response)


def taken(block: dict[str, Any], example: dict[str, Any]) -> Any:
    variables = block.get("variables", {})
    if "evaluate" in example:
        return compile_expression(example["evaluate"]).evaluate(variables, view_of(block))
    if "filter" in example:
        variables = {"value": example["filter"]}
        filters = [{"name": name, "args": args} for name, *args in example["filters"]]
        spec: dict[str, Any] = {"source": "variable", "argument": "value", "filters": filters}
    else:
        spec = example["extract"]
    extraction = Extraction.model_validate({"name": "x", **spec})
    found = compile_extraction(extraction).read(view_of(block), variables)
    return {"missing": True} if isinstance(found, Missing) else found.value


@pytest.mark.parametrize(("block", "example"), EXAMPLES, ids=[json.dumps(one)[:60] for _, one in EXAMPLES])
def test_the_example_gives_what_the_page_says(block, example):
    if "assert" in example:
        outcome = compile_assertion(Assertion.model_validate(example["assert"])).check(
            view_of(block), block.get("variables", {})
        )
        assert outcome.passed is example["gives"], outcome
        for field in ("where", "nearest", "message"):
            assert getattr(outcome, field) == example.get(field, getattr(outcome, field))
        assert list(outcome.places) == example.get("places", list(outcome.places))
    else:
        value = taken(block, example)
        assert equal(value, example["gives"]), value


def test_every_source_has_an_example():
    used = {example[kind].get("source") for _, example in EXAMPLES for kind in ("extract", "assert") if kind in example}
    assert {str(one) for one in Source} <= used


def test_every_comparator_has_an_example():
    assert {str(one) for one in Comparator} <= {
        example["assert"].get("comparator") for _, example in EXAMPLES if "assert" in example
    }


def test_every_filter_has_an_example():
    used = {name for _, example in EXAMPLES if "filter" in example for name, *_ in example["filters"]}
    assert set(FILTERS) == used


def test_every_function_has_an_example():
    text = " ".join(example["evaluate"] for _, example in EXAMPLES if "evaluate" in example)
    assert set(FUNCTIONS) <= set(re.findall(r"(\w+)\(", text))


def test_every_marker_and_operator_has_an_example():
    text = json.dumps([example["assert"] for _, example in EXAMPLES if "assert" in example])
    assert [name for name in (*MARKERS, *(one[1:] for one in OPERATORS)) if f'"#{name}' not in text] == []
    assert set(KINDS) <= set(MARKERS)
