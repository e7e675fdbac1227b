"""Compares what two runs were answered and with which variables they asked, reading a bounded number of results."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.analysis.comparison import Name
from wxcloudrun.analysis.shapes import shape_changes, shape_of
from wxcloudrun.analysis.variables import VariableChange, variable_changes
from wxcloudrun.core.db import AnySession
from wxcloudrun.exporters.report import ChangedShape, ChangedVariable
from wxcloudrun.features.reports.comparison import speaking
from wxcloudrun.features.reports.dao import ReportDao
from wxcloudrun.features.runs.models import StepOutcome
from wxcloudrun.features.runs.results import put_back, read_json, unpacked

MOST_PAIRS: Final = 500
_AT_ONCE: Final = 50
_LARGEST: Final = 256 * 1024  # bytes of an answer whose shape is looked at
_MOST_BYTES: Final = 16 * 1024 * 1024  # of all of them together
_NO_JSON: Final = object()

type Pair = tuple[Row[Any], Row[Any]]
"""The result of a step in the later run, and in the earlier one."""


@dataclass(slots=True)
class Differences:
    """Steps whose answers have another shape, variables with other values, and how many steps were not looked at."""

    shapes: list[ChangedShape] = field(default_factory=list)
    variables: list[ChangedVariable] = field(default_factory=list)
    not_looked_at: int = 0


class Differing:
    """Looks at the details of steps that two runs have in common. Who calls this has checked every right."""

    def __init__(self, dao: ReportDao) -> None:
        self._dao = dao

    @classmethod
    def of(cls, session: AnySession) -> "Differing":
        """One for whoever has no questions about reports."""
        return cls(ReportDao(session))

    def between(
        self,
        runs: tuple[Row[Any], Row[Any]],
        now: Iterable[Row[Any]],
        then: Iterable[Row[Any]],
        first: Collection[Name] = (),
        most: int = MOST_PAIRS,
    ) -> Differences:
        """What is different in the later of the two runs (the first one); `now` and `then` are their results.

        Looked at are the steps of `first`, and of the others the first `most`. A step is not looked at either when an
        answer that differs is cut or longer than 256 KiB, or 16 MiB of answers were read.
        """
        before = speaking(then)
        both = {name: (row, before[name]) for name, row in speaking(now).items() if name in before}
        carried = {name: pair for name, pair in both.items() if StepOutcome.SKIPPED not in {p.outcome for p in pair}}
        always = set(first)
        others = [name for name in carried if name not in always]
        wanted = always | set(others[:most])
        look = _Look(self._dao, runs, len(others) - len(others[:most]))
        for some in batched([pair for name, pair in carried.items() if name in wanted], _AT_ONCE):
            look.at(some)
        return look.found()


class _Look:
    """Looks at pairs of results, and gathers what is different."""

    def __init__(self, dao: ReportDao, runs: tuple[Row[Any], Row[Any]], left_out: int) -> None:
        self._dao, self._runs = dao, runs
        self._left = _MOST_BYTES
        self._found = Differences(not_looked_at=left_out)
        self._variables: dict[VariableChange, list[str]] = {}

    def at(self, pairs: Sequence[Pair]) -> None:
        """Some of them."""
        now_of, then_of = (
            self._details(run.id, [pair[side].seq for pair in pairs]) for side, run in enumerate(self._runs)
        )
        told = [(now, now_of.get(now.seq, {}), then_of.get(then.seq, {})) for now, then in pairs]
        for line, now, then in told:
            for change in variable_changes(then.get("variables") or (), now.get("variables") or ()):
                self._variables.setdefault(change, []).append(line.name)
        self._shapes([(line, now, then) for line, now, then in told if _differ(now, then)])

    def found(self) -> Differences:
        """All of it."""
        self._found.variables = [ChangedVariable(c, names[0], len(names)) for c, names in self._variables.items()]
        return self._found

    def _details(self, run_id: int, seqs: Sequence[int]) -> dict[int, dict[str, Any]]:
        return {seq: unpacked(row.detail) for seq, row in self._dao.results(run_id, seqs).items()}

    def _shapes(self, told: Sequence[tuple[Row[Any], dict[str, Any], dict[str, Any]]]) -> None:
        """What became of the shapes of these answers, whose bodies differ."""
        fit = [one for one in told if self._fits(one[1], one[2])]
        self._found.not_looked_at += len(told) - len(fit)
        refs = {detail["response"]["body"].get("ref") for _, *both in fit for detail in both} - {None}
        kept = self._dao.bodies(self._runs[0].project_id, sorted(refs)) if refs else {}
        for line, now, then in fit:
            values = [_value(detail, kept) for detail in (then, now)]
            if _NO_JSON in values:
                continue
            before, after = (shape_of(value) for value in values)
            if before is None or after is None:
                self._found.not_looked_at += 1
            elif changes := shape_changes(before, after):
                self._found.shapes.append(ChangedShape(line.seq, line.name, line.dataset, tuple(changes)))

    def _fits(self, now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
        bodies = [detail["response"]["body"] for detail in (now, then)]
        size = sum(body["size"] for body in bodies)
        if self._left < size or any(body["truncated"] or body["size"] > _LARGEST for body in bodies):
            return False
        self._left -= size
        return True


def _differ(now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    """True for two answers that seem to be JSON and are not the same bytes."""
    if not (_is_json(now) and _is_json(then)):
        return False
    one, other = (detail["response"]["body"] for detail in (now, then))
    same_bytes = bool(one["sha256"]) and one["sha256"] == other["sha256"]
    return not same_bytes and ("ref" not in one or one["ref"] != other.get("ref"))


def _is_json(detail: Mapping[str, Any]) -> bool:
    """By its type, or by its beginning where that is at hand; plain text may be some too, as WeChat sends it."""
    response = detail.get("response")
    if not response or not response.get("body") or response["body"]["encoding"] != "text":
        return False
    kind = next((value.lower() for name, value in response["headers"] if name.lower() == "content-type"), "")
    head = response["body"].get("head")
    if "json" in kind or head is not None:
        return "json" in kind or str(head).lstrip()[:1] in {"{", "["}
    return not kind or kind.startswith("text/plain")


def _value(detail: dict[str, Any], kept: Mapping[str, bytes]) -> Any:
    """What an answer holds; `_NO_JSON` for what is no JSON after all."""
    put_back({"request": None, "response": detail["response"]}, kept, _LARGEST)
    try:
        return read_json(detail["response"]["body"].get("head") or "")
    except (ValueError, RecursionError):
        return _NO_JSON
