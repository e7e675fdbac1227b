"""The curl command repeats the request when it is pasted into a shell, and holds no secret."""

import os
import shlex
import shutil
import subprocess

import pytest

from tests.unit.engine.hostile import echo, serve
from wxcloudrun.engine.send.curl import to_curl
from wxcloudrun.engine.send.egress import AddressGuard
from wxcloudrun.engine.send.exchange import SentRequest
from wxcloudrun.engine.send.request import parse_request
from wxcloudrun.engine.send.sender import Sender

NASTY = 'it\'s "$HOME" `id` \\ !\n* ; & | <中>'
SPECS = [
    {"method": "GET"},
    {"method": "HEAD"},
    {"method": "DELETE", "query": [{"name": "a b", "value": NASTY}]},
    {"method": "POST", "body": {"kind": "json", "value": {"a": NASTY}}},
    {"method": "PUT", "body": {"kind": "raw", "text": "@not-a-file"}},
    {"method": "GET", "body": {"kind": "raw", "text": "body on get"}},
    {"method": "POST"},
    {"method": "PURGE", "headers": [{"name": "X-Empty", "value": ""}, {"name": "Host", "value": "own.example"}]},
    {
        "method": "POST",
        "headers": [{"name": "X-Nasty", "value": NASTY.replace("\n", "")}],
        "body": {"kind": "urlencoded", "fields": [{"name": "a", "value": NASTY}]},
    },
]


def sent_by_us(server, **spec):
    with Sender(AddressGuard(["127.0.0.1/32"])) as sender:
        return sender.send(sender.prepare(parse_request({"url": server.url("/p"), **spec}))).request


def words(command, **environment):
    """What a shell makes of the command."""
    script = f'curl() {{ printf "%s\\0" "$@"; }}\n{command}\n'
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, check=True, env={"PATH": os.environ["PATH"], **environment}
    )
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs the curl program")
@pytest.mark.parametrize("spec", SPECS)
def test_the_command_sends_the_same_request(spec):
    with serve(echo) as server:
        command = to_curl(sent_by_us(server, **spec))
        subprocess.run(["/bin/sh", "-c", f"{command} -s -o /dev/null --noproxy '*'"], check=True, capture_output=True)
        ours, theirs = server.requests
    assert (theirs.method, theirs.target, theirs.body) == (ours.method, ours.target, ours.body)

    def own(request):
        ignored = {"accept-encoding", "content-length", "content-type" if not request.body else ""}
        return sorted((name.lower(), value) for name, value in request.headers if name.lower() not in ignored)

    assert own(theirs) == own(ours)


@pytest.mark.parametrize("spec", SPECS)
def test_the_shell_reads_the_words_that_were_meant(spec):
    with serve(echo) as server:
        sent = sent_by_us(server, **spec)
    found = words(to_curl(sent))
    assert sent.url in found
    if sent.body_size:
        assert found[found.index("--data-raw") + 1].encode() == sent.body_head
    for name, value in sent.headers:
        if name.lower().startswith("x-"):
            assert (f"{name}: {value}" if value else f"{name};") in found


def test_secrets_become_variables_in_every_form():
    secret = 'p@ss word/"中'
    sent = SentRequest(
        "POST",
        "http://h/?k=p%40ss%20word%2F%22%E4%B8%AD&x=1",
        (("X-Key", f"a {secret} b"), ("Authorization", "Basic dTpwQHNzIHdvcmQvIuS4rQ=="), ("X-It's", "q")),
        '{"p":"p@ss word/\\"中"}'.encode(),
        len('{"p":"p@ss word/\\"中"}'.encode()),
    )
    command = to_curl(sent, {secret: "PW"})
    assert not [form for form in ("p@ss", "p%40ss", "dTpw") if form in command]
    found = words(command, PW=secret, PW_URLENCODED="p%40ss%20word%2F%22%E4%B8%AD", PW_JSON='p@ss word/\\"中')
    assert sent.url in found
    assert f"X-Key: a {secret} b" in found
    assert found[found.index("-u") + 1] == f"u:{secret}"
    assert found[found.index("--data-raw") + 1].encode() == sent.body_head


def test_a_form_is_written_as_a_form():
    spec = {
        "method": "POST",
        "body": {
            "kind": "multipart",
            "parts": [
                {"name": "a", "value": "x y"},
                {"name": "b", "value": "@literal;no", "content_type": "text/plain"},
                {"name": "f", "file": {"name": "a.png", "content_type": "image/png", "content": "aGk="}},
            ],
        },
    }
    with serve(echo) as server:
        command = to_curl(sent_by_us(server, **spec))
    found = shlex.split(command)
    assert [found[at + 1] for at, word in enumerate(found) if word == "-F"] == [
        "a=x y",
        'b="@literal;no";type=text/plain',
        "f=@a.png;type=image/png",
    ]
    assert "boundary" not in command


def test_bytes_that_no_shell_can_hold_are_read_from_a_file():
    assert "--data-binary @body.bin" in to_curl(SentRequest("POST", "http://h/", (), b"\xff\0", 2))
    assert "--data-binary @body.bin" in to_curl(SentRequest("POST", "http://h/", (), b"head", 4000))


def test_short_secrets_are_left_alone():
    assert to_curl(SentRequest("GET", "http://h/a", ()), {"a": "S"}) == "curl http://h/a"
