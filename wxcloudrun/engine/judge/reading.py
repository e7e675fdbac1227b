"""A response as the checks read it: its body decoded and parsed once, and clear words when it cannot be."""

import json
from typing import Any, Final

from wxcloudrun.engine.judge.json_text import NotJsonError, parse_json
from wxcloudrun.engine.judge.outcome import Unreadable
from wxcloudrun.engine.judge.values import shown_text
from wxcloudrun.engine.judge.xpath import Document, parse_document
from wxcloudrun.engine.response import Response

JSON_LIMIT: Final = 20_000_000
"""Bytes of a body that JSONPath, JMESPath, schema and structure read."""

TEXT_LIMIT: Final = 20_000_000
"""Bytes of a body that is searched as text."""

MARKUP_LIMIT: Final = 5_000_000
"""Bytes of a body that XPath reads."""


class ResponseView:
    """Wraps a response for one step: every reader shares the same parsed body.

    Nothing is read or parsed before it is asked for, so a check of status, header, size or head leaves a large body
    where it is. Every method raises Unreadable with the reason, always the same one for the same body. A view
    belongs to one thread.
    """

    __slots__ = ("_document", "_json", "_text", "_trouble", "json_limit", "markup_limit", "response", "text_limit")

    def __init__(
        self,
        response: Response,
        *,
        json_limit: int = JSON_LIMIT,
        text_limit: int = TEXT_LIMIT,
        markup_limit: int = MARKUP_LIMIT,
    ) -> None:
        self.response = response
        self.json_limit = json_limit
        self.text_limit = text_limit
        self.markup_limit = markup_limit
        self._json: Any = _UNREAD
        self._text: str | None = None
        self._document: Document | None = None
        self._trouble: dict[str, Unreadable] = {}

    def json(self, reader: str = "JSONPath") -> Any:
        """The body as a JSON value; `reader` stands in the message when the body is too large for it."""
        if self._json is _UNREAD:
            if self._trouble:
                self._again("json")
            body = self.response.body
            if body.size > self.json_limit:
                self._refuse_large(reader, self.json_limit)
            try:
                self._json = _parse(body.read(), body.charset)
            except Unreadable as trouble:
                self._trouble["json"] = trouble
                raise
        return self._json

    def text(self) -> str:
        """The body as text; bytes that are not in its character set become U+FFFD."""
        if self._text is None:
            self._refuse_large("text", self.text_limit)
            self._text = self.response.body.text()
        return self._text

    def head(self, characters: int | None = None) -> str:
        """The kept beginning of the body as text, at most so many characters; never loads the rest."""
        body = self.response.body
        return body.head.decode(body.charset, "replace")[:characters]

    def document(self) -> Document:
        """The body as an XML or HTML document, by its content type and its first characters."""
        if self._document is None:
            self._again("document")
            self._refuse_large("XPath", self.markup_limit)
            body = self.response.body
            kind = self.response.header("content-type") or ""
            try:
                self._document = parse_document(body.read(), kind, body.charset)
            except Unreadable as trouble:
                self._trouble["document"] = trouble
                raise
        return self._document

    def _again(self, part: str) -> None:
        trouble = self._trouble.get(part)
        if trouble is not None:
            raise trouble

    def _refuse_large(self, reader: str, limit: int) -> None:
        if self.response.body.size > limit:
            raise Unreadable(
                f"body too large for {reader}: {_megabytes(self.response.body.size)} > {_megabytes(limit)}"
            )


_FIRST_OF_A_MARK: Final = 0xEF


class _Unread:
    pass


_UNREAD = _Unread()


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.4g} MB" if size >= 100_000 else f"{size} bytes"


def _parse(content: bytes, charset: str) -> Any:
    if not content or content.isspace():
        raise Unreadable("the body is not JSON: it is empty")
    try:
        return parse_json(_decoded(content, charset))
    except NotJsonError as error:
        beginning = shown_text(content[:60].decode(charset, "replace").strip(), 40)
        raise Unreadable(f"the body is not JSON: {error.reason}; it begins with: {beginning}", error.where) from error


def _decoded(content: bytes, charset: str) -> str:
    """JSON is UTF-8 (RFC 8259, section 8.1); the declared character set is tried when it is not."""
    plain = 0 not in content[:4] and content[0] < _FIRST_OF_A_MARK
    for name in ("utf-8", charset) if plain else (json.detect_encoding(content), charset):
        try:
            return content.decode(name)
        except UnicodeDecodeError as error:
            fault = error
    raise Unreadable(f"the body is not JSON: byte {fault.start} is not {fault.encoding}")
