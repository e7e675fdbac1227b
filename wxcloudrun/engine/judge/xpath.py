"""XPath 1.0 over XML and HTML through lxml: no entities, no network, no document types, bounded work."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from lxml import etree, html

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.outcome import Found, Missing, Unreadable
from wxcloudrun.engine.judge.values import shown_text
from wxcloudrun.engine.judge.xpath_cost import MAX_DEPTH, cost_of

MAX_EXPRESSION: Final = 2_000
MAX_RESULTS: Final = 10_000

_ORDINARY_DEPTH = 32
_MAX_NEAREST = 1_000_000  # elements visited to say what came nearest


@dataclass(slots=True)
class Document:
    """A parsed document, the number of its elements and its size."""

    root: Any
    elements: int
    size: int


def parse_document(content: bytes, content_type: str, charset: str) -> Document:
    """Parse XML, or HTML when the content type or the first bytes say so; raises Unreadable.

    Entities other than XML's own five are not expanded: a document that declares some is refused.
    """
    if not content.strip():
        raise Unreadable("the body is neither XML nor HTML: it is empty")
    if b"\x00" in content[:4]:
        content, charset = content.decode(charset, "replace").encode(), "utf-8"
    as_html = "html" in content_type and "xhtml" not in content_type
    if as_html or re.match(rb"\s*(<!doctype html|<html[\s>])", content[:200], re.IGNORECASE):
        root = _html(content, charset)
    else:
        root = _xml(content)
    return Document(root, int(root.xpath("count(//*)")), len(content))


def _xml(content: bytes) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, dtd_validation=False
    )
    try:
        root = etree.fromstring(content.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        reason = getattr(error, "msg", None) or str(error)
        raise Unreadable(f"the body is not XML: {shown_text(str(reason), 200)}") from error
    document_type = root.getroottree().docinfo.internalDTD
    if document_type is not None and any(True for _ in document_type.iterentities()):
        raise Unreadable("the body declares entities; they are not expanded")
    return root


def _html(content: bytes, charset: str) -> Any:
    parser = html.HTMLParser(encoding=charset, no_network=True, huge_tree=False, recover=True)
    try:
        root = html.document_fromstring(content, parser)
    except (etree.ParserError, etree.XMLSyntaxError, LookupError, ValueError) as error:
        raise Unreadable(f"the body is not HTML: {shown_text(str(error), 200)}") from error
    if any("depth" in entry.message for entry in parser.error_log):
        raise Unreadable("the body is HTML nested too deep")
    return root


class XPath:
    """A compiled expression. It reads as: nothing; the one node's text; or the list of all texts.

    The text of an element is all text inside it, an attribute is its value; numbers, strings and booleans that an
    expression computes stay what they are.
    """

    def __init__(self, text: str, compiled: Any) -> None:
        self.text = text
        self._compiled = compiled
        self._cost = cost_of(text)

    def read(self, document: Document) -> Found | Missing:
        """The value of the expression; raises Unreadable when it would search too long or fails."""
        if self._cost.too_much(document.elements, document.size, lambda: _deepest(document.root)):
            raise Unreadable(
                f"{self.text} searches too long in a document of {document.elements} elements; "
                "keep //, / and axes out of conditions, and do not compare or join whole sets"
            )
        try:
            result = self._compiled(document.root)
        except (etree.XPathError, ValueError, RecursionError) as error:
            raise Unreadable(f"{self.text} failed: {error}") from error
        if not isinstance(result, list):
            return Found(_scalar(result), self.text)
        if not result:
            return Missing(f"{self.text} matches nothing", nearest=_nearest(self.text, document), many=True)
        if len(result) > MAX_RESULTS:
            raise Unreadable(f"{self.text} matches {len(result)} nodes; {MAX_RESULTS} are allowed")
        texts = [_text_of(node) for node in result]
        return Found(texts[0] if len(texts) == 1 else texts, _place(result[0]) or self.text)


@lru_cache(maxsize=512)
def compile_xpath(text: str, namespaces: tuple[tuple[str, str], ...] = (), field: str = "argument") -> XPath:
    """An XPath 1.0 expression with the prefixes of `namespaces`; raises DefinitionError."""
    if len(text) > MAX_EXPRESSION:
        raise DefinitionError(field, f"the XPath has {len(text)} characters; {MAX_EXPRESSION} are allowed")
    try:
        compiled = etree.XPath(text, namespaces=dict(namespaces), regexp=False, smart_strings=False)
        compiled(etree.Element("empty"))
    except etree.XPathEvalError as error:
        raise DefinitionError(field, f"not an XPath: {error}", None) from error
    except etree.XPathError as error:
        raise DefinitionError(field, f"not an XPath: {error}", _fault_at(text, dict(namespaces))) from error
    except (ValueError, TypeError) as error:
        raise DefinitionError(field, f"not an XPath: {error}") from error
    return XPath(text, compiled)


def _fault_at(text: str, namespaces: dict[str, str]) -> int:
    """The end of the longest prefix that is an expression by itself: libxml2 tells no place."""
    for end in range(len(text) - 1, 0, -1):
        try:
            etree.XPath(text[:end], namespaces=namespaces, regexp=False)
        except etree.XPathError:
            continue
        return end
    return 0


def _deepest(root: Any) -> int:
    """At least as many elements as are inside each other."""
    return MAX_DEPTH if root.xpath(f"boolean({'/*' * _ORDINARY_DEPTH})") else _ORDINARY_DEPTH


def _scalar(result: Any) -> Any:
    if isinstance(result, float) and result.is_integer() and abs(result) < 1 << 53:
        return int(result)
    return result if isinstance(result, bool) or result == result else None  # noqa: PLR0124 - NaN is no JSON


def _text_of(node: Any) -> str:
    if isinstance(node, str):
        return str(node)
    if isinstance(node, tuple):  # a namespace: prefix and URI
        return str(node[1])
    return str(node.xpath("string()"))


def _place(node: Any) -> str:
    line = getattr(node, "sourceline", None)
    return f"line {line}" if line else ""


def _nearest(text: str, document: Document) -> str | None:
    """The longest beginning of the path that does match, and the children there."""
    root, left = document.root, _MAX_NEAREST
    for end in range(len(text) - 1, 1, -1):
        if text[end] != "/" or text[end - 1] == "/":
            continue
        left -= document.elements
        nodes = _try(text[:end], document) if left > 0 else []
        if nodes and not isinstance(nodes[0], str | tuple):
            names = dict.fromkeys(str(child.tag) for child in nodes[0] if isinstance(child.tag, str))
            return f"`{text[:end]}` matches {len(nodes)}; children: {', '.join(list(names)[:12]) or 'none'}"
    return f"the root is <{root.tag}>"


def _try(text: str, document: Document) -> list[Any]:
    if cost_of(text).exponent > 1:
        return []
    try:
        result = document.root.xpath(text)
    except etree.XPathError:
        return []
    return result if isinstance(result, list) else []
