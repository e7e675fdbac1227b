"""What a worker stores under its fence, what is refused, and what never stands twice, on every database."""

import json
import threading
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DataError, OperationalError

from tests.integration.runs_bench import KEYS, Desk, wait_until
from wxcloudrun.core.db import db
from wxcloudrun.engine.response import Cookie
from wxcloudrun.engine.result.records import Carried, Outcome, Phase
from wxcloudrun.engine.result.result import StepResult
from wxcloudrun.features.runs.dao import RunDao
from wxcloudrun.features.runs.leases import LostLease
from wxcloudrun.features.runs.models import RunBody, RunBodyUse, RunCheckpoint, RunResult, RunState
from wxcloudrun.features.runs.packing import CHECKPOINT, KnownBodies, opened, unpacked
from wxcloudrun.features.runs.recording import MOST_AHEAD, Recorder
from wxcloudrun.features.runs.tables import RunTables
from wxcloudrun.features.runs.totals import Totals

PLAN: dict[str, Any] = {"scenario": {"name": "nothing", "steps": []}}


class Time:
    now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def desk(each_app):
    with each_app.app_context():
        yield Desk(db.engine)


@pytest.fixture
def claim(desk):
    desk.run(desk.project(), PLAN)
    return desk.supply().next()


def recorder(desk, claim, tables=None, **more):
    run = desk.row(claim.run_id)
    more = {"bodies": KnownBodies(claim.run_id, run.project_id)} | more
    return Recorder(tables or desk.tables, claim.lease, KEYS, Totals.of(run, 0), **more)


def body(text):
    return {"head": text, "encoding": "text", "size": len(text), "sha256": "0" * 64, "truncated": False, "charset": "x"}


def result(path, outcome=Outcome.PASSED, answer: str | None = None, **more):
    facts: dict[str, Any] = {}
    timing = dict.fromkeys(("resolve_ms", "connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms"), 0.0)
    attempt = {"number": 1, "outcome": outcome.value}
    if answer is not None:
        response = {"status": 200, "reason": "OK", "body": body(answer), "timing": {**timing, "total_ms": 4.0}}
        request = {"method": "GET", "url": "/", "curl": "", "body": body("")}
        facts = {"request": request, "response": response, "attempts": (attempt,)}
    return StepResult(
        "2", path, "case", outcome, "", "n", Phase.STEPS, "2030-01-01T00:00:00.000Z", 1.5, **facts, **more
    )


def count(desk, model):
    with desk.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(model))


def steal(desk, claim):
    desk.change(claim.run_id, fence=claim.lease.fence + 1)


def intend(one, *paths):
    for path in paths:
        one.intent(path, 1, "k")


def test_results_and_numbers_are_stored_together(desk, claim):
    one = recorder(desk, claim)
    one.add(result("steps/0", answer="a" * 500, carried=(Carried("v", {"deep": [1]}, True),)))
    one.add(result("steps/1", Outcome.FAILED, answer="short"))
    one.add(result("steps/2", Outcome.SKIPPED, reason="condition is false: 1 == 2"))
    one.end(RunState.FAILED, None, "{}")
    row = desk.row(claim.run_id)
    assert (row.state, row.stored, row.ahead, row.summary) == (RunState.FAILED, 3, 0, "{}")
    assert (row.passed, row.failed, row.error, row.skipped, row.requests) == (1, 1, 0, 1, 2)
    assert (row.min_ms, row.mean_ms, row.max_ms) == (4.0, 4.0, 4.0)
    assert [one.seq for one in desk.results(claim.run_id)] == [0, 1, 2]
    assert desk.results(claim.run_id)[2].message == "condition is false: 1 == 2"
    assert unpacked(desk.results(claim.run_id)[0].detail)["path"] == "steps/0"
    assert (count(desk, RunBody), count(desk, RunBodyUse)) == (1, 1)
    assert count(desk, RunCheckpoint) == 0, "nobody needs them any more"


def test_a_writer_without_the_fence_leaves_nothing(desk, claim):
    one = recorder(desk, claim)
    intend(one, "steps/0")
    one.add(result("steps/0", answer="a" * 500, carried=(Carried("v", 1),)))
    steal(desk, claim)
    before = desk.row(claim.run_id)
    with pytest.raises(LostLease):
        one.end(RunState.PASSED, None, "{}")
    assert desk.row(claim.run_id) == before
    assert [count(desk, model) for model in (RunResult, RunBody, RunBodyUse, RunCheckpoint)] == [0, 0, 0, 0]
    assert claim.lease.over
    with pytest.raises(LostLease):
        one.intent("steps/1", 1, "k")
    with pytest.raises(LostLease):
        one.add(result("steps/1"))


def test_nothing_is_written_for_a_run_that_has_ended(desk, claim):
    one = recorder(desk, claim)
    desk.change(claim.run_id, state=RunState.CANCELED)
    one.add(result("steps/0"))
    with pytest.raises(LostLease):
        one.end(RunState.PASSED, None, "{}")
    assert count(desk, RunResult) == 0


def test_after_the_end_nothing_more_is_sent_or_stored(desk, claim):
    one = recorder(desk, claim)
    one.end(RunState.PASSED, None, "{}")
    with pytest.raises(LostLease):
        one.intent("steps/9", 1, "k")
    with pytest.raises(LostLease):
        one.intent("steps/9", 2, "k")
    with pytest.raises(LostLease):
        one.end(RunState.FAILED, None, "{}")
    assert desk.row(claim.run_id).state is RunState.PASSED


class Flaky(RunTables):
    """Tables whose transactions are kept, or not, and whose caller hears in both cases that the server is gone."""

    @contextmanager
    def writing(self):
        mood = self.sessions.moods.pop(0) if self.sessions.moods else "fine"
        if mood == "never begins":
            raise OperationalError("begin", {}, Exception("gone"))
        with RunTables.writing(self) as dao:
            yield dao
            if mood == "is lost":
                raise OperationalError("commit", {}, Exception("gone"))
        if mood == "is kept":
            raise OperationalError("commit", {}, Exception("gone"))


def flaky(desk, *moods):
    def sessions():
        return desk.sessions()

    sessions.moods = list(moods)
    return Flaky(sessions)


@pytest.mark.parametrize("mood", ["never begins", "is lost", "is kept"])
def test_a_write_whose_answer_is_lost_stands_once(desk, claim, mood):
    one = recorder(desk, claim, flaky(desk, mood, mood))
    for number in range(3):
        one.add(result(f"steps/{number}", answer="a" * 300, carried=(Carried("v", 1),)))
    one.end(RunState.PASSED, None, "{}")
    row = desk.row(claim.run_id)
    assert (row.state, row.stored, row.passed) == (RunState.PASSED, 3, 3)
    assert desk.paths(claim.run_id) == ["steps/0", "steps/1", "steps/2"]


def test_results_that_come_after_a_lost_answer_follow_those_that_were_kept(desk, claim):
    time = Time()
    one = recorder(desk, claim, flaky(desk, "is kept"), monotonic=time)
    one.add(result("steps/0", carried=(Carried("v", 1),)))
    time.now += 1
    one.tick()  # kept, and nobody knows
    assert desk.paths(claim.run_id) == ["steps/0"]
    one.add(result("steps/1", Outcome.FAILED, carried=(Carried("w", 1),)))
    time.now += 1
    one.tick()
    assert [row.seq for row in desk.results(claim.run_id)] == [0, 1]
    assert (desk.row(claim.run_id).stored, desk.row(claim.run_id).failed) == (2, 1)
    with desk.tables.reading() as dao:
        handed = [opened(text, KEYS, CHECKPOINT) for text in dao.checkpoints(claim.run_id)]
    assert [[step["path"] for step in batch] for batch in handed] == [["steps/0"], ["steps/1"]]
    one.end(RunState.FAILED, None, "{}")
    assert desk.row(claim.run_id).stored == 2


def test_while_the_database_is_away_nothing_more_is_allowed(desk, claim):
    time = Time()
    one = recorder(desk, claim, flaky(desk, "fine", "is kept"), monotonic=time)
    intend(one, "steps/0")
    one.add(result("steps/0"))
    time.now += 1
    one.tick()
    assert one._allowed == 0, "nobody knows what is stored"
    intend(one, "steps/1")
    assert desk.row(claim.run_id).ahead >= 1


def test_a_database_that_stays_away_costs_the_lease(desk, claim):
    time = Time()
    claim.lease._monotonic, claim.lease._beaten_at = time, time.now
    tables = flaky(desk, *["never begins"] * 1000)
    one = recorder(desk, claim, tables, monotonic=time)
    one.add(result("steps/0"))
    threading.Timer(0.5, lambda: setattr(time, "now", time.now + 16)).start()
    with pytest.raises(LostLease):
        one.end(RunState.PASSED, None, "{}")
    assert desk.row(claim.run_id).state is RunState.RUNNING


def test_a_result_that_an_earlier_worker_stored_is_not_stored_again(desk, claim):
    one = recorder(desk, claim, done={"steps/0"})
    one.add(result("steps/0", Outcome.SKIPPED))
    one.add(result("steps/1"))
    one.end(RunState.PASSED, None, "{}")
    assert desk.paths(claim.run_id) == ["steps/1"]
    assert (desk.row(claim.run_id).passed, desk.row(claim.run_id).skipped) == (1, 0)


def test_the_database_itself_refuses_a_second_result_of_a_step(desk, claim):
    one = recorder(desk, claim)
    one.add(result("steps/0"))
    one.add(result("steps/0"))
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        one.end(RunState.PASSED, None, "{}")
    assert desk.results(claim.run_id) == []
    one.end(RunState.ERROR, "refused", "{}", results=False)
    assert (desk.row(claim.run_id).state, desk.row(claim.run_id).stored) == (RunState.ERROR, 0)


def test_a_fault_of_the_clocks_write_reaches_the_run(desk, claim, monkeypatch):
    time = Time()
    one = recorder(desk, claim, monotonic=time)

    def refuse(*_):
        raise DataError("insert", {}, Exception("no"))

    monkeypatch.setattr(RunDao, "add_results", refuse)
    one.add(result("steps/0"))
    time.now += 1
    with pytest.raises(DataError):
        one.tick()
    for what in (lambda: one.intent("steps/1", 1, "k"), lambda: one.add(result("steps/1"))):
        with pytest.raises(DataError):
            what()


def test_before_each_of_few_requests_the_one_before_is_stored(desk, claim):
    time = Time()
    one = recorder(desk, claim, monotonic=time)
    for number in range(4):
        intend(one, f"steps/{number}")
        row = desk.row(claim.run_id)
        assert (row.stored, row.ahead) == (number, 1)
        time.now += 0.1
        one.add(result(f"steps/{number}"))
        time.now += 0.1


def test_many_fast_requests_share_a_write_and_what_is_open_stays_bounded(desk, claim):
    time = Time()
    one = recorder(desk, claim, monotonic=time)
    most, writes, ahead_before = 0, 0, -1
    for number in range(1_000):
        intend(one, f"steps/{number}")
        time.now += 0.001
        one.add(result(f"steps/{number}"))
        row = desk.row(claim.run_id)
        open_now = number + 1 - row.stored
        assert open_now <= row.ahead <= MOST_AHEAD + 1
        most = max(most, open_now)
        writes += (row.stored, row.ahead) != ahead_before
        ahead_before = (row.stored, row.ahead)
    assert most > 30
    assert writes < 60


def test_what_may_have_been_sent_never_outgrows_what_is_stored_whatever_the_pace(desk, claim):
    random, time = Random(3), Time()
    desk.change(claim.run_id, ahead=3)  # two of an earlier worker's, and the first that every claim allows
    one = recorder(desk, claim, monotonic=time, doubt=2)
    sent, answered = 0, 0
    for _ in range(400):
        kind = random.choice(["send", "send", "answer", "answer", "tick"])
        if kind == "send":
            intend(one, f"steps/{sent}")
            sent += 1
        elif kind == "answer" and answered < sent:
            one.add(result(f"steps/{answered}"))
            answered += 1
        else:
            one.tick()
        time.now += random.choice([0.0, 0.001, 0.01, 0.3])
        row = desk.row(claim.run_id)
        assert sent - row.stored <= row.ahead - 2, "and what an earlier worker left behind stays counted"


def test_later_attempts_need_no_new_place(desk, claim):
    one = recorder(desk, claim)
    intend(one, "steps/0")
    before = desk.row(claim.run_id)
    for attempt in range(2, 50):
        one.intent("steps/0", attempt, "k")
    assert desk.row(claim.run_id) == before


def test_the_clock_stores_what_has_waited_and_nothing_too_early(desk, claim):
    time = Time()
    one = recorder(desk, claim, monotonic=time)
    one.add(result("steps/0"))
    one.tick()
    assert desk.results(claim.run_id) == []
    time.now += 0.25
    one.tick()
    assert desk.paths(claim.run_id) == ["steps/0"]


@pytest.mark.parametrize(("size", "number"), [(0, 100), (20_000, 13)])
def test_a_full_buffer_is_stored_at_once(desk, claim, size, number):
    one = recorder(desk, claim, monotonic=Time())
    for index in range(number - 1):
        one.add(result(f"steps/{index}", answer=f"{index:08}" + "x" * size))
    assert desk.results(claim.run_id) == []
    one.add(result("steps/last", answer="y" * size))
    assert len(desk.results(claim.run_id)) == number


def test_a_body_is_kept_once_in_a_project_and_each_run_notes_its_use(desk):
    project = desk.project()
    for _ in range(2):
        run = desk.run(project, PLAN)
        claim = desk.supply().next()
        one = recorder(desk, claim)
        for number in range(3):
            one.add(result(f"steps/{number}", answer="the same " * 100))
        one.end(RunState.PASSED, None, "{}")
        assert desk.row(run).stored == 3
    desk.run(desk.project(), PLAN)
    claim = desk.supply().next()
    one = recorder(desk, claim)
    one.add(result("steps/0", answer="the same " * 100))
    one.end(RunState.PASSED, None, "{}")
    assert (count(desk, RunBody), count(desk, RunBodyUse)) == (2, 3)


def test_two_runs_that_store_the_same_bodies_at_once_do_not_hinder_each_other(desk):
    project = desk.project()
    runs = [desk.run(project, PLAN) for _ in range(4)]
    claims = [desk.supply().next() for _ in runs]

    def work(claim, order):
        one = recorder(desk, claim)
        for number in order:
            one.add(result(f"steps/{number}", answer=f"body {number} " * 60))
        one.end(RunState.PASSED, None, "{}")

    orders = [range(80), range(79, -1, -1), range(80), range(79, -1, -1)]
    threads = [threading.Thread(target=work, args=pair) for pair in zip(claims, orders, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [desk.row(run).state for run in runs] == [RunState.PASSED] * 4
    assert count(desk, RunBody) == 80


def test_what_is_handed_on_is_stored_encrypted_and_read_again(desk, claim):
    time = Time()
    one = recorder(desk, claim, monotonic=time)
    cookie = Cookie("sid", "canary-cookie", "127.0.0.1", "/", None, False, True, None)
    one.add(result("steps/0", carried=(Carried("t", "canary-value", True, True),), cookies=(cookie,)))
    time.now += 1
    one.tick()
    with desk.tables.reading() as dao:
        [content] = dao.checkpoints(claim.run_id)
    assert "canary" not in content
    [handed] = opened(content, KEYS, CHECKPOINT)
    assert handed["carried"] == [["t", json.dumps("canary-value"), True, True]]
    assert handed["cookies"][0]["value"] == "canary-cookie"


def test_a_run_that_is_given_back_waits_for_the_next_worker(desk, claim):
    one = recorder(desk, claim)
    intend(one, "steps/0")
    one.add(result("steps/0"))
    one.leave(1.0)
    row = desk.row(claim.run_id)
    assert (row.state, row.stored, row.claims, row.ahead, row.fence) == (RunState.QUEUED, 1, 0, 0, 2)
    with pytest.raises(LostLease):
        one.intent("steps/1", 1, "k")
    assert desk.supply().next().lease.fence == 3


def test_who_leaves_waits_for_what_is_under_way_and_begins_nothing(desk, claim):
    one = recorder(desk, claim)
    intend(one, "steps/0")
    blocked = []

    def begin_another():
        try:
            one.intent("steps/1", 1, "k")
        except LostLease:
            blocked.append(True)

    leaving = threading.Thread(target=one.leave, args=(10.0,))
    leaving.start()
    wait_until(one._leaving.is_set)
    another = threading.Thread(target=begin_another)
    another.start()
    assert desk.row(claim.run_id).state is RunState.RUNNING
    one.add(result("steps/0"))
    leaving.join(5)
    another.join(5)
    assert blocked == [True]
    assert (desk.row(claim.run_id).state, desk.row(claim.run_id).stored) == (RunState.QUEUED, 1)


def test_what_does_not_end_in_time_is_left_as_maybe_sent(desk, claim):
    one = recorder(desk, claim)
    intend(one, "steps/0")
    one.leave(0.05)
    assert (desk.row(claim.run_id).state, desk.row(claim.run_id).ahead) == (RunState.QUEUED, 1)


def test_a_canceled_run_that_does_not_come_to_its_end_is_ended_for_it(desk, claim):
    time = Time()
    claim.lease._monotonic, claim.lease._beaten_at = time, time.now
    one = recorder(desk, claim, monotonic=time)
    one.add(result("steps/0"))
    claim.lease.cancel()
    one.tick()
    assert desk.row(claim.run_id).state is RunState.RUNNING
    time.now += 1.7
    one.tick()
    row = desk.row(claim.run_id)
    assert (row.state, row.stored) == (RunState.CANCELED, 1)
    assert json.loads(row.summary)["outcome"] == "canceled"
    with pytest.raises(LostLease):
        one.intent("steps/1", 1, "k")
