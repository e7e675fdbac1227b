"""A body is read in the charset its sender meant."""

import pytest

from wxcloudrun.engine.send.charset import codec_name, response_charset, writing_codec


@pytest.mark.parametrize(
    ("content_type", "head", "codec"),
    [
        (None, b"plain", "utf-8"),
        ("application/json", b'{"a":1}', "utf-8"),
        ("text/html; charset=GBK", b"", "gb18030"),
        ('text/html; charset="gb2312"', b"", "gb18030"),
        ("text/html;Charset='utf-8'", b"", "utf-8"),
        ("text/plain; charset=ISO-8859-1", b"", "cp1252"),
        ("text/plain; charset=us-ascii", b"", "utf-8"),
        ("text/plain; charset=no-such", b"", "utf-8"),
        ("text/plain; charset=base64", b"", "utf-8"),
        ("text/plain; charset=", b"", "utf-8"),
        ("text/plain; boundary=a; charset=big5", b"", "big5"),
        ("text/html", b'<html><meta charset="gbk">', "gb18030"),
        ("text/html", b'<META HTTP-EQUIV="Content-Type" content="text/html; charset=gb2312">', "gb18030"),
        ("text/xml", b'<?xml version="1.0" encoding="GB2312"?>', "gb18030"),
        (None, b"  <?xml version='1.0' encoding='euc-kr'?>", "euc_kr"),
        ("text/html; charset=gbk", b"\xef\xbb\xbfhi", "utf-8-sig"),
        (None, b"\xff\xfeh\0", "utf-16"),
        (None, b"\xfe\xff\0h", "utf-16"),
    ],
)
def test_the_charset_is_found(content_type, head, codec):
    assert response_charset(content_type, head) == codec


def test_the_found_codec_always_decodes():
    for name in ("zlib", "idna", "punycode", "unicode_escape", "rot13", "undefined", "x" * 1000, "\0"):
        codec = codec_name(name) or "utf-8"
        b"\xff\xfe\x00".decode(codec, "replace")


def test_a_mark_is_not_part_of_the_text():
    data = "\ufeff中".encode()
    assert data.decode(response_charset(None, data)) == "中"


@pytest.mark.parametrize(("charset", "codec"), [("GBK", "gbk"), ("gb2312", "gbk"), ("gb18030", "gb18030"), ("x", None)])
def test_what_is_written_is_no_more_than_the_charset_has(charset, codec):
    assert writing_codec(charset) == codec
