"""How outcomes of cases and durations stand in columns, and are read again."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.analysis.durations import Histogram
from wxcloudrun.analysis.flaky import Past

KEPT: Final = 50
MOST_CAUSES: Final = 50  # of a day


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave of a case: as `analysis.flaky` takes it, with its duration in milliseconds."""

    past: Past
    duration_ms: float


def outcomes_of(text: str) -> list[Outcome]:
    """The outcomes that a column holds, the oldest first."""
    rows: list[list[Any]] = json.loads(text)
    return [
        Outcome(Past(bool(passed), version, target, bool(retry), bool(incident), run_id), took)
        for run_id, passed, version, target, retry, incident, took in rows
    ]


def outcomes_text(outcomes: Sequence[Outcome]) -> str:
    """The newest fifty as a column holds them."""
    rows = [
        [
            p.run_id,
            int(p.passed),
            p.case_version,
            p.target,
            int(p.after_retry),
            int(p.incident),
            round(one.duration_ms, 1),
        ]
        for one in outcomes[-KEPT:]
        for p in (one.past,)
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def last_good(run: Row[Any] | None) -> dict[str, Any]:
    """The columns of a cause that name the last run that passed; None: there is none."""
    return {"last_good_run_id": None, "last_good_at": None} if run is None else {
        "last_good_run_id": run.id, "last_good_at": run.ended_at,
    }  # fmt: skip


def causes_of(text: str | None) -> Counter[int]:
    """Failures by their own causes as a day's column holds them; those of no cause that is told apart are at 0."""
    return Counter({int(number): count for number, count in json.loads(text or "{}").items()})


def causes_text(found: Mapping[int, int]) -> str:
    """The causes as a day's column holds them: the fifty with most failures, and the rest together."""
    first = sorted((number for number in found if number), key=lambda number: (-found[number], number))[:MOST_CAUSES]
    rest = sum(count for number, count in found.items() if number not in first)
    kept = {str(number): found[number] for number in sorted(first)} | ({"0": rest} if rest else {})
    return json.dumps(kept, separators=(",", ":"))


def histogram_of(text: str) -> Histogram:
    """The histogram that a column holds."""
    return {int(bucket): count for bucket, count in json.loads(text).items()}


def histogram_text(found: Mapping[int, int]) -> str:
    """The histogram as a column holds it."""
    return json.dumps({str(bucket): found[bucket] for bucket in sorted(found)}, separators=(",", ":"))
