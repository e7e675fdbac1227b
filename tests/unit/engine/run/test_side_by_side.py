"""Branches and passes side by side: their bounds, their values, their end."""

import threading
import time

from tests.unit.engine.plans import plan_of, run, step
from wxcloudrun.engine.run.runner import Engine


def test_branches_run_side_by_side_within_their_bound_and_do_not_see_each_other(target):
    def branch(number):
        return {
            "name": f"branch {number}",
            "steps": [
                step("/slow?ms=120", status=200),
                step(f"/echo?n={number}", extract={"seen": "$.query.n", f"own{number}": "$.query.n"}),
                step("/echo?n={{seen}}", expect={"$.query.n": str(number)}),
            ],
        }

    steps = [
        {"parallel": [branch(number) for number in range(6)], "concurrency": 3},
        step("/echo?last={{seen}}&all={{own0}}{{own5}}"),
    ]
    results, summary = run(plan_of(target, steps))
    assert summary.outcome == "passed", [result.explain() for result in results]
    assert target.under_way == 3
    assert target.seen[-1]["query"] == {"last": "5", "all": "05"}
    in_order = sorted(results, key=lambda result: result.ordinal)
    assert [result.path for result in in_order][:4] == [
        "steps/0/parallel/0/steps/0",
        "steps/0/parallel/0/steps/1",
        "steps/0/parallel/0/steps/2",
        "steps/0/parallel/1/steps/0",
    ]


def test_for_each_may_run_side_by_side(target):
    one = step("/slow?ms=100&n={{item}}", for_each={"items": list(range(8)), "concurrency": 4})
    results, _ = run(plan_of(target, [one]))
    assert target.under_way == 4
    assert [result.iteration for result in sorted(results, key=lambda result: result.ordinal)] == list(range(8))


def test_the_run_and_each_host_have_a_bound_on_open_requests(target):
    one = step("/slow?ms=30", for_each={"items": list(range(8)), "concurrency": 8})
    run(plan_of(target, [one], limits={"per_host": 2}))
    assert target.under_way == 2
    run(plan_of(target, [one], limits={"concurrency": 1}))
    assert target.under_way == 2


def test_cookies_stay_in_their_branch(target):
    login = step("/login", "POST", {"user": "eve", "password": "s3cret-password"})
    look = step("/echo", assertions=[{"expression": "not contains(keys(body.headers), 'cookie')"}])
    steps = [{"parallel": [{"steps": [login, step("/echo")]}, look], "concurrency": 2}]
    _, summary = run(plan_of(target, steps))
    assert summary.outcome == "passed"
    assert "cookie" in target.seen[-1]["headers"] or "cookie" in target.seen[-2]["headers"]


def test_rate_is_kept(target):
    began = time.monotonic()
    run(plan_of(target, [step("/", repeat={"times": 5})], environment={"rate_per_second": 20}))
    assert time.monotonic() - began >= 0.19


def test_a_listener_that_goes_away_ends_the_threads(target):
    one = step("/slow?ms=20", for_each={"items": list(range(100)), "concurrency": 4})
    results = Engine(plan_of(target, [one])).run()
    next(results)
    before = threading.active_count()
    results.close()
    assert threading.active_count() < before
    assert len(target.seen) < 40
