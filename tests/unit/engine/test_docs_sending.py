"""Every example of the manual is true: it is sent to a local server and what arrives is what the page shows."""

import base64
import json
import re
import time
from pathlib import Path

import pytest

from tests.unit.engine.hostile import answer, echo, redirect, serve
from wxcloudrun.engine.errors import DefinitionError, StepError
from wxcloudrun.engine.send.egress import AddressGuard
from wxcloudrun.engine.send.request import parse_request
from wxcloudrun.engine.send.sender import Sender

PAGE = Path(__file__).parents[3] / "docs" / "engine" / "sending.md"
BLOCKS = re.findall(r"```json\n(.*?)```(?:\n```(http|error)\n(.*?)```)?", PAGE.read_text("utf-8"), re.DOTALL)


def site(connection, request, number):
    path = request.target.partition("?")[0]
    if path == "/slow":
        time.sleep(1)
    elif path == "/token":
        client = base64.b64decode(request.header("authorization")[6:]).decode().split(":")[0]
        connection.sendall(answer(json.dumps({"access_token": f"token-of-{client}"}).encode()))
    elif path == "/digest" and not request.header("authorization"):
        connection.sendall(
            answer(status="401 No", headers=[("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth"')])
        )
    elif path in {"/old", "/circle"}:
        connection.sendall(redirect("/new" if path == "/old" else "/circle"))
    elif path == "/big":
        connection.sendall(answer(b"x" * 5000))
    elif path == "/cut":
        connection.sendall(answer(b"short", length=100))
        return False
    else:
        return echo(connection, request, number)
    return True


def lookup(name):
    if name == "missing.example":
        raise OSError("no such name")
    return ["93.184.216.34"] if name == "api.example" else ["127.0.0.1"]


def test_the_page_has_its_examples():
    assert len(BLOCKS) >= 25
    kinds = {block["body"]["kind"] for block in map(json.loads, (text for text, _, _ in BLOCKS)) if "body" in block}
    assert kinds == {"json", "urlencoded", "multipart", "raw", "binary", "graphql"}


@pytest.mark.parametrize(("text", "kind", "expected"), BLOCKS)
def test_an_example_does_what_the_page_says(text, kind, expected):
    with serve(site) as server:
        text = text.replace("http://auth.example", server.url("")).replace(
            "proxy.example:3128", f"proxy.example:{server.port}"
        )
        with Sender(AddressGuard([f"127.0.0.1/32:{server.port}"], lookup=lookup)) as sender:
            if kind == "error":
                with pytest.raises((StepError, DefinitionError)) as caught:
                    sender.send(sender.prepare(parse_request(json.loads(text)), base_url=server.url("")))
                error_class, _, words = expected.strip().partition(": ")
                assert caught.value.error_class.value == error_class
                assert words in caught.value.message
                assert "hidden" not in str(caught.value)
                return
            prepared = sender.prepare(parse_request(json.loads(text)), base_url=server.url(""))
            if not kind:
                return
            assert sender.send(prepared).response.status == 200
    check_arrived(server.requests[-1], expected)


def check_arrived(request, expected):
    head, has_body, body = expected.partition("\n\n")
    line, *headers = head.strip().split("\n")
    assert request.line == line
    for header in headers:
        assert tuple(header.split(": ", 1)) in [(name, value) for name, value in request.headers]
    if has_body:
        assert request.body.decode().replace("\r\n", "\n").rstrip("\n") == body.rstrip("\n")
