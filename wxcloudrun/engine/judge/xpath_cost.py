"""How much work an XPath can make in a document, told from its text before a library that cannot be stopped is asked.

libxml2 visits a set of nodes once for each node it comes from, compares two sets pair by pair, joins sets pair by pair
and looks for one text in another at every place. The bounds are for the worst document of a given size.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_WORK: Final = 3e7
"""Visits and comparisons of nodes: about a second."""

MAX_DEPTH: Final = 256
"""Elements inside each other, which the parser allows."""

_MAX_TEXTS = 2e9  # characters of all elements, those inside others counted again
_MAX_TEXT_WORK = 1e9  # characters x characters
_JOIN = 0.01  # what joining a pair costs, in visits
_OVERLAP = 0.02  # the same where as many sets that overlap are joined one after the other
_DEEP = 0.24  # the exponent of going down from each of many nodes: a tree is not deep
_TOKENS = re.compile(
    r"""(?P<text>'[^']*'|"[^"]*")|(?P<open>\[)|(?P<close>\])|(?P<wide>(?:following|preceding)[a-z-]*\s*::)"""
    r"""|(?P<up>ancestor[a-z-]*\s*::|parent\s*::|\.\.)|(?P<down>//|descendant[a-z-]*\s*::)|(?P<slash>/)|(?P<union>\|)"""
    r"""|(?P<compare>!?=|[<>]=?)|(?P<search>(?:contains|substring-before|substring-after)\s*\()"""
)
_STARTS_PATH = re.compile(r"(?:^|[\[(,|=<>+*-]|\b(?:and|or|div|mod))\s*$")
_ONE_BEFORE = re.compile(
    r"""(?:['"]|(?<![\w.:-])\d+(?:\.\d+)?|(?<!text\()(?<!node\()(?<!comment\()\)"""
    r"""|(?:^|[\[(,\s])(?:@[\w:.-]+|\.))\s*$"""
)
_ONE_AFTER = re.compile(
    r"""\s*(?:['"]|-?\d|(?:@[\w:.-]+|\.)\s*(?:$|[\])]|\b(?:and|or)\b)|(?!text\(|node\(|comment\()[a-z-]+\()"""
)
_FIRST = re.compile(r"\s*[\w.:*-]+(?:\(\s*\))?\s*\[\s*\d+\s*\]")
_GOES_ON = re.compile(r"\s*[\w.:*()-]*\s*/(?!\s*(?:@|\.\.))")


@dataclass(slots=True)
class XPathCost:
    """The bounds of one expression."""

    exponent: float = 1.0  # of the number of elements
    conditions: int = 0  # each may look at the whole text of every element
    joins: bool = False  # sets are joined: pairs of elements
    overlaps: bool = False  # sets that overlap are: triples
    searches: bool = False  # a text of the document is looked for in another

    def too_much(self, elements: int, characters: int, deepest: Callable[[], int]) -> bool:
        """Whether a document of that size, so many elements inside each other, may take longer than about a second."""
        joined = elements * elements * _JOIN if self.joins else 0.0
        overlapping = float(elements) ** 3 * _OVERLAP if self.overlaps else 0.0
        if elements**self.exponent + joined + overlapping > MAX_WORK:
            return True
        if self.searches and characters * characters > _MAX_TEXT_WORK:
            return True
        texts = self.conditions * characters
        return texts * MAX_DEPTH > _MAX_TEXTS and texts * deepest() > _MAX_TEXTS


@lru_cache(maxsize=1024)
def cost_of(text: str) -> XPathCost:
    """The bounds of an expression that libxml2 has accepted."""
    cost, level, downs = XPathCost(), 0, 0
    for found in _TOKENS.finditer(text):
        kind, before, after = str(found.lastgroup), text[: found.start()], found.end()
        if kind == "open":
            level += 1
            cost.conditions += 1
        elif kind == "close":
            level -= 1
        elif kind == "down" and not (level and _STARTS_PATH.search(before)):
            cost.exponent += _DEEP if downs or level else 0.0
            downs += 1
        else:
            first = kind == "wide" and _FIRST.match(text, after) is not None
            cost.joins = cost.joins or kind == "union" or (level == 0 and (kind == "up" or first))
            cost.overlaps = cost.overlaps or (level == 0 and kind == "wide" and not first)
            cost.searches = cost.searches or (kind == "search" and not _second_is_literal(text, after))
            cost.exponent += float(_multiplies(kind, level, before, text[after:]))
    return cost


def _multiplies(kind: str, level: int, before: str, after: str) -> bool:
    """Whether all elements are visited for each element, or two sets compared."""
    if kind == "compare":
        return not (_ONE_BEFORE.search(before) or _ONE_AFTER.match(after))
    if level == 0:
        return False
    return (
        kind in ("down", "wide")
        or (kind == "slash" and _STARTS_PATH.search(before) is not None)
        or (kind == "up" and _GOES_ON.match(after) is not None)
    )


def _second_is_literal(text: str, at: int) -> bool:
    """Whether the second argument of the call whose arguments begin at `at` is written down."""
    level, quote = 0, ""
    for position in range(at, len(text)):
        one = text[position]
        if quote:
            quote = "" if one == quote else quote
        elif one in "'\"":
            quote = one
        elif one in "([":
            level += 1
        elif one in ")]":
            level -= 1
        elif one == "," and level == 0:
            return text[position + 1 :].lstrip()[:1] in ("'", '"')
    return False
