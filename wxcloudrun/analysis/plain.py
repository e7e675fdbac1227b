"""Takes out of messages and paths what differs from one failure to the next though the cause is the same."""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

MOST: Final = 400  # characters of a message that are looked at, after it was made plain
_READ: Final = 4_000  # characters of it that are read

_URL: Final = re.compile(r"\b[a-z][a-z0-9+.-]{1,10}://[^\s\"'<>()，。；）]+", re.I)
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_DATE: Final = re.compile(
    r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?"
    r"(?:[T ]?\d{1,2}[:时]\d{2}(?:[:分]\d{2}秒?(?:[.,]\d+)?)?)?(?:\s?(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
    r"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \d{1,2} \w{3} \d{4}(?: \d{2}:\d{2}:\d{2})?(?: GMT| UTC)?"
    r"|\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b"
)
_ADDRESS: Final = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\[[0-9a-fA-F:]{3,39}\](?::\d+)?")
_NAMED: Final = re.compile(
    r"((?:KeyError|reading|read|property|properties|attribute|column|field|parameter|param|argument|key|method|function|"
    r"module|relation|table|class|bean|header|variable|expression|extraction|字段|参数|列|属性|变量)[:：]?\s*(?:of\s+)?)"
    r"['\"`“「]([^\W\d][^\W\d]*(?:[._$-][^\W\d]+)*)['\"`”」]"
)
_QUOTED: Final = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*\"|(?<!\w)'[^'\n]*'(?!\w)|`[^`\n]*`|“[^”]*”|‘[^’]*’|「[^」]*」|『[^』]*』|《[^》]*》"
)
_BRACKETS: Final = re.compile(r"\{(?:[#{}\[\]\s,:…-]|~|true|false|null)*\}|\[(?:[#{}\[\]\s,:…-]|~|true|false|null)*\]")
_HEX: Final = re.compile(r"\b0x[0-9a-fA-F]+\b|(?<![A-Za-z0-9])(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}(?![A-Za-z0-9])")
_TOKEN: Final = re.compile(
    r"(?<![A-Za-z0-9_])(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_-]{16,}={0,2}(?![A-Za-z0-9_])"
)
_JWT: Final = re.compile(r"\beyJ[\w-]+(?:\.[\w-]+){1,2}")
_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?")
_SPACE: Final = re.compile(r"\s+")
_INDEX: Final = re.compile(r"\[\d+\]|(?<=[./])\d+(?=[./\[]|$)")
_VERSION: Final = re.compile(r"[vV]\d+(?:\.\d+)?")
_DIGITS: Final = re.compile(r"\d+")
_MIXED: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_-]{10,}={0,2}")


def plain(text: str) -> str:
    """The message without numbers, quoted values, ids, dates, addresses and tokens; names of fields stay, and words.

    The same text gives the same result everywhere.
    """
    text = _NAMED.sub(r"\1<\2>", text[:_READ])
    for pattern, place in ((_URL, "~"), (_EMAIL, "~"), (_UUID, "#"), (_JWT, "#"), (_QUOTED, "~"), (_DATE, "#")):
        text = pattern.sub(place, text)
    for pattern in (_ADDRESS, _HEX, _TOKEN, _NUMBER):
        text = pattern.sub("#", text)
    for _ in range(4):
        text, count = _BRACKETS.subn("~", text)
        if not count:
            break
    return _SPACE.sub(" ", text).strip()[:MOST]


def place(path: str) -> str:
    """A place inside a document without its positions: `$.items[3].id` as `$.items[*].id`."""
    return _INDEX.sub(lambda found: "[*]" if found.group().startswith("[") else "*", path)[:MOST]


def host_and_template(url: str) -> tuple[str, str]:
    """Host (with a port that is not the scheme's) and path with `{id}` in place of what names one thing; no query.

    ("", "") where it is no URL, since a secret may stand in place of a part.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError:
        return "", ""
    usual = {"http": 80, "https": 443}.get(parts.scheme.lower())
    shown = f"{host}:{port}" if port not in {None, usual} else host
    return shown, "/".join(_segment(unquote(one)) for one in parts.path.split("/"))[:MOST] or "/"


def _segment(text: str) -> str:
    """A part of a path: versions stay (`v2`), what names one thing does not."""
    if _VERSION.fullmatch(text) or not any(letter.isdigit() for letter in text):
        return "{id}" if _EMAIL.fullmatch(text) else text
    stem, dot, ending = text.rpartition(".")
    if dot and ending.isalpha() and len(ending) <= 5:
        return f"{_segment(stem)}.{ending}"
    if _UUID.fullmatch(text) or _HEX.fullmatch(text) or _MIXED.fullmatch(text) and not _worded(text):
        return "{id}"
    return _DIGITS.sub("{id}", _UUID.sub("{id}", text))


def _worded(text: str) -> bool:
    """True for words with numbers between them, such as `order-2024-17`."""
    return all(part.isalpha() or part.isdigit() for part in re.split(r"[-_]", text))
