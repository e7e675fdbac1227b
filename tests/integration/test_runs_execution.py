"""Runs from the queue to their end, on every database: what is stored, and what is not."""

import pytest

from tests.integration.runs_bench import Desk, call, counting, crew_of, plan, working
from wxcloudrun.core.db import db
from wxcloudrun.features.runs.models import RunState


@pytest.fixture
def desk(each_app):
    with each_app.app_context():
        yield Desk(db.engine)


@pytest.fixture
def target():
    with counting() as server:
        yield server


def test_a_queued_run_is_carried_out(desk, target, tmp_path):
    steps = [call("POST", "/a"), call("GET", "/b"), call("DELETE", "/c")]
    run = desk.run(desk.project(), plan(target, steps))
    with working(crew_of(desk, tmp_path)):
        row = desk.ended(run)
    assert (row.state, row.passed, row.requests, row.stored) == (RunState.PASSED, 3, 3, 3)
    assert [path for _, _, path in target.seen] == ["/a", "/b", "/c"]
    assert desk.paths(run) == ["steps/0", "steps/1", "steps/2"]
