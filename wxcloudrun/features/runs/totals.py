"""The numbers of a run over all its workers: what the engine's summary knows of the last one only."""

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Row

from wxcloudrun.features.runs.packing import PackedResult

if TYPE_CHECKING:
    from wxcloudrun.engine.result.result import RunSummary

_LONGEST_SUMMARY = 1_000_000


@dataclass(slots=True)
class Totals:
    """Results by outcome, requests, and the times of answers in milliseconds."""

    results: int = 0
    passed: int = 0
    failed: int = 0
    error: int = 0
    skipped: int = 0
    after_retry: int = 0
    requests: int = 0
    answers: int = 0
    sum_ms: float = 0.0
    min_ms: float | None = None
    max_ms: float | None = None
    detail_bytes: int = 0

    @classmethod
    def of(cls, run: Row[Any], answers: int) -> Self:
        """Those of a run whose results so far had that many answers."""
        same = ("passed", "failed", "error", "skipped", "after_retry", "requests", "min_ms", "max_ms", "detail_bytes")
        sum_ms = (run.mean_ms or 0.0) * answers
        return cls(run.stored, answers=answers, sum_ms=sum_ms, **{name: getattr(run, name) for name in same})

    def copy(self) -> Self:
        """As they are now."""
        return type(self)(*[getattr(self, one.name) for one in fields(self)])

    def add(self, result: PackedResult) -> None:
        """Count one more result."""
        self.results += 1
        setattr(self, result.outcome, getattr(self, result.outcome) + 1)
        self.after_retry += result.after_retry
        self.requests += result.requests
        self.detail_bytes += len(result.row["detail"])
        took = result.took_ms
        if took is not None:
            self.answers += 1
            self.sum_ms += took
            self.min_ms = took if self.min_ms is None else min(self.min_ms, took)
            self.max_ms = took if self.max_ms is None else max(self.max_ms, took)

    def columns(self) -> dict[str, Any]:
        """As the run's row holds them."""
        return {
            "stored": self.results,
            "passed": self.passed,
            "failed": self.failed,
            "error": self.error,
            "skipped": self.skipped,
            "after_retry": self.after_retry,
            "requests": self.requests,
            "min_ms": self.min_ms,
            "mean_ms": self.sum_ms / self.answers if self.answers else None,
            "max_ms": self.max_ms,
            "detail_bytes": self.detail_bytes,
        }

    def summary(self, outcome: str, reason: str | None, engine: "RunSummary | None" = None) -> str:
        """The run's summary as JSON: what the engine tells, if it came so far, with these numbers."""
        data: dict[str, Any] = engine.to_json() if engine is not None else {}
        numbers = self.columns()
        numbers["passed_after_retry"] = numbers.pop("after_retry")
        numbers["total"] = numbers.pop("stored")
        del numbers["detail_bytes"]
        done = self.passed + self.failed + self.error
        data |= {"outcome": outcome, "reason": reason, **numbers, "success_rate": self.passed / done if done else 1.0}
        text = json.dumps(data)
        if len(text) > _LONGEST_SUMMARY:  # the values are in the results too
            text = json.dumps({**data, "variables": [], "outputs": {}, "left_out": True})
        return text
