"""Compares the variables that a step's request was made of in two runs, without those that differ in every run."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

MASK: Final = "***"
_LONGEST: Final = 200  # characters of a value that are told
_MOST_MADE: Final = 50
_VOLATILE: Final = frozenset({"dynamic", "extracted"})
_MADE: Final = re.compile(  # what `{{$uuid}}`, `{{$timestamp}}`, `{{$isoTimestamp}}` and long random words look like
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}[.\d]*(?:Z|[+-]\d{2}:?\d{2})?"
    r"|\d{10,}|(?=[a-zA-Z]*\d)(?=\d*[a-zA-Z])[0-9a-zA-Z]{16,}"
)


@dataclass(frozen=True, slots=True)
class VariableChange:
    """A variable with another value: its scope now, and its values as texts, cut, those of secrets masked."""

    name: str
    scope: str
    before: str
    now: str
    secret: bool = False


def variable_changes(
    then: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]
) -> list[VariableChange]:  # fmt: skip
    """Variables that a step used in both runs with another value, in the order of the later one.

    Each is the engine's record: `name`, `scope`, `value`, `secret` and `hash`, by which a secret is known to be the
    same. Told are values that a person wrote: of environments, projects, scenarios, steps, data and inputs. What was
    extracted from answers and what is dynamic differs in every run and is not told; nor is a value that differs only by
    such a part of it.
    """
    old = {str(one["name"]): one for one in then}
    new = {str(one["name"]): one for one in now}
    made = [_made(old.values()), _made(new.values())]
    dynamic = all(any(one["scope"] == "dynamic" for one in some.values()) for some in (old, new))
    found = []
    for name, one in new.items():
        before = old.get(name)
        if before is None or {one["scope"], before["scope"]} & _VOLATILE:
            continue
        change = _change(before, one)
        if change is None:
            continue
        texts = [_text(record["value"]) for record in (before, one)]
        plain = [_without(text, parts) for text, parts in zip(texts, made, strict=True)]
        if dynamic:
            plain = [_MADE.sub("~", text) for text in plain]
        if change.secret or plain[0] != plain[1]:
            found.append(change)
    return found


def _change(before: Mapping[str, Any], now: Mapping[str, Any]) -> VariableChange | None:
    name, scope = str(now["name"]), str(now["scope"])
    if before.get("secret") or now.get("secret"):
        hashes = {before.get("hash"), now.get("hash")}
        return None if None in hashes or len(hashes) == 1 else VariableChange(name, scope, MASK, MASK, secret=True)
    if before["value"] == now["value"] and type(before["value"]) is type(now["value"]):
        return None
    return VariableChange(name, scope, _text(before["value"])[:_LONGEST], _text(now["value"])[:_LONGEST])


def _made(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The texts of values that differ in every run, the longest first."""
    texts = {_text(one["value"]) for one in records if one["scope"] in _VOLATILE}
    return sorted((text for text in texts if text), key=len, reverse=True)[:_MOST_MADE]


def _without(text: str, made: Iterable[str]) -> str:
    for one in made:
        text = text.replace(one, "~")
    return text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
