"""The curl of a failed step, pasted into a shell with the secrets as variables, sends what the engine sent."""

import json
import os
import re
import shutil
import subprocess
from urllib.parse import quote

import pytest

from tests.unit.engine.plans import demo, plan_of, run

SECRET = 'it\'s "a" $HOME `key`+/ü%<\\'
PLAIN = "plain-secret"
SHELL = {
    "PLAIN": PLAIN,
    "KEY": SECRET,
    "KEY_URLENCODED": quote(SECRET, safe=""),
    "KEY_JSON": json.dumps(SECRET, ensure_ascii=False)[1:-1],
}
KEY = "{{key}}"


def _post(**body):
    return {"method": "POST", "url": "/echo", "body": body}


REQUESTS = {
    "query": {"url": "/echo?a[]=1&b={1,2}", "query": {"k": KEY, "s": "x y&z"}},
    "path": {"url": "/echo/{id}/it's", "path_params": {"id": KEY}},
    "headers": {"url": "/echo", "headers": {"X-K": "{{key | url_encode}}", "X-Q": 'it\'s "q" $HOME', "X-Empty": ""}},
    "no body": {"method": "POST", "url": "/echo"},
    "own method": {"method": "PURGE", "url": "/echo"},
    "body of a GET": {"url": "/echo", "body": {"kind": "raw", "text": "x"}},
    "json": _post(kind="json", value={"k": KEY, "n": [1, None], "s": "it's 茶"}),
    "put json": {**_post(kind="json", value={"k": KEY}), "method": "PUT"},
    "raw": _post(kind="raw", text=f"@file\n{KEY}\r\nend"),
    "form": _post(kind="urlencoded", fields={"a": "x y&z", "@b": "@c"}),
    "multipart": _post(kind="multipart", parts=[{"name": "a", "value": KEY}, {"name": "b", "value": "@x;type=y"}]),
    "lines": _post(kind="raw", text="a\n\t{{plain}} 100%\n"),
    "binary": _post(kind="binary", content="AP/+aGk="),
    "file": _post(
        kind="multipart",
        parts=[{"name": "k", "value": "{{plain}}"}, {"name": "f", "file": {"name": "a.png", "content": "AP/+aGk="}}],
    ),
    "gbk": {**_post(kind="raw", text="中文 {{plain}}"), "headers": {"Content-Type": "text/plain; charset=gbk"}},
    "no defaults": {"url": "/echo", "headers": {"Accept": None, "User-Agent": None}},
    "dots": {"url": "/echo/../echo/./x"},
    "cookies": {"url": "/echo", "cookies": {"sid": "{{plain}}"}},
    "GraphQL": _post(kind="graphql", query="{a}", variables={"k": KEY}),
    "basic": {"url": "/echo", "auth": {"kind": "basic", "username": "u", "password": KEY}},
    "bearer": {"url": "/echo", "auth": {"kind": "bearer", "token": "{{key | url_encode}}"}},
}


def _comparable(seen):
    """A request as the shop saw it, without the boundary that curl draws anew and what depends on its length."""
    boundary = re.search(r"boundary=(\S+)", seen["headers"].get("content-type", ""))
    text = json.dumps(seen, ensure_ascii=False)
    text = text.replace(boundary[1], "cut") if boundary else text
    read = json.loads(text)
    for name in ("content-length", "accept-encoding"):
        read["headers"].pop(name, None)
    return read


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
@pytest.mark.parametrize("name", REQUESTS)
def test_the_curl_of_a_failed_step_sends_the_same_request(name, tmp_path):
    variables = [{"name": "key", "value": SECRET, "secret": True}, {"name": "plain", "value": PLAIN, "secret": True}]
    never = [{"source": "status", "comparator": "eq", "expected": 999}]
    with demo() as target:
        step = {"case": {"request": REQUESTS[name], "assertions": never}}
        results, _ = run(plan_of(target, [step], scenario={"variables": variables}))
        command = f"{results[0].request['curl']} -s -S"
        done = subprocess.run(
            ["sh", "-c", command],
            env={"PATH": os.environ["PATH"], **SHELL},
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        sent, repeated = target.seen
    assert _comparable(repeated) == _comparable(sent), command
    assert SECRET not in command
    assert PLAIN not in command
