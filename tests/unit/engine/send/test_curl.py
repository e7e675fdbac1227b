"""The curl command repeats the request when it is pasted into a shell, and holds no secret."""

import base64
import os
import shlex
import shutil
import subprocess

import pytest

from tests.unit.engine.hostile import echo, serve
from wxcloudrun.engine.send.curl import Travel, to_curl
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
    {"method": "POST", "body": {"kind": "raw", "text": "-two lines\n100% of 'them'\\n\ttab\x07"}},
    {"method": "POST", "body": {"kind": "binary", "content": base64.b64encode(bytes(range(256))).decode()}},
    {
        "method": "POST",
        "headers": [{"name": "Content-Type", "value": "text/plain; charset=gbk"}],
        "body": {"kind": "raw", "text": "中文 100%"},
    },
    {
        "method": "POST",
        "body": {
            "kind": "multipart",
            "parts": [{"name": "f", "file": {"name": "a.png", "content_type": "image/png", "content": "AP+AaGk="}}],
        },
    },
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
    if "--data-raw" in found:
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
    large = base64.b64encode(b"x" * 5_000).decode()
    spec = {
        "method": "POST",
        "body": {
            "kind": "multipart",
            "parts": [
                {"name": "a", "value": "x y"},
                {"name": "b", "value": "@literal;no", "content_type": "text/plain"},
                {"name": "f", "file": {"name": "a.png", "content_type": "image/png", "content": large}},
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


def test_a_body_that_is_long_or_was_not_kept_whole_is_read_from_a_file():
    long = b"x" * 9_000
    assert "--data-binary @body.bin" in to_curl(SentRequest("POST", "http://h/", (), long, len(long)))
    assert "--data-binary @body.bin" in to_curl(SentRequest("POST", "http://h/", (), b"\xff" * 5_000, 5_000))
    assert "--data-binary @body.bin" in to_curl(SentRequest("POST", "http://h/", (), b"head", 4000))


@pytest.mark.parametrize(
    ("url", "headers", "body"),
    [
        ("http://h/a?q=" + "b" * 30_000, (), b""),
        ("http://h/" + "a" * 30_000, (("X-Short", "yes"),), b"text"),
        ("http://h/a", (("X-Short", "yes"), ("X-Long", "b" * 30_000)), b"x" * 9_000),
        ("http://h/a", tuple((f"X-{number}", "b" * 200) for number in range(250)), b""),
        ("http://h/a", (("X-" + "n" * 30_000, "v"),), b""),
    ],
)
def test_a_command_that_is_too_long_says_that_it_cannot_be_run(url, headers, body):
    sent = SentRequest("POST", url, headers, body, len(body))
    command = to_curl(sent, {"b" * 20 + "secret": "B"})
    assert len(command) <= 8_000
    assert command.startswith("# cannot be run: the whole command has ")
    assert command.splitlines()[1].startswith("curl ")
    assert "http://h/" in command
    assert "…" in command or len(headers) > command.count("-H")


def test_a_command_is_never_cut_where_it_can_be_run():
    for size in range(7_800, 8_300, 7):
        body = b"x" * size
        command = to_curl(SentRequest("POST", "http://h/a", (("X-A", "b" * 50),), body, len(body)))
        assert len(command) <= 8_000
        assert shlex.split(command)[-1] in (body.decode(), "@body.bin")


def test_a_secret_in_bytes_is_an_argument_of_printf():
    body = "\xff p@ss% 中文\n".encode("latin-1", "replace") + b"\xff-p@ss%"
    sent = SentRequest("POST", "http://h/", (), body, len(body))
    command = to_curl(sent, {"p@ss%": "PW"})
    assert "p@ss" not in command
    piped = command.partition(" | ")[0]
    done = subprocess.run(["/bin/sh", "-c", piped], capture_output=True, check=True, env={"PW": "p@ss%"})
    assert done.stdout == body


def test_options_and_silenced_headers_are_written():
    travel = Travel([("-k", None), ("-x", "http://p:1")], ["Accept", "X-Own"])
    found = shlex.split(to_curl(SentRequest("GET", "http://h/a/../b", ()), travel=travel))
    assert found == [
        "curl",
        "http://h/a/../b",
        "\n",
        "--path-as-is",
        "\n",
        "-k",
        "\n",
        "-x",
        "http://p:1",
        "\n",
        "-H",
        "Accept:",
    ]


def test_short_secrets_are_left_alone():
    assert to_curl(SentRequest("GET", "http://h/a", ()), {"a": "S"}) == "curl http://h/a"
