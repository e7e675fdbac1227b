"""A fault that nobody foresaw ends a step and not the run; long checks end with the run."""

import threading

import pytest

from tests.pace import promptly
from tests.unit.engine.plans import demo, outcomes, plan_of, run, step
from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.judge import allowance, jsonpath_nodes

HALF = step("/text?say=%22%5Cud800%22", status=None, extract={"half": "$"})


@pytest.fixture
def target():
    with demo() as server:
        yield server


class BrokenCache:
    def get_or_make(self, key, ttl_ms, make):
        raise RuntimeError("the cache is gone")


class BrokenSender:
    def prepare(self, spec, **parts):
        raise RuntimeError("half a \ud800 pair")


def test_a_sender_that_breaks_ends_each_step_and_teardown_still_begins(target):
    plan = plan_of(target, [step("/")], scenario={"teardown": [step("/echo")]})
    results, summary = run(plan, sender=BrokenSender())
    assert outcomes(results) == {"steps/0": "error", "teardown/0": "error"}
    assert results[0].error.error_class is ErrorClass.INTERNAL
    assert "RuntimeError: half a \\ud800 pair" in results[0].error.message
    assert summary.outcome == "error"


def test_a_cache_that_breaks_is_an_error_of_its_step(target):
    inner = {"id": 5, "name": "inner", "steps": [step("/")]}
    steps = [{"scenario": inner, "cache": {"key": "k", "ttl_ms": 1000}}]
    results, _ = run(plan_of(target, steps, scenario={"teardown": [step("/echo")]}), cache=BrokenCache())
    assert outcomes(results) == {"steps/0": "error", "teardown/0": "passed"}
    assert "the cache is gone" in results[0].error.message


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"before": [{"do": "sign", "name": "s", "key": "{{half}}", "message": "m"}]}, "case.before.0: the text holds"),
        ({"request": {"proxy": "http://u:{{half}}@127.0.0.1:1"}}, "proxy: the text holds half of a surrogate pair"),
        (
            {
                "request": {
                    "auth": {
                        "kind": "oauth2_client_credentials",
                        "token_url": "http://127.0.0.1:1/",
                        "client_id": "i",
                        "client_secret": "{{half}}",
                    }
                }
            },
            "auth.client_secret: the text holds half",
        ),
        ({"request": {"auth": {"kind": "hmac", "key": "k", "key_id": "{{half}}"}}}, "auth.key_id: the text holds half"),
    ],
)
def test_half_of_a_surrogate_pair_is_told_with_its_field(target, parts, words):
    results, _ = run(plan_of(target, [HALF, step("/echo", **parts)]))
    assert words in results[1].error.message


def test_a_cancel_ends_checks_that_take_long(target):
    heavy = {"source": "jsonpath", "argument": "$.body[?count($.body[?@ >= 0]) > 3]", "comparator": "exists"}
    one = step("/echo", "POST", list(range(5_000)), assertions=[heavy] * 6)
    cancel = threading.Event()
    timer = threading.Timer(0.3, cancel.set)
    timer.start()
    with promptly(2):
        results, summary = run(plan_of(target, [one], scenario={"teardown": [step("/")]}), cancel=cancel)
        timer.join()
    assert results[0].error.error_class is ErrorClass.CANCELED
    assert outcomes(results)["teardown/0"] == "passed"
    assert summary.outcome == "canceled"


def test_the_paths_of_a_step_share_one_budget(target, monkeypatch):
    for module in (allowance, jsonpath_nodes):
        monkeypatch.setattr(module, "MAX_VISITS", 200_000)
    heavy = {"source": "jsonpath", "argument": "$.body[?count($.body[?@ >= 0]) > 3]", "comparator": "exists"}
    one = step("/echo", "POST", list(range(200)), assertions=[heavy] * 4)
    results, _ = run(plan_of(target, [one]))
    assert [check["passed"] for check in results[0].assertions] == [True, True, True, False, False]
    assert "the paths of the step visit more than 200000 places" in results[0].assertions[-1]["message"]


def test_a_nul_does_not_get_into_a_result(target):
    one = step("/echo", "POST", {"a\x00b": "c\x00d"}, expect={"$.body": 1})
    results, _ = run(plan_of(target, [one]))
    assert "\\u0000" not in str(results[0].to_json()["assertions"]).replace("\x00", "\\u0000")
    assert results[0].assertions[1]["actual"] == {"a\ufffdb": "c\ufffdd"}


def test_long_lines_of_a_result_are_cut_and_their_length_is_told(target):
    headers = {f"X-{number}": "h" * 20_000 for number in range(10)}
    results, _ = run(plan_of(target, [step("/", request={"query": {"q": "b" * 30_000}, "headers": headers}, status=1)]))
    request = results[0].request
    assert len(request["url"]) < 8_100
    assert request["url"].endswith("characters)")
    assert sum(len(value) for _, value in request["headers"]) < 45_000
    assert request["headers"][-1][0] == "…"
    assert len(request["curl"]) < 8_100
