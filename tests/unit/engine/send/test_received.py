"""The head of an answer: which lines belong to it, and when it is too long."""

import pytest

from wxcloudrun.engine.send.received import read_head, too_long


def lines(text: str) -> list[bytes]:
    return text.replace("\n", "\r\n").encode().splitlines(keepends=True)


def test_status_line_and_headers_are_read():
    head = read_head(lines("HTTP/1.1 404 Not Found\nA:  b \nEmpty:\nA: c\n\n"))
    assert (head.version, head.status, head.reason) == ("1.1", 404, "Not Found")
    assert head.headers == (("A", "b"), ("Empty", ""), ("A", "c"))
    assert head.trailers == ()


def test_interim_answers_are_left_out_and_trailers_are_kept_apart():
    head = read_head(lines("HTTP/1.1 103 Early\nLink: x\n\nHTTP/1.1 200 OK\nA: b\n\nSum: 1\n"))
    assert head.status == 200
    assert head.headers == (("A", "b"),)
    assert head.trailers == (("Sum", "1"),)


def test_a_folded_line_belongs_to_the_one_above():
    assert read_head(lines("HTTP/1.1 200 OK\nA: b\n  c\n\n")).headers == (("A", "b c"),)


def test_one_line_that_is_not_utf_8_does_not_spoil_the_others():
    head = read_head([b"HTTP/1.1 200 OK\r\n", b"A: \xe9\r\n", "B: é\r\n".encode(), b"\r\n"])
    assert head.headers == (("A", "é"), ("B", "é"))


def test_no_line_at_all_is_status_0():
    assert read_head([]).status == 0


def test_a_head_is_too_long_by_its_headers_or_by_its_bytes():
    head = lines("HTTP/1.1 200 OK\nA: b\nC: d\n\n")
    assert not too_long(head, 2, 1000)
    assert too_long(head, 1, 1000)
    assert too_long(head, 2, sum(map(len, head)) - 1)


@pytest.mark.parametrize("name", ["Set-Cookie", "Authorization", "X-Auth-Token", "Location", "X-Ticket", "Link"])
def test_a_line_that_may_hold_a_credential_does_not_outlive_its_answer(name):
    assert _read_pair(name) == (name, "sid=38af")
    assert _read_pair(name) is not _read_pair(name)


def test_lines_that_servers_repeat_are_looked_up():
    assert _read_pair("Content-Type") is _read_pair("Content-Type")


def _read_pair(name: str) -> tuple[str, str]:
    """The first header of an answer; the same object again when it was looked up in what the process keeps."""
    return read_head([b"HTTP/1.1 200 OK\r\n", f"{name}: sid=38af\r\n".encode(), b"\r\n"]).headers[0]
