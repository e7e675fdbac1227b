"""Says of a case's history whether it is flaky: proof first, then how often its outcome changed, then "cannot tell"."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

WINDOW: Final = 20
LEAST: Final = 8
_BROKE_AND_MENDED: Final = 2  # changes that a steady case may have too
_SURE: Final = 0.05  # a rate that is higher than this, by the lower end of its interval, is flaky
_Z: Final = 1.28  # one-sided 90 %


class Kind(StrEnum):
    """What a history tells."""

    STEADY_PASS = "steady_pass"  # noqa: S105 - no password
    STEADY_FAIL = "steady_fail"
    REGRESSION = "regression"
    FIXED = "fixed"
    FLAKY = "flaky"
    BORDERLINE = "borderline"


@dataclass(frozen=True, slots=True)
class Past:
    """One outcome of a case: which version of it, what of the target, and whether it passed only after a retry.

    `incident`: many other cases failed at the same time, so that its failure says nothing of the case.
    """

    passed: bool
    case_version: int | None = None
    target: str | None = None
    after_retry: bool = False
    incident: bool = False
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a history tells, why in both languages, and how often outcomes changed: the rate with its interval, 0 to 1.

    `proof` is the run that proves it, where one does.
    """

    kind: Kind
    zh: str
    en: str
    flips: int
    runs: int
    rate: float
    low: float
    high: float
    proof: int | None = None


def verdict(history: Sequence[Past]) -> Verdict:
    """The verdict of a history, the oldest outcome first; the last twenty count."""
    seen = [one for one in history if not (one.incident and not one.passed)][-WINDOW:]
    flips = sum(one.passed != other.passed for one, other in zip(seen, seen[1:], strict=False))
    pairs = max(0, len(seen) - 1)
    low, high = wilson(flips, pairs)
    numbers = {"flips": flips, "runs": len(seen), "rate": flips / pairs if pairs else 0.0, "low": low, "high": high}
    kind, zh, en, proof = _proved(seen) or _judged(seen, flips, low)
    return Verdict(kind, zh, en, proof=proof, **numbers)  # type: ignore[arg-type]


def wilson(count: int, total: int, z: float = _Z) -> tuple[float, float]:
    """The interval in which a rate lies that was seen `count` times of `total`; all of it where nothing was seen."""
    if total <= 0:
        return 0.0, 1.0
    rate = count / total
    middle = (rate + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(rate * (1 - rate) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)


type _Told = tuple[Kind, str, str, int | None]


def _proved(seen: Sequence[Past]) -> _Told | None:
    for one in reversed(seen):
        if one.after_retry and one.passed:
            return Kind.FLAKY, "同一次运行中重试后通过", "passed after a retry in one run", one.run_id
    outcomes: dict[tuple[int, str], set[bool]] = defaultdict(set)
    for one in seen:
        if one.case_version is None or not one.target:
            continue
        both = outcomes[one.case_version, one.target]
        both.add(one.passed)
        if len(both) > 1:
            zh = f"同一用例版本在目标 {one.target} 上既通过又失败"
            return Kind.FLAKY, zh, f"passed and failed with the same case version on {one.target}", one.run_id
    return None


def _judged(seen: Sequence[Past], flips: int, low: float) -> _Told:
    count = len(seen)
    if flips == 0:
        return _steady(seen)
    streaks = _streaks(seen)
    if flips <= _BROKE_AND_MENDED and min(streaks) >= flips + 1:
        passed, last = seen[-1].passed, streaks[-1]
        zh = f"最近连续 {last} 次{'通过' if passed else '失败'}，此前相反"
        en = f"{'passed' if passed else 'failed'} {last} times in a row, before that the contrary"
        return Kind.FIXED if passed else Kind.REGRESSION, zh, en, None
    if count < LEAST:
        zh, en = f"只有 {count} 次结果，至少需要 {LEAST} 次", f"only {count} outcomes; {LEAST} are needed to tell"
        return Kind.BORDERLINE, zh, en, None
    zh, en = f"最近 {count} 次中结果改变了 {flips} 次", f"the outcome changed {flips} times in the last {count} runs"
    if flips > _BROKE_AND_MENDED and low > _SURE:
        return Kind.FLAKY, zh, en, None
    return Kind.BORDERLINE, zh + "，还不能判断", en + ", which does not tell yet", None


def _steady(seen: Sequence[Past]) -> _Told:
    if not seen:
        return Kind.BORDERLINE, "还没有结果", "no outcome yet", None
    count = len(seen)
    if seen[-1].passed:
        return Kind.STEADY_PASS, f"最近 {count} 次全部通过", f"passed in all of the last {count} runs", None
    return Kind.STEADY_FAIL, f"最近 {count} 次全部失败", f"failed in all of the last {count} runs", None


def _streaks(seen: Sequence[Past]) -> list[int]:
    """How long each row of equal outcomes was."""
    return [len(list(some)) for _, some in groupby(seen, key=lambda one: one.passed)]
