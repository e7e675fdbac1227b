"""Who has a run: claims, heartbeats, takeovers and clocks that jump, on every database."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from tests.integration.live import at_once
from tests.integration.runs_bench import DatabaseTime, Desk, wait_until
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.core.db_time import utc_now
from wxcloudrun.features.runs.dao import NUMBERS
from wxcloudrun.features.runs.leases import Heart
from wxcloudrun.features.runs.models import Priority, RunState
from wxcloudrun.features.runs.supply import MAX_CLAIMS

PLAN: dict[str, Any] = {"scenario": {"name": "nothing", "steps": []}}


@pytest.fixture
def desk(each_app):
    with each_app.app_context():
        yield Desk(db.engine)


def seconds_ago(seconds):
    return SystemClock().now() - timedelta(seconds=seconds)


def test_the_database_says_what_time_it_is_in_utc(desk):
    with desk.engine.connect() as connection:
        now = connection.scalar(select(utc_now()))
        later = connection.scalar(select(utc_now()))
    assert abs((now - SystemClock().now()).total_seconds()) < 2
    assert now <= later


def test_of_many_workers_one_has_the_run(desk):
    run = desk.run(desk.project(), PLAN)
    claims = [claim for claim in at_once(8, lambda _: desk.supply().next()) if claim is not None]
    assert [claim.run_id for claim in claims] == [run]
    row = desk.row(run)
    assert (row.state, row.fence, row.claims) == (RunState.RUNNING, 1, 1)
    assert row.beat_at is not None
    assert row.started_at is not None


def test_many_workers_share_many_runs_and_no_run_has_two(desk):
    projects = [desk.project() for _ in range(4)]
    runs = [desk.run(projects[number % 4], PLAN) for number in range(16)]

    def all_of_it(_):
        supply, mine = desk.supply(), []
        while (claim := supply.next()) is not None:
            mine.append(claim.run_id)
        return mine

    taken = [run for mine in at_once(6, all_of_it) for run in mine]
    assert len(taken) == len(set(taken))
    left = set(runs) - set(taken)
    while (claim := desk.supply(cap=100).next()) is not None:  # some may have lost every race at the end
        left.remove(claim.run_id)
    assert left == set()


def test_a_living_run_is_nobody_elses_and_a_silent_one_is(desk):
    run = desk.run(desk.project(), PLAN)
    first = desk.supply().next()
    assert desk.supply().next() is None
    desk.change(run, beat_at=seconds_ago(16))
    second = desk.supply().next()
    assert (first.lease.fence, second.lease.fence) == (1, 2)
    assert second.run_id == run


def test_a_worker_that_shows_itself_between_the_look_and_the_claim_keeps_its_run(desk):
    run = desk.run(desk.project(), PLAN)
    desk.supply().next()
    desk.change(run, beat_at=seconds_ago(16))
    with desk.tables.reading() as dao:
        [seen] = dao.running()
    with desk.tables.writing() as dao:
        dao.beat({run: 1})
    with desk.tables.writing() as dao:
        assert not dao.claim(seen, "greedy")
    assert desk.row(run).fence == 1


def test_a_run_that_three_workers_lost_ends_with_the_reason(desk):
    run = desk.run(desk.project(), PLAN)
    for fence in range(1, MAX_CLAIMS + 1):
        assert desk.supply().next().lease.fence == fence
        desk.change(run, beat_at=seconds_ago(16))
    assert desk.supply().next() is None
    row = desk.row(run)
    assert row.state is RunState.ERROR
    assert row.reason.startswith("worker lost")
    assert row.ended_at is not None
    assert row.fence == MAX_CLAIMS + 1, "should the last worker wake up, it is refused"


def test_a_run_that_comes_further_on_each_of_many_lost_workers_is_not_given_up(desk):
    run = desk.run(desk.project(), PLAN)
    for stored in range(2 * MAX_CLAIMS):
        claim = desk.supply().next()
        assert claim.run_id == run
        with desk.tables.writing() as dao:
            numbers = dict.fromkeys(NUMBERS, 0) | {"stored": stored + 1, "ahead": 0}
            assert dao.advance(run, claim.lease.fence, stored, numbers, {})
        assert desk.row(run).claims == 1
        desk.change(run, beat_at=seconds_ago(16))
    for claims in range(2, MAX_CLAIMS + 1):
        claim = desk.supply().next()
        with desk.tables.writing() as dao:
            assert dao.advance(run, claim.lease.fence, stored + 1, numbers | {"ahead": 1}, {})
        assert desk.row(run).claims == claims
        desk.change(run, beat_at=seconds_ago(16))
    assert desk.supply().next() is None
    assert desk.row(run).state is RunState.ERROR, "the last three brought nothing"


def test_a_canceled_run_without_a_worker_ends_as_canceled(desk):
    run = desk.run(desk.project(), PLAN)
    desk.supply().next()
    desk.cancel(run)
    assert desk.supply().next() is None
    assert desk.row(run).state is RunState.RUNNING, "its worker may live"
    desk.change(run, beat_at=seconds_ago(16))
    assert desk.supply().next() is None
    assert desk.row(run).state is RunState.CANCELED


def test_two_who_want_to_end_a_lost_run_end_it_once(desk):
    run = desk.run(desk.project(), PLAN)
    desk.supply().next()
    desk.change(run, beat_at=seconds_ago(16), claims=MAX_CLAIMS)
    at_once(4, lambda _: desk.supply().next())
    assert (desk.row(run).state, desk.row(run).fence) == (RunState.ERROR, 2)


def test_the_cap_holds_back_the_fifth_run_of_a_project(desk):
    project, other = desk.project(), desk.project()
    for _ in range(6):
        desk.run(project, PLAN)
    supply = desk.supply(cap=4)
    assert [supply.next() is not None for _ in range(5)] == [True] * 4 + [False]
    theirs = desk.run(other, PLAN, Priority.SCHEDULE)
    assert supply.next().run_id == theirs


def test_an_interactive_place_takes_interactive_runs_only(desk):
    project = desk.project()
    desk.run(project, PLAN, Priority.CI)
    urgent = desk.run(project, PLAN, Priority.INTERACTIVE)
    assert desk.supply().next(Priority.INTERACTIVE).run_id == urgent
    assert desk.supply().next(Priority.INTERACTIVE) is None


def test_a_heartbeat_keeps_the_run_and_hears_the_cancel(desk):
    run = desk.run(desk.project(), PLAN)
    claim = desk.supply().next()
    heart = Heart(desk.tables, 15)
    heart.keep(claim.lease)
    desk.change(run, beat_at=seconds_ago(10))
    heart.round()
    assert desk.row(run).beat_at > seconds_ago(5)
    assert not claim.lease.is_set()
    desk.cancel(run)
    heart.round()
    assert claim.lease.is_set()
    assert not claim.lease.over


def test_a_heartbeat_finds_out_that_the_run_has_another_worker(desk):
    run = desk.run(desk.project(), PLAN)
    claims = [desk.supply().next()]
    desk.change(run, beat_at=seconds_ago(16))
    claims.append(desk.supply().next())
    hearts = [Heart(desk.tables, 15) for _ in claims]
    for heart, claim in zip(hearts, claims, strict=True):
        heart.keep(claim.lease)
        heart.round()
    assert [claim.lease.over for claim in claims] == [True, False]


def test_a_run_that_was_removed_is_lost(desk):
    desk.run(desk.project(), PLAN)
    claim = desk.supply().next()
    desk.change(claim.run_id, state=RunState.CANCELED)
    heart = Heart(desk.tables, 15)
    heart.keep(claim.lease)
    heart.round()
    assert claim.lease.over


@pytest.mark.parametrize("jump", [3600, -3600])
def test_when_the_databases_clock_jumps_the_run_has_one_owner_who_may_write(desk, jump):
    """The jump makes a live worker look lost; whoever claims then has the fence, and the other learns of it."""
    time = DatabaseTime(desk)
    tables = time.tables
    run = desk.run(desk.project(), PLAN)
    first = desk.supply(tables=tables).next()
    heart = Heart(tables, 15)
    heart.keep(first.lease)
    heart.round()
    time.jump(jump)
    second = desk.supply(tables=tables).next()
    assert (second.run_id, second.lease.fence) == (run, 2)
    with tables.writing() as dao:
        assert not dao.advance(run, first.lease.fence, 0, {**dict.fromkeys(NUMBERS, 0), "stored": 5}, {})
    with tables.writing() as dao:
        assert dao.advance(run, second.lease.fence, 0, dict.fromkeys(NUMBERS, 0), {})
    heart.round()
    assert first.lease.over
    assert desk.row(run).stored == 0


def test_a_small_step_of_the_clock_takes_nobodys_run(desk):
    time = DatabaseTime(desk)
    tables = time.tables
    desk.run(desk.project(), PLAN)
    assert desk.supply(tables=tables).next() is not None
    for jump in (10, -20, 20):
        time.jump(jump)
        assert desk.supply(tables=tables).next() is None


def test_the_oldest_of_each_project_and_priority_waits_at_the_door(desk):
    project = desk.project()
    runs = [desk.run(project, PLAN, priority) for priority in (Priority.CI, Priority.SCHEDULE, Priority.CI)]
    theirs = desk.run(desk.project(), PLAN)
    with desk.tables.reading() as dao:
        assert [row.id for row in dao.waiting()] == [runs[0], runs[1], theirs]


def test_looking_for_work_costs_two_statements(desk):
    seen = []
    listener = lambda *facts: seen.append(facts[2])  # noqa: E731
    event.listen(desk.engine, "before_cursor_execute", listener)
    try:
        assert desk.supply().next() is None
    finally:
        event.remove(desk.engine, "before_cursor_execute", listener)
    assert len(seen) == 2
    wait_until(lambda: desk.engine.pool.checkedout() <= 1)
