"""Who is next: urgency with ageing, then projects by what they have and had; simulated, nobody sleeps."""

import heapq
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from wxcloudrun.features.runs.models import Priority
from wxcloudrun.features.runs.supply import Shares, in_order, is_lost

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
INTERACTIVE, CI, SCHEDULE = Priority.INTERACTIVE, Priority.CI, Priority.SCHEDULE


@dataclass(frozen=True)
class Waiting:
    id: int
    project_id: int = 1
    priority: Priority = CI
    created_at: datetime = NOW


def order(waiting, running=None, had=None, cap=4, now=NOW):
    return [one.id for one in in_order(waiting, running or {}, had or {}, cap, now)]


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


def test_the_urgent_ones_go_first():
    assert order([Waiting(1, 1, SCHEDULE), Waiting(2, 2, CI), Waiting(3, 3, INTERACTIVE)]) == [3, 2, 1]


def test_who_has_waited_ten_minutes_counts_as_the_next_priority():
    old, young = Waiting(1, 1, SCHEDULE, ago(10)), Waiting(2, 2, CI)
    assert order([young, old]) == [1, 2]
    assert order([young, Waiting(1, 1, SCHEDULE, ago(9))]) == [2, 1]
    assert order([Waiting(3, 3, INTERACTIVE), Waiting(1, 1, SCHEDULE, ago(20))]) == [1, 3]
    assert order([Waiting(3, 3, INTERACTIVE, ago(15)), Waiting(1, 1, INTERACTIVE, ago(60))]) == [1, 3]


def test_among_equals_the_project_with_the_fewest_runs_then_the_one_that_had_least_then_the_older():
    both = [Waiting(1, 1, created_at=ago(2)), Waiting(2, 2, created_at=ago(1))]
    assert order(both, running={1: 1}) == [2, 1]
    assert order(both, had={1: 5.0, 2: 4.0}) == [2, 1]
    assert order(both) == [1, 2]


def test_a_project_has_no_more_runs_than_its_cap():
    assert order([Waiting(1, 1, INTERACTIVE), Waiting(2, 2, SCHEDULE)], running={1: 4}) == [2]


def test_a_clock_that_went_back_raises_nobody():
    assert order([Waiting(1, 1, SCHEDULE, NOW + timedelta(hours=1)), Waiting(2, 2, CI)]) == [2, 1]


def test_a_project_that_comes_later_saves_nothing_up():
    shares = Shares()
    shares.had([1])
    shares.add(1, 100.0)
    assert shares.had([1, 2]) == {1: 100.0, 2: 100.0}
    shares.add(2, 5.0)
    assert shares.had([1, 2]) == {1: 100.0, 2: 105.0}
    assert shares.had([2, 3]) == {2: 105.0, 3: 105.0}, "who has nothing to do is forgotten"


def simulated(slots, durations, seconds, priorities=None, cap=4):
    """Seconds of work that each project had, when each always has runs waiting, those of project 0 for longest."""
    shares, running, had = Shares(), Counter(), Counter()
    ends, now, number = [], 0.0, 0
    random = Random(1)
    while now < seconds:
        while sum(running.values()) < slots:
            waiting = [
                Waiting(project, project, (priorities or {}).get(project, CI), NOW - timedelta(minutes=9 - project))
                for project in range(len(durations))
            ]
            ordered = in_order(waiting, running, shares.had(range(len(durations))), cap, NOW)
            if not ordered:
                break
            project, took = ordered[0].project_id, durations[ordered[0].project_id] * random.uniform(0.5, 1.5)
            running[project] += 1
            number += 1
            heapq.heappush(ends, (now + took, number, project, took))
        now, _, project, took = heapq.heappop(ends)
        running[project] -= 1
        had[project] += took
        shares.add(project, took)
    return had


@pytest.mark.parametrize("slots", [1, 3, 4, 8, 10])
@pytest.mark.parametrize("durations", [[1.0] * 8, [0.2, 0.5, 1, 2, 3, 5, 8, 10]])
def test_eight_projects_get_equal_shares_within_ten_percent(slots, durations):
    had = simulated(slots, durations, 6_000)
    fair = sum(had.values()) / 8
    assert {project: seconds for project, seconds in had.items() if abs(seconds - fair) > 0.1 * fair} == {}


def test_nothing_stands_still_while_somebody_waits():
    had = simulated(8, [1.0, 1.0], 1_000, cap=4)
    assert sum(had.values()) > 0.99 * 8 * 1_000


@dataclass(frozen=True)
class Beaten:
    beat_at: datetime | None
    now: datetime = NOW


@pytest.mark.parametrize(("seconds", "lost"), [(0, False), (-14, False), (-16, True), (14, False), (16, True)])
def test_a_worker_is_lost_when_its_last_sign_is_a_lease_away_on_either_side(seconds, lost):
    assert is_lost(Beaten(NOW + timedelta(seconds=seconds)), 15) is lost
    assert is_lost(Beaten(None), 15)
