"""The manual is run: every plan on the page does what the page says, and every construct is on it."""

import json
import re
import threading
from pathlib import Path

import pytest

from tests.unit.engine.plans import demo
from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.plan.case import Action
from wxcloudrun.engine.plan.plan import Limits, Plan
from wxcloudrun.engine.plan.steps import DatasetMode, StepBase, StepKind
from wxcloudrun.engine.render.dynamic import DYNAMIC
from wxcloudrun.engine.render.variables import Source
from wxcloudrun.engine.result.records import Outcome
from wxcloudrun.engine.result.result import RunOutcome
from wxcloudrun.engine.run.runner import Engine

PAGE = Path(__file__).resolve().parents[3] / "docs" / "engine.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```json( canceled)?\n(.*?)^```\n```outcome\n(.*?)^```", TEXT, re.M | re.S)
TITLES = [f"line {TEXT[: TEXT.index(block)].count(chr(10)) + 1}" for _, block, _ in BLOCKS]


@pytest.mark.parametrize(("how", "block", "expected"), BLOCKS, ids=TITLES)
def test_a_plan_on_the_page_does_what_the_page_says(how, block, expected):
    data = json.loads(block)
    with demo() as target:
        data["environment"] = {
            "base_url": target.url,
            "variables": [{"name": "host", "value": f"127.0.0.1:{target.port}"}],
            **data.get("environment", {}),
        }
        data.setdefault("network", {}).setdefault("allowed", []).append(f"127.0.0.1/32:{target.port}")
        cancel = threading.Event()
        timer = threading.Timer(0.3, cancel.set)
        if how:
            timer.start()
        results = list(Engine(Plan.model_validate_json(json.dumps(data)), cancel=cancel).run())
        timer.cancel()
    results.sort(key=lambda result: result.ordinal)
    lines = [_line(result) for result in results]
    assert lines == expected.splitlines(), "\n".join(result.explain() for result in results)


def _line(result):
    error = f" {result.error.error_class.value}" if result.error else ""
    return f"{result.path} {result.outcome.value}{' after retry' if result.passed_after_retry else ''}{error}"


def test_every_block_of_json_says_what_comes_out():
    assert len(BLOCKS) == len(re.findall(r"^```json", TEXT, re.M))


def _words():
    actions = [member.model_fields["do"].annotation.__args__[0] for member in Action.__args__[0].__args__]
    enums = [StepKind, ErrorClass, Outcome, RunOutcome, DatasetMode, Source]
    words = [str(member.value) for enum in enums for member in enum if member.value != "dynamic"]
    return [*words, *actions, *DYNAMIC, *Limits.model_fields, *StepBase.model_fields, *Plan.model_fields]


@pytest.mark.parametrize("word", sorted(set(_words())))
def test_every_construct_is_on_the_page(word):
    assert re.search(rf"`(?:[a-z_]+\.)?{re.escape(word)}`", TEXT)


@pytest.mark.parametrize("name", sorted(DYNAMIC))
def test_every_dynamic_variable_has_an_example_that_runs(name):
    assert any(re.search(rf"\{{\{{{re.escape(name)}[ }}]", block) for _, block, _ in BLOCKS)


# No plan brings about a fault of the engine itself; the runner's tests do.
@pytest.mark.parametrize("error_class", [one for one in ErrorClass if one is not ErrorClass.INTERNAL])
def test_every_error_class_has_an_example_that_runs(error_class):
    assert any(f"error {error_class.value}\n" in expected for _, _, expected in BLOCKS)


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+\.md)", TEXT))
def test_links_lead_somewhere(link):
    assert (PAGE.parent / link).is_file()
