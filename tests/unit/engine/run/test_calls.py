"""A scenario inside another: inputs, outputs, and logging in once."""

from tests.unit.engine.plans import case, outcomes, plan_of, run, step


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
