"""Branches on a bounded number of threads."""

import threading
import time

import pytest

from wxcloudrun.engine.result.records import Outcome
from wxcloudrun.engine.run.parallel import Crew, side_by_side


def branch(number, pause=0.0, count=2, fault=None):
    def steps():
        for index in range(count):
            time.sleep(pause)
            if fault:
                raise fault
            yield f"{number}.{index}"
        return Outcome.PASSED if number % 2 else Outcome.FAILED

    return steps


def collected(steps):
    results = []
    while True:
        try:
            results.append(next(steps))
        except StopIteration as end:
            return results, end.value


def test_every_result_comes_and_outcomes_are_in_order():
    results, outcomes = collected(side_by_side([branch(number) for number in range(5)], 3, Crew(8)))
    assert sorted(results) == sorted(f"{number}.{index}" for number in range(5) for index in range(2))
    assert outcomes == [Outcome.FAILED, Outcome.PASSED, Outcome.FAILED, Outcome.PASSED, Outcome.FAILED]


def test_results_come_in_order_of_completion():
    results, _ = collected(side_by_side([branch(0, 0.15, 1), branch(1, 0.0, 1)], 2, Crew(8)))
    assert results == ["1.0", "0.0"]


def test_without_free_threads_branches_go_on_one_by_one_in_this_thread():
    crew = Crew(3)
    assert crew.take(3) == 3
    seen = set()

    def steps():
        seen.add(threading.get_ident())
        yield "x"
        return Outcome.PASSED

    results, _ = collected(side_by_side([steps, steps], 2, crew))
    assert results == ["x", "x"]
    assert seen == {threading.get_ident()}


def test_threads_are_given_back():
    crew = Crew(2)
    collected(side_by_side([branch(1)], 2, crew))
    assert not crew.at_work
    assert crew.take(5) == 2


def test_a_fault_in_a_branch_is_raised_here_and_the_others_end():
    with pytest.raises(ZeroDivisionError):
        collected(side_by_side([branch(1, 0.01, 500), branch(2, 0.02, 1, ZeroDivisionError())], 2, Crew(4)))
    assert threading.active_count() < 10


def test_branches_are_made_only_when_there_is_room_for_them():
    made = []

    def branches():
        for number in range(10):
            made.append(number)
            yield branch(1, 0.01)

    steps = side_by_side(branches(), 2, Crew(4))
    next(steps)
    assert len(made) < 6
    steps.close()


def test_branches_wait_for_a_slow_reader_and_go_on_when_it_reads():
    reached = threading.Event()

    def steps(number):
        def one():
            if number == 400:
                reached.set()
            yield str(number)
            return Outcome.PASSED

        return one

    results = side_by_side([steps(number) for number in range(500)], 4, Crew(8))
    assert next(results) is not None
    assert not reached.wait(0.3)
    assert len(list(results)) == 499
    assert reached.is_set()
