"""A run that goes on in another worker: nothing twice, nothing lost, nothing sent that may have arrived already."""

import json

import pytest

from tests.unit.engine.plans import demo, outcomes, plan_of, run, step
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.run.context import Hooks
from wxcloudrun.engine.run.runner import Engine
from wxcloudrun.engine.send.cookie_state import exported


@pytest.fixture
def target():
    with demo() as server:
        yield server


def resumed(plan, done, intents=()):
    """The plan as a second worker gets it, through JSON as it would be stored."""
    data = json.loads(plan.model_dump_json(by_alias=True))
    data["resume"] = {
        "done": {
            result.path: {
                "outcome": result.outcome.value,
                "carried": [
                    {"name": one.name, "value": one.value, "secret": one.secret, "shared": one.shared}
                    for one in result.carried
                ],
                "cookies": exported(result.cookies),
            }
            for result in done
        },
        "intents": {path: {"attempt": attempt, "idempotency_key": key} for path, attempt, key in intents},
    }
    return Plan.model_validate_json(json.dumps(data))


STEPS = [
    step(
        "/login",
        "POST",
        {"user": "eve", "password": "s3cret-password"},
        extractions=[{"name": "token", "source": "jsonpath", "argument": "$.token", "secret": True}],
    ),
    step("/orders", "POST", {"sku": "a"}, 201, extract={"order": "$.id"}),
    step(
        "/me",
        request={"headers": {"Authorization": "Bearer {{token}}"}},
        assertions=[{"source": "jsonpath", "argument": "$.cookie", "comparator": "contains", "expected": "sid="}],
    ),
    step("/orders/{{order}}"),
]


def test_an_intent_is_told_before_each_request(target):
    told = []

    def on_intent(path, attempt, key):
        told.append((path, attempt, key, len(target.seen)))

    retry = step("/flaky?key=i&failures=1", retry={"attempts": 2, "interval_ms": 1})
    run(plan_of(target, [step("/"), retry], id=77), hooks=Hooks(on_intent=on_intent))
    assert [(path, attempt, seen) for path, attempt, _, seen in told] == [
        ("steps/0", 1, 0),
        ("steps/1", 1, 1),
        ("steps/1", 2, 2),
    ]
    assert told[1][2] == told[2][2] != told[0][2]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_steps_that_are_done_are_not_sent_again_and_their_values_go_on(target, count):
    plan = plan_of(target, STEPS)
    first = Engine(plan).run()
    done = [next(first) for _ in range(count)]
    first.close()
    sent = target.paths()
    results, summary = run(resumed(plan, done))
    assert summary.outcome == "passed", [result.explain() for result in results]
    assert (summary.passed, len(results)) == (4, 4 - count)
    assert len(target.seen) == 4
    assert target.paths()[: len(sent)] == sent


def test_a_secret_value_that_is_carried_on_stays_masked(target):
    plan = plan_of(target, STEPS)
    first = Engine(plan).run()
    done = [next(first)]
    first.close()
    token = done[0].carried[0].value
    assert token.startswith("token-of-eve")
    assert token not in json.dumps(done[0].to_json())
    results, summary = run(resumed(plan, done))
    assert token not in json.dumps([result.to_json() for result in results]) + json.dumps(summary.to_json())


def test_a_request_that_may_have_arrived_is_not_sent_twice(target):
    plan = plan_of(target, [step("/orders", "POST", {}, 201), step("/")])
    results, summary = run(resumed(plan, [], [("steps/0", 1, "k")]))
    assert outcomes(results) == {"steps/0": "error", "steps/1": "skipped"}
    assert results[0].error.error_class == "interrupted"
    assert "attempt 1" in results[0].error.message
    assert target.seen == []
    assert summary.outcome == "error"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_request_that_changes_nothing_is_sent_again(target, method):
    plan = plan_of(target, [step("/", method)])
    results, _ = run(resumed(plan, [], [("steps/0", 1, "k")]))
    assert results[0].outcome == "passed"
    assert results[0].attempts[0]["number"] == 2


def test_an_idempotent_case_is_sent_again_with_the_same_key(target):
    one = step("/orders", "POST", {}, 201, idempotent=True, idempotency_header="Idempotency-Key")
    plan = plan_of(target, [one], id=5)
    told = []
    run(plan, hooks=Hooks(on_intent=lambda *what: told.append(what)))
    results, _ = run(resumed(plan, [], told))
    assert results[0].outcome == "passed"
    keys = [seen["headers"]["idempotency-key"] for seen in target.seen]
    assert keys == [told[0][2]] * 2


def test_iterations_and_groups_are_resumed_in_the_middle(target):
    plan = plan_of(
        target, [step("/echo?n={{item}}", for_each={"items": [0, 1, 2, 3]}), {"steps": [step("/"), step("/")]}]
    )
    first = Engine(plan).run()
    done = [next(first) for _ in range(5)]
    first.close()
    results, summary = run(resumed(plan, done))
    assert [result.path for result in results] == ["steps/1/steps/1"]
    assert summary.passed == 6


class LeaseLostError(Exception):
    pass


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_worker_that_lost_its_lease_stops_before_the_next_request(target, concurrency):
    def on_intent(path, attempt, key):
        if len(target.seen) >= 2:
            raise LeaseLostError

    one = step("/echo?{{item}}", for_each={"items": list(range(30)), "concurrency": concurrency})
    with pytest.raises(LeaseLostError):
        run(plan_of(target, [one]), hooks=Hooks(on_intent=on_intent))
    assert len(target.seen) < 2 + concurrency


def test_outputs_that_came_from_the_cache_go_on_in_another_worker(target):
    login = {
        "id": 3,
        "name": "log in",
        "outputs": ["token"],
        "steps": [
            step(
                "/login",
                "POST",
                {"user": "eve", "password": "s3cret-password"},
                extractions=[{"name": "token", "source": "jsonpath", "argument": "$.token", "secret": True}],
            )
        ],
    }
    once = {"cache": {"key": "k", "ttl_ms": 60_000}, "scenario": login}
    me = step("/me", request={"headers": {"Authorization": "Bearer {{token}}"}})
    plan = plan_of(target, [once, {"steps": [once, me]}])
    first = Engine(plan).run()
    done = [next(first) for _ in range(2)]
    first.close()
    assert done[1].reason == "outputs taken from the cache"
    token = done[1].carried[0].value
    results, summary = run(resumed(plan, done))
    assert outcomes(results) == {"steps/1/steps/1": "passed"}
    assert summary.outcome == "passed"
    assert token not in json.dumps([result.to_json() for result in results])
    assert len(target.seen) == 2


def test_what_sounds_like_a_secret_stays_masked_in_another_worker(target):
    login = step("/login", "POST", {"user": "eve", "password": "s3cret-password"}, extract={"auth_token": "$.token"})
    plan = plan_of(target, [login, step("/echo?a={{auth_token}}", "GET"), step("/text?say=token-of-eve-1", "GET")])
    first = Engine(plan).run()
    done = [next(first)]
    first.close()
    token = done[0].carried[0].value
    results, _ = run(resumed(plan, done))
    assert token not in json.dumps([result.to_json() for result in results])
