"""Groups the failures of a run by their cause, reading the details of one failure of each look."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Row

from wxcloudrun.exporters.wording import one_line

type Details = Callable[[Sequence[int]], Mapping[int, Mapping[str, Any]]]
_NUMBER: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-fA-F]{12,}\b|\d+")
_TEXT: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_MOST_LOOKS: Final = 400  # details that are read at most; what looks like none of them is a group by its look
_TITLE: Final = 200


@dataclass(slots=True)
class Group:
    """Failures of one cause: its key, which is the same in every run, a title, and their numbers in order."""

    key: str
    title: str
    seqs: list[int] = field(default_factory=list)


def grouped(wrong: Sequence[Row[Any]], details: Details) -> list[Group]:
    """The groups of these failures (results without details), the largest first, among equals the earlier one.

    `details` gives what the engine tells of the results with these numbers.
    """
    looks: dict[tuple[object, ...], list[Row[Any]]] = defaultdict(list)
    for row in wrong:
        looks[_look(row)].append(row)
    samples = [rows[0] for rows in looks.values()][:_MOST_LOOKS]
    known = details([row.seq for row in samples])
    groups: dict[str, Group] = {}
    for rows in looks.values():
        key, title = cause_of(rows[0], known.get(rows[0].seq, {}))
        groups.setdefault(key, Group(key, title)).seqs.extend(row.seq for row in rows)
    for group in groups.values():
        group.seqs.sort()
    return sorted(groups.values(), key=lambda group: (-len(group.seqs), group.seqs[0]))


def cause_of(row: Row[Any], detail: Mapping[str, Any]) -> tuple[str, str]:
    """Key and title of what made a step fail: where it went, what was asked of the answer, and what came."""
    request, error = detail.get("request"), detail.get("error")
    where = _place(request) if request else row.name
    false = next((one for one in detail.get("assertions") or () if not one["passed"]), None)
    if error is not None or row.error_class is not None:
        parts = [row.error_class or "error", where, plain(row.message or "")]
        title = f"{row.error_class or 'error'}: {row.message or ''}"
    elif false is not None:
        what = false["name"] or f"{false['source']} {false['comparator']}"
        status = row.status // 100 if row.status else 0
        parts = ["assertion", where, what, str(status), plain(row.message or "")]
        title = f"{where}: {row.message or what}"
    else:
        parts = ["other", where, plain(row.message or "")]
        title = f"{where}: {row.message or ''}"
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16], one_line(title)[:_TITLE]


def plain(text: str) -> str:
    """The text without what differs from one failure to the next: numbers, ids, quoted values."""
    return _NUMBER.sub("#", _TEXT.sub("'...'", text))


def _look(row: Row[Any]) -> tuple[object, ...]:
    """What a result's columns tell of its cause; what looks alike has one cause."""
    return row.case_id, row.name, row.phase, row.error_class, row.status, plain(row.message or "")


def _place(request: Mapping[str, Any]) -> str:
    """Method, host and path of a request, its numbers and ids left out."""
    try:
        url = urlsplit(request["url"])
    except ValueError:  # a secret in place of the host makes it no URL
        return str(request["method"])
    path = "/".join(_NUMBER.sub("{n}", part) for part in url.path.split("/"))
    return f"{request['method']} {url.netloc}{path}"
