"""Columns of results: what is taken apart comes together again, and no text that a database would refuse is left."""

import json

import pytest

from tests.unit.engine.plans import demo, plan_of, run, step
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.features.runs import packing
from wxcloudrun.features.runs.models import StepOutcome
from wxcloudrun.features.runs.packing import (
    CHECKPOINT,
    KnownBodies,
    body_head,
    fitting,
    opened,
    pack,
    sealed_checkpoint,
    stored_path,
    unpacked,
)

KEYS = KeyRing((("k", bytes(range(32))),), b"lookup")


@pytest.fixture(scope="module")
def results():
    with demo() as target:
        steps = [
            step("/long?size=300", "GET"),
            step("/long?size=300", "GET"),
            step("/echo", "POST", {"a": "x" * 400}, 201, stop_on_failure=False, extract={"m": "$.method"}),
            step(
                "/login", "POST", {"user": "eve", "password": "s3cret-password"}, name="n\x00ul \U0001f600" + "z" * 300
            ),
        ]
        return run(plan_of(target, steps))[0]


def test_a_result_comes_together_again(results):
    for result in results:
        one = pack(result)
        data = unpacked(one.row["detail"])
        for part in ("request", "response"):
            body = data[part]["body"]
            if "ref" in body:
                body["head"] = body_head(one.bodies[body.pop("ref")], body["encoding"])
        assert data.pop("explanation") == (result.explain() or None)
        assert data == result.to_json()


def test_long_bodies_stand_apart_and_short_ones_do_not(results):
    first, third = pack(results[0]), pack(results[2])
    data = unpacked(first.row["detail"])
    assert "head" not in data["response"]["body"]
    assert list(first.bodies) == [data["response"]["body"]["ref"]]
    assert len(third.bodies) == 2
    assert "head" in unpacked(pack(results[3]).row["detail"])["request"]["body"]


def test_what_a_result_keeps_for_itself_is_not_changed(results):
    before = json.dumps(results[0].to_json())
    pack(results[0])
    assert json.dumps(results[0].to_json()) == before


def test_the_row_says_what_a_list_shows(results):
    row = pack(results[2]).row
    assert (StepOutcome(row["outcome"]).name, row["status"], row["kind"], row["phase"]) == (
        "FAILED",
        200,
        "case",
        "steps",
    )
    assert "201" in row["message"]
    assert row["path"] == "steps/2"
    assert pack(results[3]).row["name"].startswith("n\ufffdul \U0001f600zz")
    assert len(pack(results[3]).row["name"]) == 255


def test_the_same_body_is_written_once_and_after_very_many_others_again(results, monkeypatch):
    monkeypatch.setattr(packing, "_KNOWN_BODIES", 1)
    known = KnownBodies(5, 6)
    one, other, third = (pack(result) for result in results[:3])
    bodies, uses = known.rows([one, other])
    assert len(bodies) == len(uses) == 1
    assert (uses[0]["run_id"], uses[0]["project_id"], bodies[0]["size"]) == (5, 6, 300)
    known.remember([one])
    assert known.rows([other]) == ([], [])
    known.remember([third])
    assert len(known.rows([one])[0]) == 1


def test_a_checkpoint_is_encrypted_and_gives_back_what_was_handed_on(results):
    assert sealed_checkpoint([pack(results[0])], KEYS) is None
    content = sealed_checkpoint([pack(result) for result in results], KEYS)
    handed = opened(content, KEYS, CHECKPOINT)
    assert [one["path"] for one in handed] == ["steps/2", "steps/3"]
    assert handed[0]["carried"] == [["m", '"POST"', False, False]]
    assert handed[1]["cookies"][0]["name"] == "sid"
    assert "POST" not in content


@pytest.mark.parametrize(
    ("text", "stored"),
    [("a\x00b", "a\ufffdb"), ("half \ud800 pair", "half ? pair"), ("x" * 20, "x" * 10), ("\U0001f600", "\U0001f600")],
)
def test_texts_are_made_fit_for_every_database(text, stored):
    assert fitting(text, 15 if text.startswith("half") else 10) == stored


def test_a_path_too_long_for_its_column_stays_different_from_others():
    base = "steps/0/" * 100
    one, other = stored_path(base + "1"), stored_path(base + "2")
    assert len(one) == len(other) == 700
    assert one != other
    assert stored_path("steps/0") == "steps/0"


@pytest.mark.parametrize(
    "value",
    [
        2**64,
        -(2**70),
        "half a pair \ud83d",
        "nul \x00",
        "订单",
        [[] for _ in range(3)],
        {"deep": json.loads("[" * 300 + "]" * 300)},
    ],
)
def test_whatever_a_result_holds_is_kept_as_it_is(value):
    assert packing.unpacked(packing.packed({"value": value})) == {"value": value}
