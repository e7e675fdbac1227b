"""A tester's attack on masking: a canary goes in at every place of a request, and must not come out anywhere."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from tests.unit.engine.plans import demo, plan_of, run

CANARY = "Can\"ary<7>&/ü+ %x=Q'"
KEY = "{{key}}"


def _encoded(text):
    raw = text.encode()
    return {
        "plain": text,
        "percent": quote(text, safe=""),
        "form": quote_plus(text),
        "JSON": json.dumps(text)[1:-1],
        "JSON, not ASCII": json.dumps(text, ensure_ascii=False)[1:-1],
        "HTML": html.escape(text),
        "base64": base64.b64encode(raw).decode().rstrip("="),
        "base64url": base64.urlsafe_b64encode(raw).decode().rstrip("="),
        "base64, second alignment": base64.b64encode(b"x" + raw).decode().rstrip("=")[4:-2],
        "base64, third alignment": base64.b64encode(b"xy" + raw).decode().rstrip("=")[4:-2],
        "hexadecimal": raw.hex(),
        "percent twice": quote(quote(text, safe=""), safe=""),
    }


def _body(**body):
    return {"method": "POST", "url": "/echo", "body": body}


def _auth(kind, **fields):
    return {"url": "/echo", "auth": {"kind": kind, **fields}}


PLACES = {
    "json": _body(kind="json", value={"a": [KEY]}),
    "raw": _body(kind="raw", text=f"x={KEY}"),
    "form": _body(kind="urlencoded", fields={"a": KEY}),
    "multipart": _body(kind="multipart", parts=[{"name": "n", "value": KEY}]),
    "binary": _body(kind="binary", content="{{key | base64_encode}}"),
    "GraphQL": _body(kind="graphql", query="q", variables={"deep": {"er": KEY}}),
    "path": {"url": "/echo/{id}", "path_params": {"id": KEY}},
    "query value": {"url": "/echo", "query": {"a": KEY}},
    "query name": {"url": "/echo", "query": {"{{key | url_encode}}": "1"}},
    "header": {"url": "/echo", "headers": {"X-A": "{{key | url_encode}}"}},
    "cookie": {"url": "/echo", "cookies": {"a": "{{key | url_encode}}"}},
    "basic": _auth("basic", username="u", password=KEY),
    "bearer": _auth("bearer", token="{{key | url_encode}}"),
    "api key": _auth("api_key", name="k", value=KEY, place="query"),
    "user in the URL": {"url": "http://u:{{key | url_encode}}@{{host}}/echo"},
    "redirect": {"url": "/redirect", "query": {"to": "/echo?z={{key | url_encode}}"}},
    "redirect to nowhere": {"url": "/redirect", "query": {"to": "ftp://x/{{key | url_encode}}"}},
    "forbidden address": {"url": "http://10.0.0.1/{{key | url_encode}}"},
    "wrong method": {"url": "/", "method": KEY},
    "wrong header": {"url": "/", "headers": {"X": f"{KEY}\n"}},
    "wrong charset": {"url": "/", **_body(kind="raw", text="a"), "headers": {"Content-Type": f"text/x; charset={KEY}"}},
}

CHECKS = [
    {"source": "status", "comparator": "eq", "expected": 999},
    {"source": "body", "comparator": "eq", "expected": KEY},
    {"source": "jsonpath", "argument": "$", "comparator": "structure", "expected": {"b": KEY}},
    {"source": "jsonpath", "argument": "$.query", "comparator": "schema", "expected": {"const": KEY}},
    {"source": "header", "argument": KEY, "comparator": "exists"},
    {"expression": "int(key) == 1"},
]


def _everything(results, summary):
    texts = [json.dumps(result.to_json(), ensure_ascii=False) for result in results]
    return "\n".join([*texts, *(result.explain() for result in results), json.dumps(summary.to_json())])


@pytest.mark.parametrize("place", PLACES)
def test_a_canary_comes_out_nowhere_in_no_encoding(place):
    variable = {"name": "key", "value": CANARY, "secret": True}
    with demo() as target:
        host = {"name": "host", "value": f"127.0.0.1:{target.port}"}
        step = {"case": {"request": PLACES[place], "assertions": CHECKS}}
        out = _everything(*run(plan_of(target, [step], scenario={"variables": [variable, host]})))
    for encoding, form in _encoded(CANARY).items():
        for written in {form, json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1]}:
            assert written not in out, f"{encoding}: ...{out[max(0, out.find(written) - 80) : out.find(written) + 40]}"
