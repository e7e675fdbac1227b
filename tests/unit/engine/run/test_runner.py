"""Whole runs against a small server: what goes in, what is sent, what comes out."""

import base64
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler

import pytest

from tests.pace import patience
from tests.unit.engine.plans import plan_of, run, step
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.run.context import Hooks
from wxcloudrun.engine.run.runner import Engine


def test_a_name_without_value_is_an_error_and_nothing_is_sent(target):
    results, summary = run(plan_of(target, [step("/echo/{{missing}}")]))
    assert results[0].outcome == "error"
    assert results[0].error.error_class == "variable"
    assert "case.request.url: `missing` has no value" in results[0].error.message
    assert target.seen == []
    assert summary.outcome == "error"
    assert "nothing above this step gives `missing` a value" in summary.warnings[0]


def test_after_a_cancel_all_teardowns_together_have_a_second_or_what_the_plan_says(target):
    inner = {"name": "inner", "steps": [step("/slow?ms=20000")], "teardown": [{"wait_ms": 60_000}]}
    scenario = {"teardown": [step("/"), {"wait_ms": 60_000}, step("/echo/late", "POST", {})]}
    plan = plan_of(target, [{"scenario": inner}], scenario=scenario, limits={"cancel_teardown_ms": 400})
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    began = time.monotonic()
    results, summary = run(plan, cancel=cancel)
    assert 0.5 < time.monotonic() - began < 1.5 * patience()
    assert summary.outcome == "canceled"
    assert "POST /echo/late" not in target.paths()
    assert results[-1].reason == "the run was canceled"


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


def test_the_same_plan_and_seed_give_the_same_results(target, monkeypatch):
    moment = "Tue, 01 Dec 2026 00:00:00 GMT"  # a server that answers the same gives the same Date
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda *_: moment)
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


def test_a_long_body_is_handed_over_and_its_file_is_gone_afterwards(target, tmp_path, monkeypatch):
    kept = {}

    def on_body(sha256, whole):
        kept[sha256] = b"".join(whole)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    plan = plan_of(target, [step("/long?size=5000")], limits={"head_bytes": 100})
    results, _ = run(plan, hooks=Hooks(on_body=on_body))
    body = results[0].response["body"]
    assert (len(kept[body["sha256"]]), len(body["head"]), body["size"], body["truncated"]) == (5000, 100, 5000, True)
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


def _without_times(value):
    times = {"started_at", "sent_at", "duration_ms", "timing", "peer"}
    if isinstance(value, dict):
        return {key: _without_times(item) for key, item in value.items() if key not in times}
    return [_without_times(item) for item in value] if isinstance(value, list) else value
