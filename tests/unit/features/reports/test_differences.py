"""How many details are read to compare two runs: never more than a fixed number, and no body that is the same."""

import hashlib
import zlib
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.exporters.samples import a_body, a_detail, a_response
from wxcloudrun.features.reports import differences
from wxcloudrun.features.reports.differences import Differing
from wxcloudrun.features.runs.models import StepOutcome
from wxcloudrun.features.runs.packing import packed

NOW, THEN = SimpleNamespace(id=2, project_id=1), SimpleNamespace(id=1, project_id=1)


def line(seq: int, outcome: StepOutcome = StepOutcome.PASSED) -> Any:
    return SimpleNamespace(seq=seq, case_id=seq, name=f"s{seq}", dataset=None, phase="steps", outcome=outcome)


def answer(text: str, **more: Any) -> dict[str, Any]:
    """A detail whose answer is kept apart."""
    body = a_body(text, sha256=hashlib.sha256(text.encode()).hexdigest(), **more)
    body["ref"] = body["sha256"]
    del body["head"]
    return a_detail(response=a_response(body=body), variables=[])


class Tables:
    """Results of two runs, and which were read."""

    def __init__(self, now: dict[int, dict[str, Any]], then: dict[int, dict[str, Any]], bodies: list[str]) -> None:
        self._details = {2: now, 1: then}
        self._bodies = {hashlib.sha256(one.encode()).hexdigest(): zlib.compress(one.encode()) for one in bodies}
        self.read: list[int] = []
        self.asked: list[str] = []

    def results(self, run_id: int, seqs: list[int]) -> dict[int, Any]:
        self.read += seqs if run_id == 2 else []
        return {seq: SimpleNamespace(detail=packed(self._details[run_id][seq])) for seq in seqs}

    def bodies(self, _project_id: int, refs: list[str]) -> dict[str, bytes]:
        self.asked += refs
        return {ref: self._bodies[ref] for ref in refs}


def between(tables: Tables, count: int, **more: Any) -> Any:
    lines = [line(seq) for seq in range(count)]
    return Differing(tables).between((NOW, THEN), lines, lines, **more)  # type: ignore[arg-type]


def test_equal_answers_are_known_by_their_hash_alone():
    tables = Tables({0: answer('{"a": 1}'), 1: answer('{"a": 1}')}, {0: answer('{"a": 1}'), 1: answer('{"a": ""}')},
                    ['{"a": 1}', '{"a": ""}'])  # fmt: skip
    found = between(tables, 2)
    assert [(one.seq, str(one.paths[0])) for one in found.shapes] == [(1, "$.a: string -> number")]
    assert len(tables.asked) == 2


def test_no_more_than_so_many_steps_are_read_and_those_asked_for_always():
    details = {seq: answer("{}") for seq in range(200)}
    tables = Tables(details, details, ["{}"])
    found = between(tables, 200, first=[(199, "s199", None, "steps"), (1, "gone", None, "steps")], most=60)
    assert tables.read == [*range(60), 199]
    assert found.not_looked_at == 139


@pytest.mark.parametrize("more", [{"truncated": True}, {"size": 300_000}])
def test_answers_that_are_cut_or_long_are_not_looked_at(more: dict[str, Any]):
    tables = Tables({0: answer('{"a": 1}', **more)}, {0: answer('{"a": ""}')}, [])
    assert (between(tables, 1).shapes, between(tables, 1).not_looked_at, tables.asked) == ([], 1, [])


def test_answers_together_are_read_up_to_so_many_bytes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(differences, "_MOST_BYTES", 20)
    texts = ['{"a": 1}', '{"a": ""}']
    tables = Tables({seq: answer(texts[0]) for seq in range(3)}, {seq: answer(texts[1]) for seq in range(3)}, texts)
    found = between(tables, 3)
    assert (len(found.shapes), found.not_looked_at) == (1, 2)


def test_halves_of_characters_and_plain_text_that_is_json_are_read():
    texts = ['{"\\ud800": 1}', '{"\\ud800": ""}']
    sides = [{0: answer(text)} for text in texts]
    for side in sides:
        side[0]["response"]["headers"] = [["content-type", "text/plain"]]
    [shape] = between(Tables(sides[0], sides[1], texts), 1).shapes
    assert str(shape.paths[0]).encode() == b"$['?']: string -> number"
    for side in sides:
        side[0]["response"]["headers"] = [["content-type", "text/html"]]
    assert between(Tables(sides[0], sides[1], texts), 1).shapes == []


def test_what_is_no_json_or_was_not_carried_out_is_left_out():
    tables = Tables({0: answer("{oops"), 1: a_detail("error")}, {0: answer("{}"), 1: answer("{}")}, ["{oops", "{}"])
    found = between(tables, 2)
    assert (found.shapes, found.not_looked_at) == ([], 0)
    lines = [line(0, StepOutcome.SKIPPED)]
    assert Differing(tables).between((NOW, THEN), lines, [line(0)]).not_looked_at == 0  # type: ignore[arg-type]
