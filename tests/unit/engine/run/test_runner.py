"""Whole runs against a small server."""

import base64
import hashlib
import hmac
import tempfile
import threading
import time

import pytest

from tests.unit.engine.plans import case, demo, outcomes, plan_of, run, step
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.run.context import Hooks
from wxcloudrun.engine.run.runner import Engine

LOGIN = step(
    "/login",
    "POST",
    {"user": "{{user}}", "password": "{{password}}"},
    name="log in",
    extract={"token": "$.token"},
)
PEOPLE = [{"name": "user", "value": "eve"}, {"name": "password", "value": "s3cret-password", "secret": True}]


@pytest.fixture
def target():
    with demo() as server:
        yield server


def test_values_go_from_step_to_step(target):
    steps = [
        LOGIN,
        step("/me", request={"headers": {"Authorization": "Bearer {{token}}"}}, expect={"$.name": "{{user}}"}),
    ]
    results, summary = run(plan_of(target, steps, environment={"variables": PEOPLE}))
    assert outcomes(results) == {"steps/0": "passed", "steps/1": "passed"}
    assert (summary.outcome, summary.passed, summary.requests) == ("passed", 2, 2)
    assert results[1].variables[0]["name"] == "token"
    assert results[1].variables[0]["scope"] == "extracted"


def test_a_name_without_value_is_an_error_and_nothing_is_sent(target):
    results, summary = run(plan_of(target, [step("/echo/{{missing}}")]))
    assert results[0].outcome == "error"
    assert results[0].error.error_class == "variable"
    assert "case.request.url: `missing` has no value" in results[0].error.message
    assert target.seen == []
    assert summary.outcome == "error"
    assert "nothing above this step gives `missing` a value" in summary.warnings[0]


def test_a_false_assertion_fails_the_step_and_all_assertions_are_reported(target):
    results, summary = run(
        plan_of(target, [step("/", expect={"$.name": "other", "$.nothing": 1, "$.items[0].sku": "a"})])
    )
    assert [one["passed"] for one in results[0].assertions] == [True, False, False, True]
    assert results[0].outcome == "failed"
    assert summary.outcome == "failed"


def test_a_failure_stops_the_scenario_and_the_rest_is_reported_as_skipped(target):
    steps = [step("/status/500", name="broken"), step("/", name="never"), step("/", name="never too")]
    results, summary = run(plan_of(target, steps))
    assert outcomes(results) == {"steps/0": "failed", "steps/1": "skipped", "steps/2": "skipped"}
    assert results[1].reason == "step `broken` before it: failed"
    assert (summary.failed, summary.skipped, summary.success_rate) == (1, 2, 0.0)


@pytest.mark.parametrize(("scenario", "own"), [({"stop_on_failure": False}, {}), ({}, {"stop_on_failure": False})])
def test_a_failure_need_not_stop(target, scenario, own):
    steps = [step("/status/500", **own), step("/")]
    results, _ = run(plan_of(target, steps, scenario=scenario))
    assert outcomes(results) == {"steps/0": "failed", "steps/1": "passed"}


def test_teardown_runs_after_a_failure_and_setup_runs_once_before(target):
    scenario = {"setup": [step("/count/setup", status=None)], "teardown": [step("/count/down", status=None)]}
    results, _ = run(plan_of(target, [step("/status/500")], scenario=scenario))
    assert [result.phase.value for result in results] == ["setup", "steps", "teardown"]
    assert target.paths() == ["GET /count/setup", "GET /status/500", "GET /count/down"]


def test_a_setup_that_fails_skips_the_steps_but_not_the_teardown(target):
    scenario = {"setup": [step("/status/500")], "teardown": [step("/")]}
    results, summary = run(plan_of(target, [step("/")], scenario=scenario))
    assert outcomes(results) == {"setup/0": "failed", "steps/0": "skipped", "teardown/0": "passed"}
    assert results[1].reason == "setup: failed"
    assert summary.outcome == "failed"


def test_disabled_steps_and_false_conditions_are_skipped_with_the_reason(target):
    steps = [
        step("/", enabled=False),
        step("/", condition="level > 3", variables=[{"name": "level", "value": 2}]),
        step("/", condition="level > 3", variables=[{"name": "level", "value": 5}]),
    ]
    results, summary = run(plan_of(target, steps))
    assert [result.outcome.value for result in results] == ["skipped", "skipped", "passed"]
    assert [results[0].reason, results[1].reason] == ["disabled", "condition is false: level > 3"]
    assert summary.outcome == "passed"


def test_a_condition_that_cannot_be_evaluated_is_an_error(target):
    results, _ = run(plan_of(target, [step("/", condition="nobody > 3")]))
    assert results[0].error.error_class == "expression"
    assert target.seen == []


def test_retry_passes_in_the_end_and_the_attempts_are_kept(target):
    retry = {"attempts": 4, "interval_ms": 10, "backoff": 2, "statuses": ["5xx"]}
    results, summary = run(plan_of(target, [step("/flaky?key=a&failures=2", retry=retry)]))
    assert results[0].outcome == "passed"
    assert [(one["number"], one["status"], one["outcome"]) for one in results[0].attempts] == [
        (1, 503, "failed"),
        (2, 503, "failed"),
        (3, 200, "passed"),
    ]
    assert [one["wait_ms"] for one in results[0].attempts] == [0, 10, 20]
    assert results[0].passed_after_retry
    assert summary.passed_after_retry == 1
    assert "passed after retry" in results[0].explain()


def test_retries_are_used_up(target):
    results, _ = run(plan_of(target, [step("/status/503", retry={"attempts": 3, "interval_ms": 1})]))
    assert results[0].outcome == "failed"
    assert len(results[0].attempts) == 3


def test_random_values_stay_the_same_in_every_attempt(target):
    step_ = step("/flaky?key=b&failures=1&id={{$uuid}}", retry={"attempts": 2, "interval_ms": 1})
    run(plan_of(target, [step_]))
    assert target.seen[0]["query"]["id"] == target.seen[1]["query"]["id"]


def test_polling_goes_on_until_the_condition_is_true(target):
    steps = [
        step("/orders", "POST", {"sku": "x"}, 201, extract={"order": "$.id"}),
        step(
            "/orders/{{order}}",
            expect={"$.state": "paid"},
            extract={"state": "$.state"},
            poll={"until": "state == 'paid'", "interval_ms": 5, "timeout_ms": 5000},
        ),
    ]
    results, _ = run(plan_of(target, steps))
    assert results[1].outcome == "passed"
    assert len(results[1].attempts) == 3
    assert results[1].attempts[0]["outcome"] == "failed"


def test_polling_ends_at_once_when_it_cannot_become_true(target):
    steps = [
        step("/orders", "POST", {"fail": True}, 201, extract={"order": "$.id"}),
        step(
            "/orders/{{order}}",
            poll={"until": "body.state == 'paid'", "fail_if": "body.state == 'lost'", "interval_ms": 5},
        ),
    ]
    results, _ = run(plan_of(target, steps))
    assert results[1].outcome == "failed"
    assert results[1].reason == "poll: `body.state == 'lost'` became true"
    assert len(results[1].attempts) == 3


def test_polling_has_a_time_limit(target):
    poll = {"until": "status == 200", "interval_ms": 20, "timeout_ms": 100}
    results, _ = run(plan_of(target, [step("/status/202", status=None, poll=poll)]))
    assert results[0].outcome == "failed"
    assert "did not become true within 100 ms" in results[0].reason


def test_polling_stops_at_an_error_unless_told_to_go_through(target):
    poll = {"until": "status == 200", "interval_ms": 5, "timeout_ms": 60}
    results, _ = run(plan_of(target, [step("/hang-up", poll=poll)]))
    assert (results[0].outcome, len(results[0].attempts)) == ("error", 1)
    results, _ = run(plan_of(target, [step("/hang-up", poll={**poll, "through_errors": True})]))
    assert results[0].outcome == "error"
    assert results[0].error.error_class == "protocol"
    assert len(results[0].attempts) > 3


def test_repeat_and_for_each_give_one_result_a_pass(target):
    steps = [
        step(
            "/echo?n={{iteration}}",
            repeat={"times": 3},
            expect={"$.query.n": "{{n}}"},
            variables=[{"name": "n", "value": "x"}],
            stop_on_failure=False,
        ),
        step("/", extract={"items": "$.items"}),
        step("/echo?sku={{one.sku}}", for_each={"items": "{{items}}", "as": "one"}),
    ]
    results, _ = run(plan_of(target, steps))
    assert [one["query"].get("n") for one in target.seen[:3]] == ["0", "1", "2"]
    assert [one["query"]["sku"] for one in target.seen[4:]] == ["a", "b"]
    assert [result.path for result in results][-2:] == ["steps/2/iterations/0", "steps/2/iterations/1"]
    assert [result.iteration for result in results] == [0, 1, 2, None, 0, 1]


def test_for_each_over_something_that_is_no_list_is_an_error(target):
    results, _ = run(plan_of(target, [step("/", for_each={"items": "{{x}}"}, variables=[{"name": "x", "value": 5}])]))
    assert "items: an array is needed to go through, not a number" in results[0].error.message


def test_every_row_of_data_gives_a_result_of_its_own(target):
    datasets = [
        {
            "key": "good",
            "name": "right",
            "variables": {"who": "eve"},
            "body": {"password": "s3cret-password"},
            "expected": {"status": 200},
        },
        {"key": "bad", "name": "wrong", "variables": {"who": "eve"}, "expected": {"status": 401}},
        {"key": "off", "enabled": False},
    ]
    one = step(
        "/login",
        "POST",
        {"user": "{{who}}", "password": "no"},
        "{{expected.status}}",
        datasets=datasets,
        dataset={"mode": "all"},
    )
    results, _ = run(plan_of(target, [one]))
    assert [(result.dataset.key, result.iteration, result.outcome.value) for result in results] == [
        ("good", 0, "passed"),
        ("bad", 1, "passed"),
    ]
    assert results[0].dataset.row["body"] == {"password": "***"}


def test_groups_share_their_scope_and_are_passed_or_skipped_as_one(target):
    group = {"name": "group", "steps": [step("/", extract={"first": "$.items[0].sku"}), step("/echo?x={{first}}")]}
    results, _ = run(plan_of(target, [group, step("/echo?y={{first}}"), {**group, "condition": "false"}]))
    assert outcomes(results) == {
        "steps/0/steps/0": "passed",
        "steps/0/steps/1": "passed",
        "steps/1": "passed",
        "steps/2": "skipped",
    }
    assert results[0].trail == ("group",)


def test_waiting_takes_its_time(target):
    began = time.monotonic()
    results, _ = run(
        plan_of(
            target,
            [{"name": "breathe", "wait_ms": 80}, {"wait_ms": "{{ms}}", "variables": [{"name": "ms", "value": "x"}]}],
        )
    )
    assert time.monotonic() - began > 0.07
    assert results[0].duration_ms >= 75
    assert results[1].error.error_class == "variable"


def test_a_scenario_in_a_scenario_takes_inputs_and_gives_outputs_only(target):
    inner = {
        "id": 2,
        "name": "log in",
        "inputs": [{"name": "user", "required": True}, {"name": "password", "default": "s3cret-password"}],
        "outputs": ["token"],
        "steps": [
            {
                "case": case(
                    "/login",
                    "POST",
                    {"user": "{{user}}", "password": "{{password}}"},
                    extract={"token": "$.token", "uid": "$.user.id"},
                )
            }
        ],
    }
    steps = [
        {
            "name": "call",
            "scenario": inner,
            "inputs": {"user": "{{who}}"},
            "variables": [{"name": "who", "value": "eve"}],
        },
        step("/me", request={"headers": {"Authorization": "Bearer {{token}}"}}, expect={"$.name": "eve"}),
        step("/echo/{{uid}}"),
    ]
    results, _ = run(plan_of(target, steps))
    assert outcomes(results) == {"steps/0/steps/0": "passed", "steps/1": "passed", "steps/2": "error"}
    assert results[0].trail == ("call",)


def test_a_scenario_that_does_not_make_its_output_is_an_error(target):
    inner = {"name": "inner", "outputs": ["token"], "steps": [step("/")]}
    results, summary = run(plan_of(target, [{"scenario": inner}]))
    assert outcomes(results) == {"steps/0/steps/0": "passed", "steps/0": "error"}
    assert "without its output `token`" in results[1].error.message
    assert "nothing makes its output `token`" in summary.warnings[0]


def test_logging_in_once_serves_every_caller(target):
    inner = {
        "id": 9,
        "name": "log in",
        "outputs": ["token"],
        "steps": [step("/login", "POST", {"user": "eve", "password": "s3cret-password"}, extract={"token": "$.token"})],
    }
    call = {"name": "log in once", "scenario": inner, "cache": {"key": "eve", "ttl_ms": 60_000}}
    branch = {
        "steps": [
            call,
            step(
                "/me",
                request={"headers": {"Authorization": "Bearer {{token}}"}},
                assertions=[
                    {"source": "jsonpath", "argument": "$.cookie", "comparator": "contains", "expected": "sid="}
                ],
            ),
        ]
    }
    results, summary = run(plan_of(target, [{"parallel": [branch] * 6, "concurrency": 6}, call]))
    assert target.counts["login"] == 1
    assert summary.outcome == "passed"
    assert sum(result.reason == "outputs taken from the cache" for result in results) == 6


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
    began = time.monotonic()
    results, summary = run(plan_of(target, steps))
    assert summary.outcome == "passed", [result.explain() for result in results]
    assert target.under_way == 3
    assert time.monotonic() - began < 6 * 0.12
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


def test_a_cancel_stops_within_a_second_and_teardown_still_runs(target):
    cancel = threading.Event()
    scenario = {"teardown": [step("/count/down", status=None)]}
    plan = plan_of(target, [step("/slow?ms=8000"), step("/")], scenario=scenario)
    threading.Timer(0.2, cancel.set).start()
    began = time.monotonic()
    results, summary = run(plan, cancel=cancel)
    assert time.monotonic() - began < 1.2
    assert (
        outcomes(results) == {"steps/0": "error", "steps/1": "skipped", "teardown/0": "passed"}
        or results[2].response["status"] == 404
    )
    assert results[0].error.error_class == "canceled"
    assert results[1].reason == "the run was canceled"
    assert summary.outcome == "canceled"


@pytest.mark.parametrize(
    "waiting", [{"wait_ms": 60_000}, step("/status/503", retry={"attempts": 9, "interval_ms": 60_000})]
)
def test_a_cancel_ends_waiting_too(target, waiting):
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    began = time.monotonic()
    results, summary = run(plan_of(target, [waiting]), cancel=cancel)
    assert time.monotonic() - began < 1.2
    assert results[0].error.error_class == "canceled"
    assert summary.outcome == "canceled"


def test_the_deadline_ends_the_run_as_an_error(target):
    plan = plan_of(target, [step("/slow?ms=5000"), step("/")], limits={"deadline_ms": 300})
    began = time.monotonic()
    results, summary = run(plan)
    assert time.monotonic() - began < 1.5
    assert results[0].error.error_class == "timeout"
    assert results[1].reason == "the run's time is used up"
    assert (summary.outcome, summary.reason) == ("error", "the run's time is used up")


def test_teardown_has_time_of_its_own_and_no_more(target):
    scenario = {"teardown": [{"wait_ms": 60_000}]}
    began = time.monotonic()
    results, _ = run(plan_of(target, [step("/")], scenario=scenario, limits={"teardown_ms": 200}))
    assert time.monotonic() - began < 1.5
    assert results[1].error.error_class == "timeout"


def test_after_a_cancel_all_teardowns_together_have_a_second_or_what_the_plan_says(target):
    inner = {"name": "inner", "steps": [step("/slow?ms=20000")], "teardown": [{"wait_ms": 60_000}]}
    scenario = {"teardown": [step("/"), {"wait_ms": 60_000}, step("/echo/late", "POST", {})]}
    plan = plan_of(target, [{"scenario": inner}], scenario=scenario, limits={"cancel_teardown_ms": 400})
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    began = time.monotonic()
    results, summary = run(plan, cancel=cancel)
    assert 0.5 < time.monotonic() - began < 1.5
    assert summary.outcome == "canceled"
    assert "POST /echo/late" not in target.paths()
    assert results[-1].reason == "the run was canceled"


def test_a_cancel_in_the_middle_of_a_teardown_ends_it_too(target):
    scenario = {"teardown": [{"wait_ms": 60_000}]}
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    began = time.monotonic()
    plan = plan_of(target, [step("/")], scenario=scenario, limits={"cancel_teardown_ms": 200})
    results, summary = run(plan, cancel=cancel)
    assert 0.4 < time.monotonic() - began < 1.3
    assert results[1].error.error_class == "canceled"
    assert summary.outcome == "canceled"


def test_the_number_of_results_is_bounded(target):
    results, summary = run(plan_of(target, [step("/", repeat={"times": 50}), step("/")], limits={"max_steps": 5}))
    assert sum(result.outcome == "passed" for result in results) == 5
    assert summary.outcome == "error"
    assert "limit of 5 results" in summary.reason


def test_actions_before_and_after_set_compute_sign_and_log(target):
    one = step(
        "/echo",
        "POST",
        {"at": "{{stamp}}", "sign": "{{signature}}"},
        before=[
            {"do": "set", "name": "stamp", "value": "t-{{$randomInt 7 7}}"},
            {"do": "compute", "name": "double", "expression": "3 * 2"},
            {"do": "sign", "name": "signature", "key": "key", "message": "{{stamp}}:{{double}}"},
            {"do": "wait", "wait_ms": 1},
            {"do": "log", "message": "signing {{stamp}}"},
        ],
        after=[
            {"do": "compute", "name": "length", "expression": "len(body.body.sign)", "scope": "step"},
            {"do": "log", "message": "got {{length}}"},
        ],
        assertions=[{"expression": "length == 64"}],
    )
    results, _ = run(plan_of(target, [one, step("/echo?{{stamp}}"), step("/echo?{{length}}")]))
    assert results[0].outcome == "passed", results[0].explain()
    assert results[0].log == ("signing t-7", "got 64")
    sent = hmac.new(b"key", b"t-7:6", hashlib.sha256).hexdigest()
    assert sent in target.seen[0]["body"]
    assert [result.outcome.value for result in results] == ["passed", "passed", "error"]


def test_a_required_extraction_that_finds_nothing_fails_the_step(target):
    results, _ = run(plan_of(target, [step("/", extract={"x": "$.nothing"})]))
    assert results[0].outcome == "failed"
    assert "extraction `x` is required and found nothing" in results[0].reason


def test_a_required_extraction_that_cannot_be_read_is_an_error(target):
    results, _ = run(plan_of(target, [step("/text?say=hello", extract={"x": "$.a"})]))
    assert results[0].error.error_class == "extraction"
    assert "not JSON" in results[0].error.message


def test_an_optional_extraction_gives_its_default(target):
    optional = {"name": "x", "source": "jsonpath", "argument": "$.nothing", "required": False, "default": "d"}
    results, _ = run(plan_of(target, [step("/", extractions=[optional]), step("/echo?x={{x}}")]))
    assert target.seen[-1]["query"] == {"x": "d"}
    assert not results[0].extractions[0]["found"]


def test_scopes_of_extractions_end_where_they_say(target):
    def extraction(name, scope):
        return {"name": name, "source": "jsonpath", "argument": "$.name", "scope": scope}

    inner = {
        "name": "inner",
        "steps": [
            step(
                "/",
                extractions=[extraction("a", "step"), extraction("b", "scenario"), extraction("c", "global")],
                assertions=[{"expression": "a == 'demo'"}],
            )
        ],
    }
    steps = [{"scenario": inner}] + [step(f"/echo?{{{{{name}}}}}", stop_on_failure=False) for name in "abc"]
    results, summary = run(plan_of(target, steps))
    assert [result.outcome.value for result in results] == ["passed", "error", "error", "passed"]
    assert [(one.name, one.value) for one in summary.write_back] == [("c", "demo")]
    assert summary.to_json()["write_back"] == ["c"]


def test_run_inputs_are_checked_and_used(target):
    scenario = {
        "inputs": [{"name": "level", "required": True}, {"name": "tone", "default": "soft"}],
        "outputs": ["seen"],
    }
    steps = [step("/echo?l={{level}}&t={{tone}}", extract={"seen": "$.query"})]
    _, summary = run(plan_of(target, steps, scenario=scenario, inputs={"level": 3}))
    assert summary.outputs == {"seen": {"l": "3", "t": "soft"}}
    with pytest.raises(DefinitionError, match=r"inputs.level: the scenario requires this input"):
        run(plan_of(target, steps, scenario=scenario))


def test_environment_defaults_and_overrides_reach_the_server(target):
    environment = {
        "headers": {"X-Env": "e", "X-Both": "e"},
        "auth": {"kind": "basic", "username": "u", "password": "{{pw}}"},
        "variables": [{"name": "pw", "value": "pass-word"}],
    }
    one = step(
        "/echo",
        request={"headers": {"X-Both": "case"}},
        overrides={"headers": {"X-Step": "{{$randomInt 1 1}}"}, "query": {"q": 1}, "method": "PUT", "body": {"a": 1}},
    )
    run(plan_of(target, [one], environment=environment))
    seen = target.seen[0]
    assert (seen["method"], seen["query"], seen["body"]) == ("PUT", {"q": "1"}, '{"a":1}')
    assert [seen["headers"][name] for name in ("x-env", "x-both", "x-step")] == ["e", "case", "1"]
    assert seen["headers"]["authorization"].startswith("Basic ")


def test_the_summary_can_only_be_read_at_the_end(target):
    engine = Engine(plan_of(target, [step("/")]))
    with pytest.raises(RuntimeError, match="has not ended"):
        _ = engine.summary


def test_a_listener_that_goes_away_ends_the_threads(target):
    one = step("/slow?ms=20", for_each={"items": list(range(100)), "concurrency": 4})
    results = Engine(plan_of(target, [one])).run()
    next(results)
    before = threading.active_count()
    results.close()
    assert threading.active_count() < before
    assert len(target.seen) < 40


def test_the_same_plan_and_seed_give_the_same_results(target):
    steps = [
        step("/orders", "POST", {"sku": "{{$randomWord}}-{{$uuid}}"}, 201, extract={"sku": "$.sku"}),
        step(
            "/flaky?failures=1&key={{$randomString 8}}",
            retry={"attempts": 3, "interval_ms": 5, "jitter": 0.5},
            stop_on_failure=False,
        ),
        {
            "parallel": [step("/echo?n={{$randomInt 1 1000000}}&x={{x}}"), step("/echo?n={{$uuid}}&x={{x}}")],
            "variables": [{"name": "x", "value": "{{$uuid}}"}],
        },
        step("/echo?{{item}}", for_each={"items": [1, 2, 3, 4], "concurrency": 3}),
        step("/", expect={"$.name": "{{sku}}"}),
    ]

    def once(seed):
        target.counts.clear()
        target.orders.clear()
        results, summary = run(plan_of(target, steps, seed=seed, id="run"))
        return [
            _without_times(result.to_json()) for result in sorted(results, key=lambda one: one.ordinal)
        ], summary.outcome

    assert once(5) == once(5)
    assert once(5) != once(6)


def _without_times(value):
    times = {"started_at", "sent_at", "duration_ms", "timing", "peer"}
    if isinstance(value, dict):
        return {key: _without_times(item) for key, item in value.items() if key not in times}
    return [_without_times(item) for item in value] if isinstance(value, list) else value


def test_a_long_body_is_handed_over_and_its_file_is_gone_afterwards(target):
    kept = {}

    def on_body(sha256, path):
        kept[sha256] = path, path.read_bytes()

    plan = plan_of(target, [step("/long?size=5000")], limits={"head_bytes": 100})
    results, _ = run(plan, hooks=Hooks(on_body=on_body))
    body = results[0].response["body"]
    path, data = kept[body["sha256"]]
    assert (len(data), len(body["head"]), body["size"], body["truncated"]) == (5000, 100, 5000, True)
    assert not path.exists()


def test_bodies_of_attempts_that_are_not_kept_leave_no_files(target, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    one = step("/long?size=5000", status=500, retry={"attempts": 3, "interval_ms": 1})
    run(plan_of(target, [one], limits={"head_bytes": 100}))
    assert len(target.seen) == 3
    assert list(tmp_path.iterdir()) == []


def test_the_proxy_of_the_network_holds_where_nobody_says_otherwise(target):
    plan = plan_of(target, [step("/")], network={"allowed": ["127.0.0.1/32"], "proxy": "http://127.0.0.1:1"})
    results, _ = run(plan)
    assert results[0].error.error_class == "connect"
    assert target.seen == []


def test_numbers_go_on_with_every_digit(target):
    say = step(
        "/text",
        request={"query": {"say": '{"n": 12345678901234567.89, "i": 98765432109876543210}'}},
        extract={"n": "$.n", "i": "$.i"},
    )
    steps = [say, step("/echo?n={{n}}&i={{i}}", "POST", {"n": "{{n}}", "i": "{{i}}"})]
    results, _ = run(plan_of(target, steps))
    assert results[1].outcome == "passed", results[1].explain()
    assert target.seen[1]["query"] == {"n": "12345678901234567.89", "i": "98765432109876543210"}
    assert target.seen[1]["body"] == '{"n":12345678901234567.89,"i":98765432109876543210}'


def test_checks_may_hold_placeholders_anywhere(target):
    one = step(
        "/",
        variables=[{"name": "index", "value": 1}, {"name": "wanted", "value": "b"}, {"name": "word", "value": "eq"}],
        extractions=[{"name": "sku", "source": "jsonpath", "argument": "$.items[{{index}}].sku"}],
        assertions=[
            {"source": "jsonpath", "argument": "$.items[{{index}}].sku", "comparator": "eq", "expected": "{{wanted}}"},
            {"source": "variable", "argument": "sku", "comparator": "in", "expected": ["a", "{{wanted}}"]},
            {"expression": "sku == wanted", "comparator": "eq", "expected": True},
        ],
    )
    results, summary = run(plan_of(target, [one]))
    assert results[0].outcome == "passed", results[0].explain()
    assert summary.warnings == ()


@pytest.mark.parametrize("index", ["]", ""])
def test_a_check_that_cannot_work_after_rendering_is_an_error(target, index):
    one = step(
        "/",
        variables=[{"name": "index", "value": index}],
        extractions=[{"name": "sku", "source": "jsonpath", "argument": "$.items[{{index}}].sku"}],
    )
    results, _ = run(plan_of(target, [one]))
    assert results[0].error.error_class == "definition"
    assert "extractions.0" in results[0].error.message


def test_an_expected_value_that_cannot_be_compared_after_rendering_is_an_error(target):
    bad = {"source": "status", "comparator": "between", "expected": "{{range}}"}
    one = step("/", status=None, variables=[{"name": "range", "value": 5}], assertions=[bad])
    results, _ = run(plan_of(target, [one]))
    assert results[0].error.error_class == "definition"
    assert "assertions.0" in results[0].error.message


def test_a_login_that_fails_is_not_kept(target):
    inner = {
        "id": 9,
        "outputs": ["token"],
        "steps": [step("/login", "POST", {"user": "eve", "password": "{{pw}}"}, extract={"token": "$.token"})],
        "inputs": [{"name": "pw"}],
    }
    call = {"scenario": inner, "cache": {"key": "k"}, "stop_on_failure": False}
    steps = [
        {**call, "inputs": {"pw": "wrong"}},
        {**call, "inputs": {"pw": "s3cret-password"}},
        {**call, "inputs": {"pw": "wrong"}},
    ]
    results, summary = run(plan_of(target, steps))
    assert [result.outcome.value for result in results] == ["failed", "passed", "passed"]
    assert results[2].reason == "outputs taken from the cache"
    assert len(target.seen) == 2
    assert summary.passed == 2


def test_an_input_that_cannot_be_rendered_stops_the_call(target):
    inner = {"inputs": [{"name": "x"}], "steps": [step("/")]}
    results, _ = run(plan_of(target, [{"scenario": inner, "inputs": {"x": "{{nothing}}"}}]))
    assert outcomes(results) == {"steps/0": "error"}
    assert "inputs.x: `nothing` has no value" in results[0].error.message
    assert target.seen == []


def test_a_body_that_is_no_text_is_kept_in_base64(target):
    results, _ = run(plan_of(target, [step("/binary?say=abc")]))
    body = results[0].response["body"]
    assert (body["encoding"], body["head"], body["size"]) == ("base64", "AP9hYmM=", 5)


def test_a_secret_in_a_body_that_is_no_text_is_masked(target):
    variables = [{"name": "s", "value": "canary-4711", "secret": True}]
    results, _ = run(plan_of(target, [step("/binary?say={{s}}")], environment={"variables": variables}))
    assert base64.b64decode(results[0].response["body"]["head"]) == b"\x00\xff***"


def test_redirects_are_followed_and_shown(target):
    results, _ = run(plan_of(target, [step("/redirect?to=/echo%3Ftoken%3Dabc")]))
    (hop,) = results[0].response["hops"]
    assert (hop["status"], hop["location"]) == (302, "/echo?token=***")
    assert results[0].response["url"] == f"{target.url}/echo?token=***"


def test_polling_ends_with_a_cancel_and_with_an_expression_that_fails(target):
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    poll = {"until": "status == 200", "interval_ms": 50}
    results, _ = run(plan_of(target, [step("/status/202", status=None, poll=poll)]), cancel=cancel)
    assert results[0].error.error_class == "canceled"
    results, _ = run(plan_of(target, [step("/", poll={"until": "body.nothing.more > 1"})]))
    assert results[0].error.error_class == "expression"


def test_long_polling_keeps_the_first_and_the_last_attempts(target):
    poll = {"until": "status == 200", "interval_ms": 0, "timeout_ms": 60_000}
    results, _ = run(plan_of(target, [step("/flaky?key=p&failures=80", poll=poll)]))
    numbers = [one["number"] for one in results[0].attempts]
    assert results[0].outcome == "passed"
    assert numbers == [*range(1, 11), *range(42, 82)]


def test_a_filter_that_does_not_fit_is_an_error(target):
    results, _ = run(plan_of(target, [step("/{{n | first}}", variables=[{"name": "n", "value": []}])]))
    assert results[0].error.error_class == "variable"
    results, _ = run(plan_of(target, [step("/{{n | to_number}}", variables=[{"name": "n", "value": "x"}])]))
    assert results[0].error.error_class == "variable"
