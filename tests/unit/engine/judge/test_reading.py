"""The view on a response that all checks share."""

import pytest

from tests.unit.engine.response_maker import response, view
from wxcloudrun.engine.judge import reading
from wxcloudrun.engine.judge.assertion import Assertion, compile_assertion
from wxcloudrun.engine.judge.outcome import Unreadable
from wxcloudrun.engine.judge.reading import ResponseView
from wxcloudrun.engine.response import Body


def test_the_body_is_parsed_once_for_all(monkeypatch):
    calls = []
    original = reading.parse_json
    monkeypatch.setattr(reading, "parse_json", lambda text: calls.append(text) or original(text))
    seen = view({"a": 1})
    assert seen.json() is seen.json()
    assert len(calls) == 1


def test_a_broken_body_gives_the_same_reason_every_time_and_is_read_once(monkeypatch):
    calls = []
    original = reading.parse_json
    monkeypatch.setattr(reading, "parse_json", lambda text: calls.append(text) or original(text))
    seen = view(b"<html>oh")
    for _ in range(2):
        with pytest.raises(Unreadable, match="Expecting value at line 1 column 1; it begins with: <html>oh"):
            seen.json()
    assert len(calls) == 1


def test_a_body_too_large_is_refused_with_both_sizes():
    huge = ResponseView(response(body=Body(head=b"{}", size=56_000_000)))
    with pytest.raises(Unreadable, match="^body too large for JSONPath: 56 MB > 20 MB$"):
        huge.json()
    with pytest.raises(Unreadable, match="^body too large for XPath: 56 MB > 5 MB$"):
        huge.document()
    with pytest.raises(Unreadable, match="^body too large for text: 56 MB > 20 MB$"):
        huge.text()


@pytest.mark.parametrize(
    "check",
    [
        {"source": "status", "expected": 200},
        {"source": "size", "expected": 56_000_000},
        {"source": "head", "expected": "{}"},
        {"source": "header", "argument": "content-type", "expected": "application/json"},
        {"source": "sha256", "expected": "cd"},
    ],
)
def test_checks_that_need_no_body_leave_a_large_one_where_it_is(check, monkeypatch, tmp_path):
    monkeypatch.setattr(Body, "read", lambda *_: pytest.fail("the body was loaded"))
    huge = ResponseView(response(body=Body(head=b"{}", size=56_000_000, sha256="cd", spool=tmp_path / "gone")))
    assert compile_assertion(Assertion(comparator="eq", **check)).check(huge, {}).passed


def test_a_spooled_body_is_read_whole(tmp_path):
    spool = tmp_path / "body"
    spool.write_bytes(b'{"a": [' + b"1," * 1_000 + b"2]}")
    body = Body(head=b'{"a"', size=spool.stat().st_size, spool=spool)
    assert len(ResponseView(response(body=body)).json()["a"]) == 1_001


@pytest.mark.parametrize(
    ("content", "charset", "value"),
    [
        (b"\xef\xbb\xbf[1]", "utf-8", [1]),
        ('["é"]'.encode("utf-16"), "utf-16", ["é"]),
        ('["é"]'.encode("utf-16-le"), "utf-8", ["é"]),
        ('["é"]'.encode("latin-1"), "cp1252", ["é"]),
        ('["é"]'.encode(), "cp1252", ["é"]),
        ('["中"]'.encode("gb18030"), "gb18030", ["中"]),
    ],
)
def test_json_is_utf_8_or_what_the_header_says(content, charset, value):
    assert view(content, charset=charset).json() == value


def test_bytes_that_are_no_text_are_named():
    with pytest.raises(Unreadable, match="byte 2 is not utf-8"):
        view(b'["\xff"]').json()


def test_an_empty_body_is_called_empty():
    with pytest.raises(Unreadable, match="not JSON: it is empty"):
        view(b"  ").json()
    with pytest.raises(Unreadable, match="neither XML nor HTML: it is empty"):
        view(b"").document()


def test_the_head_is_cut_by_characters():
    assert view("héllo".encode()).head(2) == "hé"
