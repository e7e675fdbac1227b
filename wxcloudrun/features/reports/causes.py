"""Groups the failures of a run by their cause, reading the details of one failure of each look."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.analysis.plain import plain
from wxcloudrun.analysis.signatures import Signature, signature_of
from wxcloudrun.core.db import AnySession
from wxcloudrun.exporters.wording import one_line
from wxcloudrun.features.reports.dao import ReportDao
from wxcloudrun.features.reports.reading import Reader

type Details = Callable[[Sequence[int]], Mapping[int, Mapping[str, Any]]]
_MOST_LOOKS: Final = 400  # details that are read at most; what looks like none of them is a group by its look
_TITLE: Final = 200  # characters


@dataclass(slots=True)
class Group:
    """Failures of one cause, and their numbers in order."""

    cause: Signature
    seqs: list[int] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The cause's, which is the same in every run."""
        return self.cause.key

    @property
    def title(self) -> str:
        """A line that tells the cause."""
        return self.cause.title


@dataclass(frozen=True, slots=True)
class Part:
    """What people took out of a cause: its failures of a case, of a scenario, or of a case in a scenario."""

    key: str
    scenario_id: int | None
    case_id: int | None


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
        cause = cause_of(rows[0], known.get(rows[0].seq, {}))
        groups.setdefault(cause.key, Group(cause)).seqs.extend(row.seq for row in rows)
    for group in groups.values():
        group.seqs.sort()
    return sorted(groups.values(), key=lambda group: (-len(group.seqs), group.seqs[0]))


def divided(
    groups: Sequence[Group],
    parts: Mapping[str, Sequence[Part]],
    scenario_id: int | None,
    cases: Mapping[int, int | None],
) -> list[Group]:
    """The groups, with what people took out of their causes (`parts`, by key) as groups of their own.

    `cases` are those of the failures by their numbers. Of several parts the one that says scenario and case is taken,
    then that of the case, then that of the scenario.
    """
    found: dict[str, Group] = {}
    for group in groups:
        fit = [one for one in parts.get(group.key, ()) if one.scenario_id in {None, scenario_id}]
        fit.sort(key=lambda one: (one.case_id is None, one.scenario_id is None))
        for seq in group.seqs:
            part = next((one for one in fit if one.case_id in {None, cases.get(seq)}), None) if fit else None
            key = group.key if part is None else part.key
            found.setdefault(key, Group(replace(group.cause, key=key))).seqs.append(seq)
    return sorted(found.values(), key=lambda group: (-len(group.seqs), group.seqs[0]))


class Causes:
    """Groups the failures of runs for those who count them."""

    def __init__(self, session: AnySession, dao: ReportDao | None = None) -> None:
        self._dao = dao or ReportDao(session)

    def of_run(self, project_id: int, run_id: int) -> list[Group]:
        """The groups of a run, as its report tells them. Who calls this has checked every right."""
        return grouped(self._dao.wrong(run_id), Reader(self._dao, project_id, run_id).details)


def cause_of(row: Row[Any], detail: Mapping[str, Any]) -> Signature:
    """What made a step fail; its key is the same in every run."""
    columns = {name: getattr(row, name) for name in ("name", "error_class", "status", "message")}
    found = signature_of({**columns, "detail": detail})
    return replace(found, title=one_line(found.title)[:_TITLE])


def _look(row: Row[Any]) -> tuple[object, ...]:
    """What a result's columns tell of its cause; what looks alike has one cause."""
    return row.case_id, row.name, row.phase, row.error_class, row.status, plain(row.message or "")
