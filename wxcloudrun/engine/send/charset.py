"""Which character set a body is in: by its header, its byte order mark, its own declaration, else UTF-8."""

import codecs
import re
from functools import lru_cache

_PARAMETER = re.compile(r""";\s*charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,"']+))""", re.IGNORECASE)
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_META = re.compile(rb"""<meta[^>]{0,400}?\bcharset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BEGIN_MARKS = frozenset(mark[:1] for mark, _ in _MARKS)
_CHINESE = {"gb2312": "gb18030", "gbk": "gb18030"}
_READ_AS = {"iso8859-1": "cp1252", "ascii": "utf-8"}
_LOOK = 2048


def response_charset(content_type: str | None, head: bytes) -> str:
    """The Python codec to decode a body with; always one that exists.

    A byte order mark wins over the header, as in browsers (WHATWG encoding standard); the codec then drops the mark.
    Latin-1 is read as windows-1252 and ASCII as UTF-8, as they are meant. A name nobody knows means UTF-8.
    """
    if head[:1] in _BEGIN_MARKS:
        for mark, codec in _MARKS:
            if head.startswith(mark):
                return codec
    by_header = _header_codec(content_type)
    if by_header is not None:
        return by_header
    found = _XML.search(head[:_LOOK]) or _META.search(head[:_LOOK])
    return _codec(found.group(1).decode("ascii") if found else "utf-8")


@lru_cache(maxsize=256)
def _header_codec(content_type: str | None) -> str | None:
    """What the header says; None when the body may say it. JSON has no place for a declaration of its own."""
    declared = declared_charset(content_type)
    return None if declared is None and "json" not in (content_type or "") else _codec(declared or "utf-8")


def _codec(charset: str) -> str:
    codec = codec_name(charset) or "utf-8"
    return _READ_AS.get(codec, codec)


@lru_cache(maxsize=256)
def declared_charset(content_type: str | None) -> str | None:
    """The `charset` parameter of a Content-Type header, as written."""
    found = _PARAMETER.search(content_type or "")
    return next((group for group in found.groups() if group), None) if found else None


@lru_cache(maxsize=256)
def codec_name(charset: str) -> str | None:
    """Python's codec for a charset name, or None when there is none or it is not one between text and bytes.

    gb2312 and gbk become their superset gb18030: servers that say gb2312 mean it.
    """
    name = _known_codec(charset)
    return _CHINESE.get(name, name) if name is not None else None


@lru_cache(maxsize=256)
def writing_codec(charset: str) -> str | None:
    """Python's codec to write a charset with, None as in `codec_name`.

    Not the superset that is read: a GBK server would take the longer characters of gb18030 for others. gb2312 is
    written as GBK, as browsers do (WHATWG encoding standard, names and labels).
    """
    name = _known_codec(charset)
    return "gbk" if name == "gb2312" else name


def _known_codec(charset: str) -> str | None:
    try:
        info = codecs.lookup(charset.strip())
    except (LookupError, ValueError):
        return None
    if not getattr(info, "_is_text_encoding", True) or info.name in {"idna", "punycode", "undefined", "mbcs", "oem"}:
        return None
    return info.name
