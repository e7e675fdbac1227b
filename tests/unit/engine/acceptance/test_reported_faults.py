"""Faults that testers found, as they found them: none of them comes back."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pace import promptly
from tests.unit.engine.plans import demo, plan_of, run
from wxcloudrun.engine.console import read_plan
from wxcloudrun.engine.errors import DefinitionError

ROOT = Path(__file__).resolve().parents[4]
NEVER = [{"source": "status", "comparator": "eq", "expected": 999}]
SURROGATE = {"url": "/text?say=%22%5Cud800%22"}


def _run(target, *requests, variables=(), assertions=NEVER, **parts):
    """Results of cases that never pass, and everything that leaves the engine about them."""
    steps = [request if "case" in request else _case(request, assertions) for request in requests]
    scenario = {"variables": list(variables), "stop_on_failure": False, **parts.pop("scenario", {})}
    results, _ = run(plan_of(target, steps, scenario=scenario, **parts))
    texts = [json.dumps(result.to_json(), ensure_ascii=False) for result in results]
    return results, "\n".join([*texts, *(result.explain() for result in results)])


def _case(request, assertions=NEVER, **parts):
    return {"case": {"request": request, "assertions": assertions, **parts}}


def _secret(value):
    return {"name": "key", "value": value, "secret": True}


@pytest.mark.parametrize("password", ["%C3%A9", "a%00b"])
def test_a_proxy_password_that_curl_cannot_take_is_an_error_of_the_step(password):
    with demo() as target:
        proxy = {"name": "proxy", "value": f"http://u:{password}@127.0.0.1:{target.port}"}
        request = {"url": "/", "proxy": "{{proxy}}"}
        results, _ = _run(target, request, variables=[proxy], scenario={"teardown": [_case({"url": "/echo"})]})
    assert [result.path for result in results] == ["steps/0", "teardown/0"]


@pytest.mark.parametrize(
    "request_",
    [
        {"url": "/echo/{id}", "path_params": {"id": "{{v}}"}},
        {"url": "/echo", "auth": {"kind": "basic", "username": "u", "password": "{{v}}"}},
        {
            "url": "/echo",
            "auth": {"kind": "aws_v4", "access_key": "a", "secret_key": "{{v}}", "region": "r", "service": "s"},
        },
        {"url": "/echo", "tls": {"ca_pem": "{{v}}"}},
    ],
    ids=["path_params", "basic", "aws_v4", "ca_pem"],
)
def test_what_a_server_sends_cannot_end_the_run(request_):
    taken = _case(SURROGATE, [], extractions=[{"name": "v", "source": "jsonpath", "argument": "$"}])
    with demo() as target:
        if "tls" in request_:
            request_ = {**request_, "url": target.url.replace("http", "https")}
        results, _ = _run(target, taken, request_)
    assert [result.path for result in results] == ["steps/0", "steps/1"]


@pytest.mark.parametrize("name", ["to_number", "to_integer", "to_date", "to_boolean"])
def test_a_secret_extraction_that_fails_in_a_filter_does_not_show_the_value(name):
    found = {"name": "key", "source": "jsonpath", "argument": "$.token", "filters": [{"name": name}], "secret": True}
    with demo() as target:
        login = {"method": "POST", "url": "/login"}
        login["body"] = {"kind": "json", "value": {"user": "bob", "password": "another-password"}}
        _, text = _run(target, _case(login, [], extractions=[found]))
    assert "token-of-bob" not in text


def test_a_secret_in_a_host_name_is_masked_in_lower_case_too():
    with demo() as target:
        _, text = _run(target, {"url": "http://{{key}}.invalid/"}, variables=[_secret("CANARY-Host-Name")])
    assert "canary-host-name" not in text.lower()


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer literal-{{key}}"}, {"Cookie": "a=literal-1; k={{key}}"}])
def test_curl_masks_by_place_beside_a_marked_secret(headers):
    with demo() as target:
        results, _ = _run(target, {"url": "/", "headers": headers}, variables=[_secret("marked-secret")])
    assert "literal-" not in results[0].request["curl"]


@pytest.mark.parametrize(
    ("request_", "options"),
    [
        ({"url": "/echo/../x"}, {"--path-as-is"}),
        ({"url": "/redirect?to=/"}, {"-L", "--location"}),
        ({"url": "{{https}}/", "tls": {"verify": False}}, {"-k", "--insecure"}),
        ({"url": "/", "proxy": "{{base_url}}"}, {"-x", "--proxy"}),
        ({"url": "/", "auth": {"kind": "digest", "username": "u", "password": "p-p-p"}}, {"--digest"}),
    ],
)
def test_curl_says_how_the_request_travelled(request_, options):
    with demo() as target:
        https = {"name": "https", "value": target.url.replace("http", "https")}
        results, _ = _run(target, request_, variables=[https])
    assert options & set(shlex.split(results[0].request["curl"]))


def test_a_response_cannot_steer_the_terminal():
    with demo() as target:
        results, _ = _run(
            target,
            {"url": "/text?say=%1B%5B2J%0Aok%20forged%20line"},
            assertions=[{"source": "body", "comparator": "eq", "expected": "x"}],
        )
    assert "\x1b" not in results[0].explain()
    assert "\nok forged line" not in results[0].explain()


def test_the_caret_of_a_failed_expression_stands_under_its_place():
    with demo() as target:
        results, _ = _run(target, {**_case({"url": "/"}), "poll": {"until": "body.nme == 1", "timeout_ms": 50}})
    shown = results[0].explain().splitlines()
    row = next(number for number, line in enumerate(shown) if line.strip() == "^")
    assert shown[row - 1][shown[row].index("^") :].startswith("nme")


def test_a_result_row_stays_small_when_the_url_is_long():
    with demo() as target:
        _, text = _run(target, {"url": "/", "headers": {"X-Long": "a" * 30_000}, "query": {"q": "b" * 30_000}})
    assert len(text) < 60_000


def test_the_deadline_ends_checks_too():
    heavy = {"source": "jsonpath", "argument": "$.body[?count($.body[?@ >= 0]) > 3]", "comparator": "exists"}
    body = {"kind": "json", "value": list(range(800))}
    with promptly(1):
        with demo() as target:
            _run(
                target,
                _case({"method": "POST", "url": "/echo", "body": body}, [heavy] * 4),
                limits={"deadline_ms": 200},
            )


def test_a_character_that_gbk_cannot_hold_is_an_error():
    headers = {"Content-Type": "text/plain; charset=gbk"}
    with demo() as target:
        body = {"kind": "raw", "text": "ok 😀"}
        results, _ = _run(target, {"method": "POST", "url": "/echo", "headers": headers, "body": body})
    assert results[0].error is not None


def _refusal(tmp_path, plan):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        read_plan(path)
    return str(caught.value)


def test_the_position_of_an_unknown_field_is_the_one_in_the_file(tmp_path):
    case = {"request": {"url": "/"}, "asserts": []}
    assert _refusal(tmp_path, {"scenario": {"steps": [{"case": case}]}}).startswith("scenario.steps.0.case.asserts:")


def test_a_comparator_that_needs_something_expected_is_refused_without(tmp_path):
    case = {"request": {"url": "/"}, "assertions": [{"source": "status", "comparator": "eq"}]}
    assert "expected" in _refusal(tmp_path, {"scenario": {"steps": [{"case": case}]}})


def test_ctrl_c_cancels_the_run_and_teardown_runs(tmp_path):
    with demo() as target:
        steps = [{"case": {"request": {"url": "/slow?ms=20000"}}}]
        plan = {
            "scenario": {"steps": steps, "teardown": [_case({"url": "/echo"})]},
            "environment": {"base_url": target.url},
        }
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(plan), encoding="utf-8")
        command = [sys.executable, "-m", "flask", "engine", "run", str(path), "--allow", f"127.0.0.1/32:{target.port}"]
        environment = {**os.environ, "DATA_DIR": str(tmp_path), "LOG_LEVEL": "WARNING"}
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
            ends = time.monotonic() + 20
            while not target.seen and time.monotonic() < ends:
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=30)
        assert process.returncode == 4, out
        assert target.paths()[-1] == "GET /echo"
