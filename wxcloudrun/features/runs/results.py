"""Reads what the steps of runs gave: lists, one result whole, and bodies."""

import codecs
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import AnySession
from wxcloudrun.core.pagination import Slice, cursor, position
from wxcloudrun.core.shapes import View
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.runs.access import seen
from wxcloudrun.features.runs.bodies import stretch
from wxcloudrun.features.runs.deflation import inflated
from wxcloudrun.features.runs.errors import BodyNotFound, RangeNotSatisfiable, ResultNotFound
from wxcloudrun.features.runs.models import StepOutcome
from wxcloudrun.features.runs.packing import body_head
from wxcloudrun.features.runs.questions import RunQuestions, first_row, in_order, listing
from wxcloudrun.features.runs.schemas import BodyQuery, ResultLine, ResultsQuery, ResultView
from wxcloudrun.integrations.object_store import ObjectStore

MOST_LISTED: Final = 96 * 1024
"""Bytes of JSON in a list; callContainer lets 100 KiB in and 1,000 KiB out, and a phone waits for them."""
MOST_SHOWN: Final = 64 * 1024
"""Bytes of a body that stand in a result."""

_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a body in pieces: from `start` to before `end`, of `size` in all. `text`: it begins as UTF-8."""

    content: Iterator[bytes] = field(repr=False)
    start: int
    end: int
    size: int
    text: bool


class ResultService:
    """What members of a project read of its runs."""

    def __init__(
        self, session: AnySession, access: ProjectAccess, store: ObjectStore, questions: RunQuestions | None = None
    ) -> None:
        self._access = access
        self._store = store
        self._questions = questions or RunQuestions(session)

    def page(self, actor: Actor, project_id: int, run_id: int, query: ResultsQuery) -> Slice[ResultLine]:
        """Results in the order in which they came; until the run has ended there is a `next`, even after the last one.

        Raises ProjectNotFound, RunNotFound, InvalidInput.
        """
        mark = position(query.cursor, (int,))
        after = mark[0] if mark else -1
        outcome = None if query.outcome is None else StepOutcome[query.outcome.upper()]
        question = listing(project_id, run_id, after, query.size + 1, outcome)
        membership, rows = self._access.require_beside(actor, project_id, Right.VIEW, question)
        run = seen(actor, membership, first_row(rows))
        known = in_order(rows)
        shown = fitting([ResultLine.of(row) for row in known[: query.size]])
        more = len(known) > len(shown) or not run.run_state.final
        return Slice(items=shown, next=cursor(shown[-1].seq if shown else after) if more else None)

    def view(self, actor: Actor, project_id: int, run_id: int, seq: int) -> ResultView:
        """One result with everything that is known of it. Raises ProjectNotFound, RunNotFound, ResultNotFound."""
        membership = self._access.require(actor, project_id, Right.VIEW)
        row = self._questions.result(project_id, run_id, seq)
        if row is None:
            raise ResultNotFound
        seen(actor, membership, row)
        detail = unpacked(row.detail)
        explanation = detail.pop("explanation", None)
        put_back(detail, self._questions.bodies(project_id, run_id, {one["ref"] for one in bodies_apart(detail)}))
        request = detail.get("request")
        if request is not None and not request["curl"]:  # the engine writes none for what passed
            from wxcloudrun.exporters.curl import curl_of  # noqa: PLC0415 - only who asks pays for it

            request["curl"] = curl_of(request)
        return ResultView.of(row, explanation=explanation, detail=detail)

    def body(
        self, actor: Actor, project_id: int, run_id: int, sha256: str, query: BodyQuery, wanted: str | None = None
    ) -> Part:
        """Some of a body's bytes. `wanted` is a Range header; one that says nothing we know is left out of account.

        Raises ProjectNotFound, RunNotFound, BodyNotFound, RangeNotSatisfiable, StorageUnavailable; the last one also
        while the pieces are read.
        """
        membership = self._access.require(actor, project_id, Right.VIEW)
        row = self._questions.body(project_id, run_id, sha256)
        if row is None:
            raise BodyNotFound
        start, end = _range(wanted, query, seen(actor, membership, row).size)
        if row.packed is not None:
            content = inflated(row.packed)
            return Part(iter([content[start:end]]), start, end, row.size, text=_is_text(content))
        begins = b"".join(stretch(self._pieces(row), 0, MOST_SHOWN))
        return Part(stretch(self._pieces(row), start, end), start, end, row.size, text=_is_text(begins))

    def _pieces(self, row: Any) -> Iterator[bytes]:
        """What the object store keeps of a body. Raises BodyNotFound, StorageUnavailable."""
        pieces = None if row.store_key is None else self._store.chunks(row.store_key)
        if pieces is None:
            raise BodyNotFound
        return pieces


def fitting[V: View](views: Sequence[V]) -> list[V]:
    """As many of them as a list may have; the first one in any case."""
    shown, size = list[V](), 0
    for view in views:
        size += len(view.model_dump_json().encode()) + 1
        if shown and size > MOST_LISTED:
            break
        shown.append(view)
    return shown


def bodies_apart(detail: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of those bodies of a result that are kept apart."""
    records = [detail[part]["body"] for part in ("request", "response") if detail.get(part) is not None]
    return [record for record in records if "ref" in record]


def put_back(detail: dict[str, Any], kept: Mapping[str, bytes], most: int = MOST_SHOWN) -> None:
    """Put the beginnings of bodies that are kept apart, of so many bytes, where they were.

    `kept` are compressed ones by their hashes.
    """
    for record in bodies_apart(detail):
        packed = kept.get(record["ref"])
        if packed is None:  # removed since, or not wanted
            record |= {"head": "", "truncated": True}
            continue
        content = inflated(packed)
        record["head"] = _head(content, record["encoding"], most)
        record["truncated"] = record["truncated"] or len(content) > most


def unpacked(detail: bytes) -> dict[str, Any]:
    """The detail of a result as it may be answered."""
    found: dict[str, Any] = read_json(inflated(detail).decode())
    return found


def read_json(text: str) -> Any:
    """Stored JSON as it may be answered: numbers that JSON has not are words, halves of surrogate pairs are `?`."""
    value = json.loads(text, parse_constant=str)
    return _whole(value) if _HALF.search(text) else value


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _head(content: bytes, encoding: str, most: int) -> str:
    """The beginning of a body; a character that the cut goes through is left out."""
    if encoding == "base64":
        return body_head(content[:most], encoding)
    text = content[:most].decode("utf-8", "replace")
    return text.rstrip("\ufffd") if len(content) > most else text


def _is_text(content: bytes) -> bool:
    """True for UTF-8, of which the last character may be cut in two."""
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(content)
    except UnicodeDecodeError:
        return False
    return True


def _range(wanted: str | None, query: BodyQuery, size: int) -> tuple[int, int]:
    """From where to where. Raises RangeNotSatisfiable for what begins behind the end."""
    start = query.offset
    end = size if query.length is None else min(size, start + query.length)
    header = None if wanted is None else _RANGE.fullmatch(wanted.replace(" ", ""))
    if header is not None and any(header.groups()):
        first, last = header.groups()
        if not first:
            start, end = max(0, size - int(last)), size
        elif not last or int(last) >= int(first):
            start, end = int(first), size if not last else min(size, int(last) + 1)
    if start > size or (start == size and header is not None and size > 0):
        raise RangeNotSatisfiable(values={"size": size})
    return start, end
