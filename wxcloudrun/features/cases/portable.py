"""What is left of a case where its credentials or its files are not."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from wxcloudrun.core.credentials import Held, put_back, referenced, set_apart


@dataclass(frozen=True, slots=True)
class Carried:
    """The fields of a case that can be written anywhere, its credentials, and what has to be set or chosen anew."""

    fields: dict[str, Any]
    held: Held = field(repr=False)
    warnings: list[str]


def carried(fields: Mapping[str, Any], held: Held, files: Collection[int]) -> Carried:
    """The fields with these credentials and files of theirs only.

    Where a mark has nothing behind it, a `{{reference}}` stands. A file that is none of `files` is left out: a part of
    a form is switched off, a body is empty.
    """
    open_, names = referenced(put_back(fields, held))
    shown, kept = set_apart(open_, {})
    shown["request"], places = _without_files(shown["request"], files)
    return Carried(shown, kept, [*variables_to_set(names), *places])


def variables_to_set(names: Collection[str]) -> list[str]:
    """A sentence for each variable that stands where a credential was."""
    return [f"the variable `{name}` stands for a credential that stayed behind; give it a value" for name in names]


def files_of(fields: Mapping[str, Any]) -> set[int]:
    """Numbers of the project's files that a case with these fields sends."""
    found = (_number(holder) for _, holder in _holders(fields["request"].get("body")))
    return {number for number in found if number is not None}


def _without_files(request: Mapping[str, Any], files: Collection[int]) -> tuple[dict[str, Any], list[str]]:
    body = request.get("body")
    gone = [place for place, holder in _holders(body) if _number(holder) not in {None, *files}]
    if not gone or not isinstance(body, dict):
        return dict(request), []
    if body.get("kind") == "binary":
        body = {name: value for name, value in body.items() if name != "blob"} | {"content": ""}
    else:
        parts = enumerate(body["parts"])
        body = {**body, "parts": [_switched_off(part) if f"parts.{at}.file" in gone else part for at, part in parts]}
    places = [".".join(filter(None, ("request.body", place))) for place in gone]
    return {**request, "body": body}, [f"{place}: the file stayed behind; choose another one" for place in places]


def _holders(body: Any) -> list[tuple[str, dict[str, Any]]]:
    """What of a body may name a file, with its place in the body."""
    if not isinstance(body, dict):
        return []
    if body.get("kind") == "binary":
        return [("", body)]
    parts = body.get("parts") if body.get("kind") == "multipart" else None
    files = [part.get("file") if isinstance(part, dict) else None for part in parts or ()]
    return [(f"parts.{at}.file", file) for at, file in enumerate(files) if isinstance(file, dict)]


def _number(holder: Mapping[str, Any]) -> int | None:
    """The file that is named; None for a placeholder, whose value nobody knows yet."""
    blob = holder.get("blob")
    return int(blob) if isinstance(blob, str) and blob.isascii() and blob.isdecimal() else None


def _switched_off(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "file"} | {"enabled": False}
