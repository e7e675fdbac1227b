"""A sent request as a curl command that can be pasted into a shell, with secrets as shell variables."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

from wxcloudrun.engine.send.exchange import SentRequest

_PLAIN = re.compile(r"[A-Za-z0-9@%+=:,./_-]+")
_ADDED_BY_CURL = frozenset({"host", "content-length", "accept-encoding", "transfer-encoding"})
_SHORTEST_SECRET = 4


def to_curl(sent: SentRequest, secrets_as_variables: Mapping[str, str] | None = None) -> str:
    """The command, one option a line. `secrets_as_variables` maps a secret's value to the variable that stands for it.

    A secret that occurs percent-encoded or JSON-escaped becomes `NAME_URLENCODED` or `NAME_JSON`, since a shell
    variable is put in as it is; basic auth that holds one is written with `-u`. A body that is binary or was not kept
    whole is read from a file that the reader has to supply.
    """
    quoted = _Quoter(secrets_as_variables or {})
    lines = [f"curl {_method(sent)}{quoted(sent.url)}".rstrip()]
    multipart = bool(sent.parts)
    for name, value in sent.headers:
        if _is_written(name, value, sent, multipart):
            lines.append(_header(name, value, quoted))
    if (sent.header("accept-encoding") or "") == "gzip, deflate, br":
        lines.append("--compressed")
    if multipart:
        lines += _form(sent, quoted)
    elif sent.body_size:
        lines.append(_data(sent, quoted))
    return " \\\n  ".join(lines)


def _method(sent: SentRequest) -> str:
    globoff = "-g " if "[" in sent.url else ""
    if sent.method == "HEAD":
        return f"--head {globoff}"
    implied = "POST" if sent.body_size or sent.parts else "GET"
    return globoff if sent.method == implied else f"-X {sent.method} {globoff}"


def _is_written(name: str, value: str, sent: SentRequest, multipart: bool) -> bool:
    """curl makes framing headers itself, and a new boundary when it builds a form."""
    lower = name.lower()
    if lower == "host":
        return value != _authority(sent.url)
    if lower == "accept-encoding":
        return value != "gzip, deflate, br"
    if lower == "content-type" and multipart:
        return False
    return lower not in _ADDED_BY_CURL


def _header(name: str, value: str, quoted: "_Quoter") -> str:
    if name.lower() == "authorization" and value[:6].lower() == "basic ":
        pair = _unpacked(value[6:])
        if pair is not None and quoted.hides(pair):
            return f"-u {quoted(pair)}"
    return f"-H {quoted(f'{name}: {value}' if value else f'{name};')}"


def _unpacked(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8")
    except ValueError:
        return None


def _authority(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition("?")[0]


def _form(sent: SentRequest, quoted: "_Quoter") -> Iterable[str]:
    for part in sent.parts:
        kind = f";type={part.content_type}" if part.content_type else ""
        if part.file_name is not None:
            yield f"-F {quoted(f'{part.name}=@{part.file_name}{kind}')}"
        elif kind or (part.value or "")[:1] in {"@", "<"} or ";" in (part.value or ""):
            escaped = (part.value or "").replace("\\", "\\\\").replace('"', '\\"')
            yield f"-F {quoted(f'{part.name}="{escaped}"{kind}')}"
        else:
            yield f"-F {quoted(f'{part.name}={part.value}')}"


def _data(sent: SentRequest, quoted: "_Quoter") -> str:
    text = _text(sent.body_head) if len(sent.body_head) == sent.body_size else None
    return "--data-binary @body.bin" if text is None else f"--data-raw {quoted(text)}"


def _text(body: bytes) -> str | None:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


class _Quoter:
    """Quotes for a POSIX shell: secrets as "$NAME" in double quotes, the rest as it is or in single quotes."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        forms: dict[str, str] = {}
        for value, name in secrets.items():
            if len(value) >= _SHORTEST_SECRET:
                for form, variable in _forms(value, name):
                    forms.setdefault(form, variable)
        self._names = forms
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(re.escape(form) for form in longest_first)) if forms else None

    def hides(self, text: str) -> bool:
        """True when a secret is in the text."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def __call__(self, text: str) -> str:
        if self._pattern is None:
            return _literal(text)
        written = []
        at = 0
        for found in self._pattern.finditer(text):
            written += [_literal(text[at : found.start()], empty=""), f'"${{{self._names[found.group()]}}}"']
            at = found.end()
        written.append(_literal(text[at:], empty="" if at else "''"))
        return "".join(written)


def _forms(value: str, name: str) -> Iterable[tuple[str, str]]:
    yield value, name
    for encoded in (quote(value, safe="~"), quote(value), quote_plus(value)):
        yield encoded, f"{name}_URLENCODED"
    for escaped in (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        yield escaped, f"{name}_JSON"


def _literal(text: str, empty: str = "''") -> str:
    if not text:
        return empty
    if _PLAIN.fullmatch(text):
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"
