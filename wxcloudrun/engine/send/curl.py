"""A sent request as a curl command that can be pasted into a shell, with secrets as shell variables."""

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from wxcloudrun.engine.send.body import PartSummary
from wxcloudrun.engine.send.charset import codec_name, declared_charset
from wxcloudrun.engine.send.exchange import SentRequest
from wxcloudrun.engine.send.shell_words import UNPRINTABLE, Quoter

_ADDED_BY_CURL = frozenset({"host", "content-length", "accept-encoding", "transfer-encoding"})
_DEFAULTS_OF_CURL = frozenset({"accept", "user-agent", "host", "content-type", "content-length"})
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:[/?#]|$)", re.IGNORECASE)
_BYTES = re.compile(f"{UNPRINTABLE.pattern}|[\udc80-\udcff]")
_INLINE = 4 * 1024
_HEADER, _PLACE = 300, 1_000
LONGEST = 8_000
"""Characters of a command, and bytes of a body that stands in it: a result keeps no longer line."""


@dataclass(frozen=True, slots=True)
class Travel:
    """How a request travelled, besides what is in it.

    `options` are options of curl, each with its value (None: it has none); `silenced` are names of headers that were
    not sent even by default.
    """

    options: Sequence[tuple[str, str | None]] = ()
    silenced: Sequence[str] = ()


def to_curl(
    sent: SentRequest,
    secrets_as_variables: Mapping[str, str] | None = None,
    *,
    travel: Travel | None = None,
    mask: Callable[[str], str] = lambda text: text,
) -> str:
    """The command, one option a line. `secrets_as_variables` maps a secret's value to the variable that stands for it.

    A secret that occurs percent-encoded or JSON-escaped becomes `NAME_URLENCODED` or `NAME_JSON`, since a shell
    variable is put in as it is; basic auth that holds one is written with `-u`. `mask` sees all other text before it
    is quoted. A body that is no printable line of text, or holds files, is written by `printf` up to 4 KB. A body that
    was not kept whole or would make the command longer than `LONGEST` is read from a file that the reader has to
    supply. What is too long even so begins with a comment that says so: it is to be read, not to be run.
    """
    quoted = Quoter(secrets_as_variables or {}, mask)
    travel = travel or Travel()
    command = _command(sent, quoted, travel, _body(sent))
    if len(command) > LONGEST and sent.body_size:
        command = _command(sent, quoted, travel, _Body("file"))
    return command if len(command) <= LONGEST else _shortened(sent, quoted, travel, len(command))


def _shortened(sent: SentRequest, quoted: Quoter, travel: Travel, size: int) -> str:
    """Without the long values, which are left out whole: a part of a secret would not be recognised."""
    first = f"# cannot be run: the whole command has {size} characters, and a result keeps {LONGEST}; … is left out\n"
    headers = [(name, value if len(value) <= _HEADER else "…") for name, value in sent.headers if len(name) <= _HEADER]
    url = sent.url.partition("?")[0]
    url = url if len(url) <= _PLACE else f"{url.partition(':')[0]}://{_authority(url)[:_PLACE]}/"
    options = [(name, value if value is None or len(value) <= _HEADER else "…") for name, value in travel.options]
    body = _Body("file" if sent.body_size else "none")
    while True:
        kept = replace(sent, url=f"{url}…" if url != sent.url else url, headers=tuple(headers))
        command = first + _command(kept, quoted, Travel(options, travel.silenced[: len(headers)]), body)
        if len(command) <= LONGEST or not headers:
            return command
        headers = headers[: len(headers) // 2]


@dataclass(frozen=True, slots=True)
class _Body:
    """How the body is written: `none`, `form` (-F), `text`, `printf` (in `charset`) or `file`."""

    way: str
    text: str = ""
    charset: str = "utf-8"


def _body(sent: SentRequest) -> _Body:
    complete = len(sent.body_head) == sent.body_size
    if not sent.body_size:
        return _Body("form" if sent.parts else "none")
    small = complete and sent.body_size <= _INLINE
    if sent.parts and not (small and any(_needs_bytes(part) for part in sent.parts)):
        return _Body("form")
    if not complete or sent.body_size > LONGEST:
        return _Body("file")
    text, charset = _decoded(sent)
    if charset == "utf-8" and not _BYTES.search(text) and not sent.parts:
        return _Body("text", text)
    return _Body("printf", text, charset) if small else _Body("file")


def _needs_bytes(part: PartSummary) -> bool:
    return part.file_name is not None or UNPRINTABLE.search(f"{part.name}{part.value}") is not None


def _decoded(sent: SentRequest) -> tuple[str, str]:
    """The body as text, and a charset that gives its bytes back."""
    declared = declared_charset(sent.header("content-type") or "")
    for charset in ("utf-8", codec_name(declared) if declared else None):
        if charset is not None:
            text = sent.body_head.decode(charset, "replace")
            if text.encode(charset, "replace") == sent.body_head:
                return text, charset
    return sent.body_head.decode("utf-8", "surrogateescape"), "utf-8"


def _command(sent: SentRequest, quoted: Quoter, travel: Travel, body: _Body) -> str:
    lines = [f"curl {_method(sent)}{quoted(sent.url)}".rstrip()]
    if _DOTS.search(sent.url):
        lines.append("--path-as-is")
    lines += [option if value is None else f"{option} {quoted(value)}" for option, value in travel.options]
    for name, value in sent.headers:
        if _is_written(name, value, sent, body.way == "form"):
            lines.append(_header(name, value, quoted))
    lines += [f"-H {quoted(f'{name}:')}" for name in travel.silenced if name.lower() in _DEFAULTS_OF_CURL]
    if (sent.header("accept-encoding") or "") == "gzip, deflate, br":
        lines.append("--compressed")
    if body.way == "form":
        lines += _form(sent, quoted)
    elif body.way != "none":
        lines.append(_data(body, quoted))
    before = f"{quoted.printf(body.text, body.charset)} | " if body.way == "printf" else ""
    return before + " \\\n  ".join(lines)


def _method(sent: SentRequest) -> str:
    globoff = "-g " if re.search(r"[\[\]{}]", sent.url) else ""
    if sent.method == "HEAD":
        return f"--head {globoff}"
    implied = "POST" if sent.body_size or sent.parts else "GET"
    return globoff if sent.method == implied else f"-X {sent.method} {globoff}"


def _is_written(name: str, value: str, sent: SentRequest, as_form: bool) -> bool:
    """curl makes framing headers itself, and a new boundary when it builds a form."""
    lower = name.lower()
    if lower == "host":
        return value != _authority(sent.url)
    if lower == "accept-encoding":
        return value != "gzip, deflate, br"
    if lower == "content-type" and as_form:
        return False
    return lower not in _ADDED_BY_CURL


def _header(name: str, value: str, quoted: Quoter) -> str:
    if name.lower() == "authorization" and value[:6].lower() == "basic ":
        pair = unpacked_basic(value)
        if pair is not None and quoted.hides(pair):
            return f"-u {quoted(pair)}"
    return f"-H {quoted(f'{name}: {value}' if value else f'{name};')}"


def unpacked_basic(value: str) -> str | None:
    """`user:password` out of a basic Authorization header (RFC 7617); None when it holds none."""
    try:
        pair = base64.b64decode(value[6:], validate=True).decode("utf-8")
    except ValueError:
        return None
    return pair if ":" in pair else None


def _authority(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition("?")[0]


def _form(sent: SentRequest, quoted: Quoter) -> Iterator[str]:
    for part in sent.parts:
        kind = f";type={part.content_type}" if part.content_type else ""
        if part.file_name is not None:
            yield f"-F {quoted(f'{part.name}=@{part.file_name}{kind}')}"
        elif kind or (part.value or "")[:1] in {"@", "<"} or ";" in (part.value or ""):
            escaped = (part.value or "").replace("\\", "\\\\").replace('"', '\\"')
            yield f"-F {quoted(f'{part.name}="{escaped}"{kind}')}"
        else:
            yield f"-F {quoted(f'{part.name}={part.value}')}"


def _data(body: _Body, quoted: Quoter) -> str:
    match body.way:
        case "text":
            return f"--data-raw {quoted(body.text)}"
        case "printf":
            return "--data-binary @-"
    return "--data-binary @body.bin"
