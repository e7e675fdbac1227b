"""XPath over XML and HTML."""

import pytest

from tests.pace import soon
from tests.unit.engine.response_maker import view
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.outcome import Found, Missing, Unreadable
from wxcloudrun.engine.judge.xpath import compile_xpath, parse_document

LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "lol">{LOL}]><l>&l9;</l>'.encode()


def read(content, path, content_type="application/xml", **namespaces):
    return compile_xpath(path, tuple(namespaces.items())).read(parse_document(content, content_type, "utf-8"))


def test_nodes_become_texts_and_computed_values_stay():
    content = b"<r><a id='1'>one<b>!</b></a>\n<a id='2'/></r>"
    assert read(content, "//a[1]") == Found("one!", "line 1")
    assert read(content, "//a") == Found(["one!", ""], "line 1")
    assert read(content, "//a[2]/@id") == Found("2", "//a[2]/@id")
    assert read(content, "count(//a)") == Found(2, "count(//a)")
    assert read(content, "boolean(//zz)") == Found(False, "boolean(//zz)")
    assert read(content, "string(//a/@id)") == Found("1", "string(//a/@id)")


def test_nothing_says_how_far_the_path_led():
    missing = read(b"<r><a><b/></a></r>", "/r/a/c/d")
    assert isinstance(missing, Missing)
    assert missing.nearest == "`/r/a` matches 1; children: b"


def test_namespaces_come_from_the_argument():
    assert read(b"<r xmlns='urn:a'><b>1</b></r>", "//x:b", x="urn:a").value == "1"
    assert isinstance(read(b"<r xmlns='urn:a'><b>1</b></r>", "//b"), Missing)


def test_html_is_read_by_its_type_or_its_beginning():
    assert read(b"<p>hi<br>there", "//p", "text/html; charset=utf-8").value == "hithere"
    assert read(b"<!DOCTYPE html><p>hi", "//p", "").value == "hi"
    assert (
        view("<p>中".encode("gb18030"), headers={"content-type": "text/html"}, charset="gb18030")
        .document()
        .root.xpath("string(//p)")
        == "中"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BOMB, "declares entities|entity"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "declares entities"),
        (b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]><a/>', "declares entities|not XML"),
        (b"<a>" * 300 + b"</a>" * 300, "depth"),
        (b"<a><b></a>", "not XML"),
        (b'{"a": 1}', "not XML"),
        (b"", "empty"),
        (b"\x00\x01\x02", "not XML|empty"),
    ],
)
def test_a_document_that_is_broken_or_hostile_is_refused(content, reason):
    with soon(2):
        with pytest.raises(Unreadable, match=reason):
            parse_document(content, "", "utf-8")


def test_html_nested_too_deep_is_refused_and_not_cut():
    with pytest.raises(Unreadable, match="too deep"):
        parse_document(b"<div>" * 4_000, "text/html", "utf-8")


def test_an_external_document_type_is_not_fetched():
    assert read(b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a>1</a>', "//a").value == "1"


def test_a_path_that_searches_for_every_element_again_is_refused_on_large_documents():
    content = b"<r>" + b"<a><c/></a>" * 15_000 + b"</r>"
    with soon(10):
        for path in ("//*[//c='zz']", "//c/preceding::*", "//*[../*[../*]]"):
            with pytest.raises(Unreadable, match="searches too long"):
                read(content, path)
        assert read(content, "count(//a//c)").value == 15_000


def test_too_many_results_are_refused():
    with pytest.raises(Unreadable, match="10000 are allowed"):
        read(b"<r>" + b"<a/>" * 10_001 + b"</r>", "//a")


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ("//a[", 3),
        ("", 0),
        ("1+", 1),
        ("//x:y", None),
        ("nofunction(1)", None),
        ("$v", None),
        ("a\x00", None),
        ("a" * 2_001, None),
    ],
)
def test_a_path_that_cannot_work_is_refused(path, position):
    with pytest.raises(DefinitionError) as caught:
        compile_xpath(path)
    assert position is None or caught.value.position == position
