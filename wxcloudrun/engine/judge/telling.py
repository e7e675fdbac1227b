"""The sentence that tells a failed assertion."""

from typing import Any, Final

from wxcloudrun.engine.judge.values import brief, shown_text

_WORDS: Final = {
    "eq": "equal",
    "ne": "differ from",
    "lt": "be less than",
    "le": "be at most",
    "gt": "be greater than",
    "ge": "be at least",
    "contains": "contain",
    "not_contains": "not contain",
    "in": "be in",
    "not_in": "not be in",
    "matches": "match",
    "not_matches": "not match",
    "exists": "exist",
    "not_exists": "not exist",
    "empty": "be empty",
    "not_empty": "not be empty",
    "type": "be of type",
    "length": "have length",
    "starts_with": "start with",
    "ends_with": "end with",
    "between": "be between",
    "schema": "fit the schema",
    "structure": "match the structure",
    "is true": "be true",
}
_WITHOUT_EXPECTED: Final = {"exists", "not_exists", "empty", "not_empty", "schema", "structure", "is true"}


def sentence(message: str, source: str, word: str, expected: Any, actual: Any, reason: str, missing: bool) -> str:
    """`expected jsonpath $.id to equal 5, got 6`; a message of the assertion's own comes first, the facts after it."""
    comparator = word.removeprefix("not ")
    to = "not to" if word.startswith("not ") else "to"
    wanted = "" if comparator in _WITHOUT_EXPECTED else f" {brief(expected)}"
    got = "found nothing" if missing else f"got {brief(actual)}"
    facts = f"expected {source} {to} {_WORDS[comparator]}{wanted}, {got}"
    if reason:
        facts += f": {shown_text(reason, 500)}"
    return f"{message} ({facts})" if message else facts
