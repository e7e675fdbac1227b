"""The shape of a request: numbers survive where text is meant, unknown words are refused, headers cannot be injected."""

import pytest

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.send.prepare import build_request
from wxcloudrun.engine.send.request import RequestSpec, parse_request
from wxcloudrun.engine.send.sender import Sender


def build(**spec):
    spec.setdefault("url", "http://h.example/")
    return build_request(parse_request(spec))


def test_a_request_survives_the_way_through_json():
    spec = parse_request(
        {
            "method": "purge",
            "url": "/x",
            "query": [{"name": "a", "value": 1}, {"name": "b", "value": True}, {"name": "c", "value": None}],
            "body": {"kind": "multipart", "parts": [{"name": "f", "file": {"name": "a.txt", "content": "aGk="}}]},
            "auth": {"kind": "basic", "username": "u", "password": 123456},
        }
    )
    assert RequestSpec.model_validate_json(spec.model_dump_json()) == spec
    assert spec.method == "PURGE"
    assert [param.value for param in spec.query] == [1, True, None]
    assert spec.auth.password == "123456"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "url"),
        ({"url": "/", "method": "GE T"}, "method"),
        ({"url": "/", "method": "CONNECT"}, "method"),
        ({"url": "/", "method": "G\r\nX"}, "method"),
        ({"url": "/", "surprise": 1}, "surprise"),
        ({"url": "/", "body": {"kind": "xml"}}, "body"),
        ({"url": "/", "body": {"kind": "binary"}}, "body.binary"),
        (
            {"url": "/", "body": {"kind": "multipart", "parts": [{"name": "a", "file": {"name": "x"}}]}},
            "body.multipart.parts.0.file",
        ),
        ({"url": "/", "timeouts": {"read_ms": 0}}, "timeouts.read_ms"),
        ({"url": "/", "redirects": {"max": 51}}, "redirects.max"),
        ({"url": "/", "auth": {"kind": "hmac", "key": "k", "message": ["colour"]}}, "auth.hmac.message.0"),
        ({"url": "/", "query": [{"name": "a", "value": {"b": 1}}]}, "query.0.value.str"),
        ({"url": "/", "http_version": "3"}, "http_version"),
    ],
)
def test_what_does_not_fit_is_named(spec, field):
    with pytest.raises(DefinitionError) as caught:
        parse_request(spec)
    assert caught.value.field == field


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "\x1b", "\x7f", "\ud800"])
def test_a_header_value_cannot_begin_another_header(value):
    with pytest.raises(DefinitionError, match=r"headers\.0\.value"):
        build(headers=[{"name": "X", "value": value}])


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\r\n", "é", ":authority", "a\0"])
def test_a_header_name_is_one_word(name):
    with pytest.raises(DefinitionError, match=r"headers\.0\.name"):
        build(headers=[{"name": name, "value": "v"}])


@pytest.mark.parametrize(
    "auth",
    [
        {"kind": "bearer", "token": "a\r\nX: 1"},
        {"kind": "api_key", "name": "X", "value": "a\nb"},
        {"kind": "api_key", "name": "X\r\nY", "value": "a"},
        {"kind": "api_key", "name": "c", "value": "a\r\nX: 1", "place": "cookie"},
        {"kind": "hmac", "key": "k", "signature_header": "a b"},
        {"kind": "hmac", "key": "k", "key_id": "a\nb", "key_id_header": "X"},
    ],
)
def test_an_auth_helper_cannot_begin_another_header(auth):
    with Sender() as sender, pytest.raises(StepError) as caught:
        sender.send(sender.prepare(parse_request({"url": "http://127.0.0.1:9/", "auth": auth})))
    assert caught.value.error_class is ErrorClass.DEFINITION


@pytest.mark.parametrize(("name", "value"), [("a b", "x"), ("a=", "x"), ("a", "x; b=y"), ("a", "x\r\ny"), ("", "x")])
def test_a_cookie_cannot_become_two(name, value):
    with pytest.raises(DefinitionError, match=r"cookies\.0"):
        build(cookies=[{"name": name, "value": value}])


def test_a_head_request_with_a_body_is_refused():
    with pytest.raises(DefinitionError, match="HEAD"):
        build(method="HEAD", body={"kind": "raw", "text": "x"})


def test_credentials_in_the_url_become_basic_auth_and_leave_the_url():
    prepared = build(url="http://me:s3cret@h.example/x")
    assert (prepared.auth.username, prepared.auth.password) == ("me", "s3cret")
    assert prepared.draft.url.text == "http://h.example/x"
    assert set(prepared.secrets) == {"s3cret", "bWU6czNjcmV0"}


def test_a_chosen_helper_wins_over_credentials_in_the_url():
    assert build(url="http://me:s3cret@h/", auth={"kind": "bearer", "token": "t"}).auth.token == "t"


@pytest.mark.parametrize("proxy", ["ftp://p:1", "http://p:x", "http://http://p", "socks4://p:1", "http://"])
def test_an_unusable_proxy_is_a_definition_error(proxy):
    with pytest.raises(DefinitionError, match="proxy"):
        build(proxy=proxy)


def test_every_secret_of_a_request_is_named():
    prepared = build(
        auth={
            "kind": "aws_v4",
            "access_key": "AK",
            "secret_key": "SK",
            "session_token": "ST",
            "region": "r",
            "service": "s",
        },
        proxy="http://u:proxypass@p:1",
        tls={"client_cert_pem": "C", "client_key_pem": "KEY"},
    )
    assert set(prepared.secrets) == {"SK", "ST", "proxypass", "KEY"}
