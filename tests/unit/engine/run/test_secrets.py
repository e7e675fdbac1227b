"""Canary: whatever a server and a plan do with a secret, no result, log, error, curl or summary holds it."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from tests.unit.engine.plans import demo, plan_of, run, step

CANARY = 'cän"ary/+ <7f3>&='
PLAIN = "canary-0815-plain"


@pytest.fixture
def target():
    with demo() as server:
        yield server


def forms(secret):
    data = secret.encode()
    return [
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        base64.b64encode(data).decode().rstrip("=")[:-1],
        base64.b64encode(b"x:" + data).decode().rstrip("=")[4:-2],
        base64.b64encode(b"xy" + data).decode().rstrip("=")[4:-2],
        base64.urlsafe_b64encode(data).decode().rstrip("=")[:-1],
        data.hex(),
    ]


def everything(results, summary):
    """All text that leaves: JSON (with and without escapes), explanations, representations."""
    parts = [json.dumps(result.to_json(), ensure_ascii=False) for result in results]
    parts += [json.dumps(result.to_json()) for result in results]
    parts += [result.explain() for result in results]
    parts += [repr(result) for result in results]
    parts += [json.dumps(summary.to_json(), ensure_ascii=False), repr(summary)]
    strings = []

    def collect(value):
        if isinstance(value, dict):
            for key, item in value.items():
                strings.append(key)
                collect(item)
        elif isinstance(value, list):
            for item in value:
                collect(item)
        elif isinstance(value, str):
            strings.append(value)

    for result in results:
        collect(result.to_json())
    return "\n".join(parts + strings)


def assert_no(secret, results, summary):
    text = everything(results, summary)
    for form in forms(secret):
        assert form not in text, form


@pytest.mark.parametrize("secret", [CANARY, PLAIN])
def test_a_secret_variable_never_leaves(target, secret):
    say = {"do": "log", "message": "using {{canary}}"}
    expect_it = {"source": "body", "comparator": "not_contains", "expected": "{{canary}}", "name": "no {{canary}}"}
    places = {
        "url": step("/echo/{{canary | url_encode}}/x", assertions=[expect_it], before=[say]),
        "query": step("/echo?x={{canary | url_encode}}", request={"query": {"y": "{{canary}}", "{{canary}}": 1}}),
        "body": step(
            "/echo", "POST", {"a": "{{canary}}", "{{canary}}": [1], "raw": "x{{canary}}y"}, assertions=[expect_it]
        ),
        "form": step("/echo", "POST", request={"body": {"kind": "urlencoded", "fields": {"f": "{{canary}}"}}}),
        "text": step(
            "/text", request={"query": {"say": "<p>{{canary | html_escape}}</p>"}}, expect={"$.x": "{{canary}}"}
        ),
        "basic": step("/echo", request={"auth": {"kind": "basic", "username": "eve", "password": "{{canary}}"}}),
        "base64": step(
            "/echo",
            "POST",
            {"b": "{{canary | base64_encode}}", "c": "{{joined | base64_encode}}"},
            variables=[{"name": "joined", "value": "x{{canary}}"}],
        ),
        "extracted": step(
            "/echo", "POST", {"a": "{{canary}}"}, extract={"copy": "$.body.a"}, expect={"$.body": {"a": 1}}
        ),
        "unknown": step("/echo?{{copy}}&{{cannary}}"),
        "bad url": step("http://{{canary}}/"),
        "bad type": step("/", request={"timeouts": {"read_ms": "{{canary}}"}}),
        "compute": step("/", before=[{"do": "compute", "name": "n", "expression": "int(canary)"}]),
        "compute2": step("/", before=[{"do": "compute", "name": "n", "expression": "upper(canary) - 1"}]),
        "dataset": step(
            "/echo?{{who | url_encode}}",
            datasets=[{"key": "k", "default": True, "variables": {"who": "{{canary}}"}, "headers": {"X-It": PLAIN}}],
        ),
        "condition": step("/", condition="canary.x.y > 1"),
        "for_each": step("/", for_each={"items": "{{canary}}"}),
    }
    steps = [{**one, "name": name, "stop_on_failure": False} for name, one in places.items()]
    variables = [{"name": "canary", "value": secret, "secret": True}, {"name": "other", "value": PLAIN, "secret": True}]
    results, summary = run(plan_of(target, steps, environment={"variables": variables}, hash_key="k"))
    assert len(results) == len(steps)
    assert any(
        secret in one["body"] or json.dumps(secret, ensure_ascii=False)[1:-1] in one["body"] for one in target.seen
    )
    assert_no(secret, results, summary)
    assert_no(PLAIN, results, summary)


def test_a_secret_extraction_and_its_session_cookie_never_leave(target):
    steps = [
        step(
            "/login",
            "POST",
            {"user": "eve", "password": "s3cret-password"},
            extractions=[
                {"name": "token", "source": "jsonpath", "argument": "$.token", "secret": True, "scope": "global"},
                {"name": "sid", "source": "cookie", "argument": "sid", "secret": True},
            ],
            expect={"$.token": "wrong"},
            stop_on_failure=False,
        ),
        step(
            "/me", request={"headers": {"Authorization": "Bearer {{token}}"}, "query": {"t": "{{token}}"}}, status=500
        ),
    ]
    results, summary = run(plan_of(target, steps))
    assert_no("token-of-eve-1", results, summary)
    assert_no("s3cret-password", results, summary)
    assert summary.write_back[0].value == "token-of-eve-1"
    assert "${TOKEN}" in results[1].request["curl"]


def test_a_keyed_hash_tells_whether_a_secret_is_the_same_as_before(target):
    steps = [step("/echo?{{canary}}"), step("/echo?again={{canary}}"), step("/echo?{{other}}")]
    variables = [
        {"name": "canary", "value": "same-value", "secret": True},
        {"name": "other", "value": "other-value", "secret": True},
    ]
    results, _ = run(plan_of(target, steps, environment={"variables": variables}, hash_key="key"))
    first, second, third = (result.variables[0]["hash"] for result in results)
    assert first == second != third


def test_a_secret_cut_off_at_the_end_of_a_kept_head_is_masked(target):
    one = step("/text", request={"query": {"say": "1234567890" + PLAIN}}, status=200)
    variables = [{"name": "canary", "value": PLAIN, "secret": True}]
    results, _ = run(plan_of(target, [one], environment={"variables": variables}, limits={"head_bytes": 20}))
    assert results[0].response["body"]["head"] == "1234567890***"
    assert results[0].response["body"]["truncated"]


def test_a_secret_made_of_other_values_is_masked_once_it_is_rendered(target):
    inner = {
        "name": "inner",
        "inputs": [{"name": "given", "secret": True}],
        "steps": [step("/echo?a={{given}}")],
    }
    variables = [
        {"name": "joined", "value": "{{half}}-and-{{$randomInt 5 5}}", "secret": True},
        {"name": "half", "value": "left-half"},
    ]
    steps = [step("/echo?x={{joined}}"), {"scenario": inner, "inputs": {"given": "open-{{half}}"}}]
    results, summary = run(plan_of(target, steps, environment={"variables": variables}))
    assert [one["query"] for one in target.seen] == [{"x": "left-half-and-5"}, {"a": "open-left-half"}]
    assert_no("left-half-and-5", results, summary)
    assert_no("open-left-half", results, summary)


def test_parts_of_a_form_with_telling_names_are_masked(target):
    parts = [
        {"name": "password", "value": "open-sesame"},
        {"name": "note", "value": "canary-0815"},
        {"name": "user", "value": "eve"},
    ]
    one = step("/status/200", "POST", status=500, request={"body": {"kind": "multipart", "parts": parts}})
    variables = [{"name": "canary", "value": "canary-0815", "secret": True}]
    results, summary = run(plan_of(target, [one], environment={"variables": variables}))
    assert "open-sesame" in target.seen[0]["body"]
    assert_no("open-sesame", results, summary)
    assert_no("canary-0815", results, summary)
    assert "user=eve" in results[0].request["curl"]
    assert "${CANARY}" in results[0].request["curl"]


def test_a_path_parameter_with_a_telling_name_is_masked(target):
    given = {"url": "/status/{code}/{reset_token}/{order}", "path_params": {"code": 200, "order": "order-0815-77"}}
    given["path_params"]["reset_token"] = "open-sesame"
    results, summary = run(plan_of(target, [step("/", status=500, request=given)]))
    assert "open-sesame" in target.seen[0]["path"]
    assert_no("open-sesame", results, summary)
    assert results[0].request["url"].endswith("/***/order-0815-77")


TOKEN = "token-of-eve-1"


@pytest.mark.parametrize(
    "filters",
    [
        [{"name": "base64_encode"}],
        [{"name": "to_number"}],
        [{"name": "jsonpath", "args": ["$.nothing"]}],
        [{"name": "jmespath", "args": ["abs(@)"]}],
        [{"name": "regex", "args": ["token-of-(.*)"]}, {"name": "to_date"}],
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_what_a_secrets_filters_are_given_is_secret_too(target, filters, required):
    taken = {"name": "key", "source": "jsonpath", "argument": "$.token", "filters": filters, "secret": True}
    login = {"user": "eve", "password": "s3cret-password"}
    results, summary = run(
        plan_of(target, [step("/login", "POST", login, extractions=[{**taken, "required": required}], status=1)])
    )
    assert_no(TOKEN, results, summary)


@pytest.mark.parametrize("expression", ["int(text)", "text - 1"])
def test_a_secret_expression_that_fails_does_not_tell_why(target, expression):
    one = step("/", before=[{"do": "compute", "name": "n", "expression": expression, "secret": True}])
    results, _ = run(plan_of(target, [one], environment={"variables": [{"name": "text", "value": TOKEN}]}))
    assert results[0].error is not None
    assert TOKEN not in results[0].error.message
    assert "case.before.0.expression" in results[0].error.message


@pytest.mark.parametrize(
    ("parts", "secret"),
    [
        ({"request": {"headers": {"Authorization": "Bearer hand-written-1"}}}, "hand-written-1"),
        ({"request": {"headers": {"Authorization": "Basic dXNlcjpvcGVuLXNlc2FtZQ=="}}}, "dXNlcjpvcGVuLXNlc2FtZQ=="),
        ({"request": {"cookies": {"sid": "literal-session-1"}}}, "literal-session-1"),
        (
            {
                "before": [{"do": "sign", "name": "s", "key": "literal-sign-key", "message": "m"}],
                "request": {"query": {"k": "literal-sign-key"}},
            },
            "literal-sign-key",
        ),
        ({"request": {"query": {"k": "{{db_password}}"}}}, "not-marked-1"),
        ({"request": {"query": {"k": "in-the-url-1", "u": "{{dsn}}"}}}, "in-the-url-1"),
        ({"request": {"query": {"k": "second-half-1", "u": "{{pair}}"}}}, "second-half-1"),
    ],
)
def test_a_credential_known_by_its_place_is_masked_in_an_echo_too(target, parts, secret):
    variables = [
        {"name": "db_password", "value": "not-marked-1"},
        {"name": "dsn", "value": "postgres://bob:in-the-url-1@db/x", "secret": True},
        {"name": "pair", "value": "bob:second-half-1", "secret": True},
    ]
    results, summary = run(plan_of(target, [step("/echo", status=1, **parts)], environment={"variables": variables}))
    assert target.seen
    assert_no(secret, results, summary)


def test_a_session_cookie_is_masked_where_it_is_echoed(target):
    login = step("/login", "POST", {"user": "eve", "password": "s3cret-password"})
    results, _ = run(plan_of(target, [login, step("/echo", status=1)]))
    sid = target.seen[1]["headers"]["cookie"].partition("sid=")[2]
    assert len(sid) >= 8
    assert sid not in json.dumps(results[1].to_json())


def test_a_secret_that_holds_escaped_braces_is_masked_like_any_other(target):
    variables = [{"name": "key", "value": r"canary-\{{-0001", "secret": True}]
    steps = [step("/echo", request={"headers": {"X-Mine": "{{key}}"}})]
    plan = plan_of(target, steps, environment={"variables": variables})
    results, summary = run(plan)
    assert results[0].outcome == "passed"
    assert "canary-{{-0001" not in everything(results, summary)
