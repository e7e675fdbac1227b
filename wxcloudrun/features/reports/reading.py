"""Reads the results of a run in the plan's order, a page at a time: nothing is held while a client is slow."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.analysis.evidence import MOST_READ
from wxcloudrun.exporters.report import StepFacts
from wxcloudrun.features.reports.dao import ReportDao
from wxcloudrun.features.runs.results import MOST_SHOWN, bodies_apart, put_back, unpacked

_AT_ONCE: Final = 100
_BODIES_AT_ONCE: Final = 4 * 1024 * 1024  # bytes, before compression
_LARGEST: Final = 8 * 1024 * 1024

type Wanted = Callable[[Row[Any]], bool]
"""Whether the bodies of a result are wanted."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What people said of failures: cases that stop no pipeline, and numbers of results whose cause is known."""

    quarantined: Collection[int] = ()
    known: Collection[int] = ()


class Reader:
    """Reads results of one run, with what was said of them."""

    def __init__(self, dao: ReportDao, project_id: int, run_id: int, marks: Marks | None = None) -> None:
        self._dao = dao
        self._project_id, self._run_id = project_id, run_id
        self._marks = marks or Marks()

    def steps(self, bodies: Wanted) -> Iterator[StepFacts]:
        """All of them in the plan's order. Each question is asked for itself, when its page is wanted."""
        for some in batched(self._dao.order(self._run_id), _AT_ONCE):
            yield from self.some(some, bodies)

    def some(self, seqs: Sequence[int], bodies: Wanted, most: int = MOST_SHOWN) -> Iterator[StepFacts]:
        """Those with these numbers, in this order, of bodies so many bytes; one that is gone is left out."""
        rows = self._dao.results(self._run_id, seqs)
        waiting: list[tuple[Row[Any], dict[str, Any]]] = []
        size = 0
        for row in (rows[seq] for seq in seqs if seq in rows):
            detail = unpacked(row.detail)
            waiting.append((row, detail))
            size += _size(detail) if bodies(row) else 0
            if size > _BODIES_AT_ONCE:
                yield from self._told(waiting, bodies, most)
                waiting, size = [], 0
        yield from self._told(waiting, bodies, most)

    def details(self, seqs: Sequence[int]) -> dict[int, Mapping[str, Any]]:
        """What the engine tells of results by their numbers; of answers also the bodies that may tell an error."""
        found: dict[int, Mapping[str, Any]] = {}
        for some in batched(seqs, _AT_ONCE):
            details = {seq: unpacked(row.detail) for seq, row in self._dao.results(self._run_id, some).items()}
            answers = [one["response"]["body"] for one in details.values() if one.get("response") is not None]
            refs = {body["ref"] for body in answers if "ref" in body and body["size"] <= MOST_READ}
            kept = self._dao.bodies(self._project_id, sorted(refs)) if refs else {}
            for detail in details.values():
                put_back(detail, kept)
            found |= details
        return found

    def _told(
        self, waiting: Sequence[tuple[Row[Any], dict[str, Any]]], bodies: Wanted, most: int
    ) -> Iterator[StepFacts]:
        refs = {one["ref"] for row, detail in waiting if bodies(row) for one in bodies_apart(detail)}
        kept = self._bodies(refs) if refs else {}
        for row, detail in waiting:
            put_back(detail, kept, most)
            yield self._facts(row, detail)

    def _bodies(self, refs: Collection[str]) -> dict[str, bytes]:
        """Compressed bodies; of the largest only their sizes are told."""
        sizes = self._dao.sizes(self._project_id, self._run_id, refs)
        wanted = [ref for ref, size in sizes.items() if size <= _LARGEST]
        return self._dao.bodies(self._project_id, wanted) if wanted else {}

    def _facts(self, row: Row[Any], detail: dict[str, Any]) -> StepFacts:
        return StepFacts(
            seq=row.seq,
            path=row.path,
            phase=row.phase,
            kind=row.kind,
            name=row.name,
            outcome=row.outcome.name.lower(),
            started_at=row.started_at,
            duration_ms=row.duration_ms,
            trail=tuple(detail.get("trail") or ()),
            dataset=row.dataset,
            iteration=detail.get("iteration"),
            case_id=row.case_id,
            error_class=row.error_class,
            status=row.status,
            message=row.message,
            explanation=detail.pop("explanation", None),
            detail=detail,
            known=row.seq in self._marks.known,
            muted=row.case_id is not None and row.case_id in self._marks.quarantined,
        )


def _size(detail: dict[str, Any]) -> int:
    return sum(min(body["size"], _LARGEST) for body in bodies_apart(detail))
