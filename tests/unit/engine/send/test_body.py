"""Every kind of body becomes the bytes a server expects, in the charset the user declared."""

import base64
import email
import email.policy
import json
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.send.body import build_body
from wxcloudrun.engine.send.request import parse_request


def body(spec, content_type=None, blobs=None):
    return build_body(parse_request({"url": "/", "body": spec}).body, content_type, blobs)


def parts_of(payload):
    data = payload.data if payload.data is not None else b"".join(payload.chunks())
    message = email.message_from_bytes(
        b"Content-Type: " + payload.content_type.encode() + b"\r\n\r\n" + data, policy=email.policy.HTTP
    )
    return list(message.iter_parts())


def test_none_is_no_body():
    assert body({"kind": "none"}) is None


def test_json_keeps_types_order_and_characters():
    value = {"b": 1, "a": [True, None, 1.5, "中"], "big": 2**70}
    payload = body({"kind": "json", "value": value})
    assert payload.data == '{"b":1,"a":[true,null,1.5,"中"],"big":1180591620717411303424}'.encode()
    assert payload.content_type == "application/json"


def test_json_in_a_narrow_charset_is_escaped_rather_than_refused():
    payload = body({"kind": "json", "value": "é中"}, "application/json; charset=latin-1")
    assert json.loads(payload.data) == "é中"
    assert json.loads(body({"kind": "json", "value": "\ud800"}).data) == "\ud800"


def test_json_in_gbk_is_in_gbk():
    assert body({"kind": "json", "value": "中"}, "application/json; charset=GBK").data == '"中"'.encode("gbk")


def test_numbers_that_json_has_not_are_refused():
    with pytest.raises(DefinitionError, match=r"body\.value"):
        body({"kind": "json", "value": float("nan")})


def test_raw_text_is_sent_as_it_stands():
    payload = body({"kind": "raw", "text": "<a>\r\n中</a>", "content_type": "application/xml"})
    assert payload.data == "<a>\r\n中</a>".encode()
    assert payload.content_type == "application/xml"


@pytest.mark.parametrize("charset", ["GBK", '"gbk"', "gb2312"])
def test_raw_text_is_in_the_declared_charset(charset):
    payload = body({"kind": "raw", "text": "中文"}, f"text/plain; charset={charset}")
    assert payload.data == "中文".encode("gbk")


def test_a_charset_nobody_knows_is_refused():
    with pytest.raises(DefinitionError, match="klingon"):
        body({"kind": "raw", "text": "x"}, "text/plain; charset=klingon")


def test_a_character_outside_the_charset_is_located():
    with pytest.raises(DefinitionError) as caught:
        body({"kind": "raw", "text": "ab中"}, "text/plain; charset=latin-1")
    assert caught.value.position == 2


def test_forms_keep_order_repetition_and_odd_characters():
    fields = [
        {"name": "a b", "value": "x&y"},
        {"name": "a b", "value": 2},
        {"name": "off", "value": 1, "enabled": False},
        {"name": "中", "value": "é+"},
        {"name": "t", "value": True},
        {"name": "empty", "value": ""},
    ]
    payload = body({"kind": "urlencoded", "fields": fields})
    assert payload.data.startswith(b"a+b=x%26y&a+b=2&%E4%B8%AD=")
    assert parse_qsl(payload.data.decode(), keep_blank_values=True) == [
        ("a b", "x&y"), ("a b", "2"), ("中", "é+"), ("t", "true"), ("empty", "")
    ]  # fmt: skip
    assert payload.content_type == "application/x-www-form-urlencoded"


def test_a_form_can_be_in_gbk():
    kind = "application/x-www-form-urlencoded; charset=GBK"
    assert body({"kind": "urlencoded", "fields": [{"name": "q", "value": "中"}]}, kind).data == b"q=%D6%D0"


def test_binary_is_sent_as_it_stands():
    content = bytes(range(256))
    payload = body({"kind": "binary", "content": base64.b64encode(content).decode()})
    assert payload.data == content
    assert payload.content_type == "application/octet-stream"


def test_content_that_is_not_base64_is_refused():
    with pytest.raises(DefinitionError, match=r"body\.content"):
        body({"kind": "binary", "content": "***"})


@pytest.mark.parametrize("source", [None, lambda name: {}[name], lambda name: Path("missing-file").read_bytes()])
def test_a_missing_file_is_a_definition_error(source):
    with pytest.raises(DefinitionError, match=r"body\.blob"):
        body({"kind": "binary", "blob": "nope"}, None, source)


def test_graphql_is_json_of_query_variables_and_name():
    payload = body({"kind": "graphql", "query": "query Q($a: Int){x}", "variables": {"a": 1}, "operation_name": "Q"})
    assert json.loads(payload.data) == {"query": "query Q($a: Int){x}", "variables": {"a": 1}, "operationName": "Q"}
    assert payload.content_type == "application/json"


def test_multipart_can_be_read_by_somebody_else(tmp_path):
    path = tmp_path / "big"
    path.write_bytes(b"B" * 100_000)
    payload = body(
        {
            "kind": "multipart",
            "parts": [
                {"name": "text", "value": "中"},
                {"name": "number", "value": 5},
                {"name": "off", "value": 1, "enabled": False},
                {"name": "json", "value": "{}", "content_type": "application/json"},
                {"name": "pic", "file": {"name": 'a"b.png', "content_type": "image/png", "content": "aGk="}},
                {"name": "blob", "file": {"name": "big.bin", "blob": "b"}},
            ],
        },
        None,
        lambda name: path,
    )
    assert payload.data is None
    assert payload.size == len(b"".join(payload.chunks()))
    parts = parts_of(payload)
    names = [part.get_param("name", header="content-disposition") for part in parts]
    assert names == ["text", "number", "json", "pic", "blob"]
    assert parts[0].get_payload(decode=True) == "中".encode()
    assert parts[2].get_content_type() == "application/json"
    assert parts[3].get_payload(decode=True) == b"hi"
    assert parts[3].get_param("filename", header="content-disposition") == "a%22b.png"
    assert parts[4].get_payload(decode=True) == b"B" * 100_000
    assert [(part.name, part.size) for part in payload.parts][-1] == ("blob", 100_000)


def test_a_part_cannot_inject_lines():
    payload = body(
        {"kind": "multipart", "parts": [{"name": 'a"\r\nX: 1', "file": {"name": "\r\n\r\nevil", "content": "aGk="}}]}
    )
    assert b"\r\nX: 1" not in payload.data
    assert b"evil" in payload.data.split(b"\r\n\r\n")[0]
    with pytest.raises(DefinitionError):
        body({"kind": "multipart", "parts": [{"name": "a", "value": "b", "content_type": "text/plain\r\nX: 1"}]})


def test_the_boundary_is_the_users_or_the_same_every_time():
    spec = {"kind": "multipart", "parts": [{"name": "a", "value": "b"}]}
    assert body(spec).data == body(spec).data
    own = body(spec, "multipart/mixed; boundary=xyz")
    assert own.content_type == "multipart/mixed; boundary=xyz"
    assert own.data.startswith(b"--xyz\r\n")
    completed = body(spec, "multipart/form-data").content_type
    assert completed.startswith("multipart/form-data; boundary=form-")


def test_head_and_hash_read_no_more_than_needed(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"x" * 200_000)
    payload = body({"kind": "binary", "blob": "f"}, None, lambda name: path)
    assert payload.head(10) == b"x" * 10
    assert len(payload.head(150_000)) == 150_000
