"""What a pipeline is told: from an ended run, its report and its comparison, by the gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wxcloudrun.ci.options import Gates

PASSED, FAILED, WRONG_USE, INFRASTRUCTURE, CANCELED = range(5)
WORDS = ("PASSED", "FAILED", "WRONG USE", "ERROR", "CANCELED")


@dataclass(frozen=True)
class Facts:
    """What the service says of an ended run. `comparison` is None where there is no green run to compare with."""

    run: Mapping[str, Any]
    totals: Mapping[str, Any] = field(default_factory=dict)
    comparison: Mapping[str, Any] | None = None
    failures: Sequence[Mapping[str, Any]] = ()  # results with their explanations, the first ones
    causes: Sequence[Mapping[str, Any]] = ()  # of failures, as reports group them: the first ones
    cause_count: int = 0
    quarantined: frozenset[int] = frozenset()  # cases whose failures stop no pipeline

    @property
    def excused(self) -> int:
        """Failures, as far as they are known here, of cases in quarantine."""
        return sum(one.get("case_id") in self.quarantined for one in self.failures)


@dataclass(frozen=True)
class Verdict:
    """The exit code, and a sentence for each gate that holds or does not."""

    code: int
    reasons: tuple[str, ...]

    @property
    def word(self) -> str:
        """The first word of the last lines."""
        return WORDS[self.code]


def judged(facts: Facts, gates: Gates) -> Verdict:
    """The verdict. With gates a failed run may be good enough; one that was canceled or broke never is."""
    state = facts.run["state"]
    if state == "canceled":
        return Verdict(CANCELED, ("the run was canceled",))
    if state == "error" and not facts.run["counts"]["failed"] and not _ran(facts):
        return Verdict(INFRASTRUCTURE, (f"the run could not be carried out: {facts.run.get('reason') or 'no reason'}",))
    bad = facts.run["counts"]["failed"] + facts.run["counts"]["error"] - facts.excused
    if not gates.any and state in {"failed", "error"} and facts.excused and not bad:
        return Verdict(PASSED, (f"{facts.excused} failures, all of cases in quarantine",))
    if not gates.any:
        code = {"passed": PASSED, "failed": FAILED}.get(state, INFRASTRUCTURE)
        return Verdict(code, () if facts.run.get("reason") is None else (str(facts.run["reason"]),))
    told = [one for one in (_rate(facts, gates), _new(facts, gates), _quick(facts, gates)) if one is not None]
    return Verdict(PASSED if all(holds for holds, _ in told) else FAILED, tuple(text for _, text in told))


def _ran(facts: Facts) -> int:
    counts = facts.run["counts"]
    return int(counts["passed"] + counts["failed"] + counts["error"])


def _rate(facts: Facts, gates: Gates) -> tuple[bool, str] | None:
    if gates.min_pass_rate is None:
        return None
    ran = _ran(facts) - facts.excused
    rate = 100.0 * facts.run["counts"]["passed"] / ran if ran else 0.0
    holds = rate >= gates.min_pass_rate
    return holds, f"pass rate {rate:.1f} % ({'at least' if holds else 'less than'} {gates.min_pass_rate:g} %)"


def _new(facts: Facts, gates: Gates) -> tuple[bool, str] | None:
    if not gates.no_new_failures:
        return None
    if facts.comparison is None:
        failed = facts.run["counts"]["failed"] + facts.run["counts"]["error"] - facts.excused
        return failed == 0, f"{failed} failures, and no green run to compare with"
    listed = facts.comparison.get("new_failures", ())
    new = facts.comparison["counts"]["new_failures"] - sum(one.get("case_id") in facts.quarantined for one in listed)
    return new == 0, f"{new} new failures since run {facts.comparison['baseline']['run_id']}"


def _quick(facts: Facts, gates: Gates) -> tuple[bool, str] | None:
    if gates.max_p95_ms is None:
        return None
    p95 = facts.totals.get("p95_ms")
    if p95 is None:
        return False, "no step has a duration, so that p95 is not known"
    holds = p95 <= gates.max_p95_ms
    return holds, f"p95 {p95:.0f} ms ({'at most' if holds else 'more than'} {gates.max_p95_ms:g} ms)"
