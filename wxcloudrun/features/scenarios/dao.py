"""Questions about scenarios and their steps."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Row,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from wxcloudrun.core.catalogue import Ahead, Catalogue, Entry, Found, Known, Wanted
from wxcloudrun.core.dao import Dao, unique
from wxcloudrun.core.db import AnySession, fetch
from wxcloudrun.core.listing import page_of
from wxcloudrun.features.cases.models import Case
from wxcloudrun.features.datasets.models import Dataset, DefaultDataset
from wxcloudrun.features.scenarios.errors import ScenarioNameTaken, StepKeyTaken
from wxcloudrun.features.scenarios.models import Scenario, ScenarioGram, ScenarioStep, ScenarioTerm, ScenarioText
from wxcloudrun.features.scenarios.tree import Move, Node, Slot

_S: Any = Scenario.__table__
_T: Any = ScenarioStep.__table__
_C: Any = Case.__table__
_W: Any = ScenarioTerm.__table__
_D: Any = Dataset.__table__
_M: Any = DefaultDataset.__table__
_CALLED: Any = _S.alias("called")
_COUNT = select(func.count()).where(_T.c.scenario_id == _S.c.id).scalar_subquery().label("steps_count")
_ONE = (_S.c.project_id == bindparam("project"), _S.c.id == bindparam("id"))
_BY_ID = select(_S, _COUNT).where(*_ONE)
_LOCKED = select(_S).where(*_ONE).with_for_update(key_share=True)
_SEVERAL = select(_S).where(_S.c.id.in_(bindparam("ids", expanding=True)))
_NAMES = select(_S.c.name).where(_S.c.project_id == bindparam("project"), _S.c.folder == bindparam("folder"))
_NAME = unique(_S, ScenarioNameTaken)
_KEY = unique(_T, StepKeyTaken)
_LINE = [column for column in _S.c if column.name not in {"content", "secrets", "lane"}]

_ORDER = (
    select(_T.c.id, _T.c.parent_id, _T.c.phase, _T.c.depth, _T.c.kind)
    .where(_T.c.scenario_id == bindparam("scenario"))
    .order_by(_T.c.position, _T.c.id)
)
_KEYS = select(_T.c.key).where(_T.c.scenario_id == bindparam("scenario"))
_CASE = [
    _C.c[name].label(f"case_{name}")
    for name in (
        "project_id",
        "name",
        "method",
        "url",
        "version",
        "visibility",
        "creator_id",
        "creator_only",
        "status",
        "deleted_at",
    )  # fmt: skip
]
_WITH = _T.outerjoin(_C, _C.c.id == _T.c.case_id).outerjoin(_CALLED, _CALLED.c.id == _T.c.called_id)
_JOINED = select(
    _T, *_CASE, _CALLED.c.name.label("called_name"), _CALLED.c.deleted_at.label("called_deleted_at")
).select_from(_WITH)
_STEP = _JOINED.where(_T.c.scenario_id == bindparam("scenario"), _T.c.id == bindparam("id"))
_STEPS = _JOINED.where(_T.c.scenario_id.in_(bindparam("ids", expanding=True))).order_by(
    _T.c.scenario_id, _T.c.position, _T.c.id
)
_CALLS = (
    select(_T.c.scenario_id, _T.c.called_id, func.count().label("steps"))
    .where(_T.c.scenario_id.in_(bindparam("ids", expanding=True)))
    .group_by(_T.c.scenario_id, _T.c.called_id)
)
_CALLERS = (
    select(_T.c.scenario_id, _T.c.called_id, _S.c.name, _S.c.deleted_at)
    .join(_S, _S.c.id == _T.c.scenario_id)
    .where(_T.c.called_id.in_(bindparam("ids", expanding=True)))
    .distinct()
)
_CALLING = select(_T).where(_T.c.called_id == bindparam("called")).order_by(_T.c.id)
_USERS = (
    select(_S.c.id, _S.c.name)
    .join(_T, _T.c.scenario_id == _S.c.id)
    .join(_C, and_(_C.c.id == _T.c.case_id, _C.c.project_id == _S.c.project_id))
    .where(_T.c.case_id == bindparam("case"), _S.c.deleted_at.is_(None))
    .distinct()
    .order_by(_S.c.id)
    .limit(20)
)
_CASES = select(_C).where(_C.c.id.in_(bindparam("ids", expanding=True)))
_DATASETS = (
    select(_D, _M.c.case_id.label("marked"))
    .select_from(_D.outerjoin(_M, _M.c.dataset_id == _D.c.id))
    .where(
        _D.c.case_id.in_(bindparam("ids", expanding=True)),
        or_(_D.c.position <= 3, _D.c.key.in_(bindparam("keys", expanding=True)), _M.c.case_id.is_not(None)),
    )
    .order_by(_D.c.case_id, _D.c.position, _D.c.id)
)


class ScenarioDao(Dao):
    """Reads and writes scenarios. Rows of `get` have `steps_count` too."""

    def __init__(self, session: AnySession) -> None:
        super().__init__(session)
        tables = (ScenarioTerm.__table__, ScenarioGram.__table__, ScenarioText.__table__, Scenario.__table__)
        self._catalogue = Catalogue(session, *tables)  # type: ignore[arg-type]  # declared as FromClause

    def get(self, project_id: int, scenario_id: int) -> Row[Any] | None:
        """A scenario of that project, also from the trash."""
        return self._one(_BY_ID, {"project": project_id, "id": scenario_id})

    def locked(self, project_id: int, scenario_id: int) -> Row[Any] | None:
        """The scenario alone, and nobody else changes it or its steps before this transaction ends."""
        return self._run(_LOCKED, {"project": project_id, "id": scenario_id}).one_or_none()

    def several(self, scenario_ids: Iterable[int]) -> dict[int, Row[Any]]:
        """Scenarios by their numbers, also from the trash."""
        wanted = sorted(set(scenario_ids))
        return {row.id: row for row in fetch(self._session, _SEVERAL, {"ids": wanted})} if wanted else {}

    def names(self, project_id: int, folder: str) -> set[str]:
        """Names that are given in a folder."""
        rows = fetch(self._session, _NAMES, {"project": project_id, "folder": folder})
        return {row.name for row in rows}

    def ahead(self, wanted: Wanted) -> Ahead | None:
        """What has to be known before `page`, as the catalogue says."""
        return self._catalogue.ahead(wanted)

    def page(self, wanted: Wanted, known: Known | None = None) -> Found:
        """A page of the list."""
        return self._catalogue.page(wanted, _LINE, known)

    def add(self, values: Mapping[str, object], entry: Entry) -> int:
        """A new scenario; its number. Raises ScenarioNameTaken."""
        number = self._add(_S, values, _NAME)
        self._catalogue.add({number: entry})
        return number

    def change(self, scenario_id: int, values: Mapping[str, object], entry: Entry) -> None:
        """Change columns, and how it is found. Raises ScenarioNameTaken."""
        self._run(update(_S).where(_S.c.id == scenario_id).values(**values), judge=_NAME)
        self._catalogue.put(scenario_id, entry)

    def count_run(self, scenario_ids: Iterable[int]) -> None:
        """One more run of each."""
        where = _S.c.id.in_(sorted(set(scenario_ids)))
        self._run(update(_S).where(where).values(run_count=_S.c.run_count + 1))

    def touch(self, scenario_id: int, version: int, now: datetime) -> None:
        """Its steps were changed: the version rises."""
        self._run(update(_S).where(_S.c.id == scenario_id).values(version=version, updated_at=now))
        self._run(update(_W).where(_W.c.item_id == scenario_id).values(updated_at=now))


class StepDao(Dao):
    """Reads and writes steps. Rows have columns of their case as `case_...`, of the called scenario as `called_...`."""

    def nodes(self, scenario_id: int) -> list[Node]:
        """All steps of a scenario in order, as far as order goes."""
        return [Node(*row) for row in fetch(self._session, _ORDER, {"scenario": scenario_id})]

    def keys(self, scenario_id: int) -> set[str]:
        """Keys that are given in a scenario."""
        return {row.key for row in fetch(self._session, _KEYS, {"scenario": scenario_id})}

    def get(self, scenario_id: int, step_id: int) -> Row[Any] | None:
        """A step of that scenario."""
        return self._one(_STEP, {"scenario": scenario_id, "id": step_id})

    def page(self, scenario_id: int, offset: int, size: int) -> tuple[list[Row[Any]], int]:
        """Steps in order, and how many there are in all."""
        return page_of(self._session, _JOINED.where(_T.c.scenario_id == scenario_id), "position", offset, size)

    def of(self, scenario_ids: Iterable[int]) -> Sequence[Row[Any]]:
        """All steps of these scenarios, each scenario's in order."""
        wanted = sorted(set(scenario_ids))
        return fetch(self._session, _STEPS, {"ids": wanted}) if wanted else []

    def add(self, values: Mapping[str, object]) -> int:
        """A new step; its number. There is room at its position. Raises StepKeyTaken."""
        return self._add(_T, values, _KEY)

    def add_all(self, rows: Sequence[Mapping[str, object]]) -> None:
        """New steps; there is room at their positions."""
        self._session.connection().execute(insert(_T), [dict(row) for row in rows])

    def at(self, scenario_id: int, depth: int) -> dict[int, int]:
        """Numbers of the steps of that depth, by position."""
        query = select(_T.c.position, _T.c.id).where(_T.c.scenario_id == scenario_id, _T.c.depth == depth)
        return {row.position: row.id for row in fetch(self._session, query)}

    def change(self, step_id: int, values: Mapping[str, object]) -> None:
        """Change columns. Raises StepKeyTaken."""
        self._run(update(_T).where(_T.c.id == step_id).values(**values), judge=_KEY)

    def make_room(self, scenario_id: int, position: int, by: int) -> None:
        """Let the steps from that position on stand so much later, or with a negative number earlier."""
        where = (_T.c.scenario_id == scenario_id, _T.c.position >= position)
        self._run(update(_T).where(*where).values(position=_T.c.position + by))

    def remove(self, scenario_id: int, positions: range) -> None:
        """Remove the steps at these positions, and close the gap."""
        inside = (_T.c.position >= positions.start, _T.c.position < positions.stop)
        self._run(delete(_T).where(_T.c.scenario_id == scenario_id, *inside))
        self.make_room(scenario_id, positions.stop, -len(positions))

    def move(self, scenario_id: int, step_id: int, move: Move) -> None:
        """Carry out a move, in one statement."""
        touched, slot = move.touched, move.slot
        moves = and_(_T.c.position >= move.start, _T.c.position < move.end)
        where = (_T.c.scenario_id == scenario_id, _T.c.position >= touched.start, _T.c.position < touched.stop)
        # `position` comes last: MySQL and MariaDB read what they have just written in the same statement.
        self._run(
            update(_T)
            .where(*where)
            .ordered_values(
                (_T.c.parent_id, case((_T.c.id == step_id, _parent(slot)), else_=_T.c.parent_id)),
                (_T.c.phase, case((moves, literal(slot.phase, _T.c.phase.type)), else_=_T.c.phase)),
                (_T.c.depth, case((moves, _T.c.depth + move.deeper), else_=_T.c.depth)),
                (_T.c.position, _T.c.position + case((moves, move.by), else_=move.others_by)),
            )
        )

    def calls(self, scenario_ids: Iterable[int]) -> Sequence[Row[Any]]:
        """How many `steps` of `scenario_id` call `called_id` (None: call nothing)."""
        return fetch(self._session, _CALLS, {"ids": sorted(set(scenario_ids))})

    def callers(self, scenario_ids: Iterable[int]) -> Sequence[Row[Any]]:
        """Which `scenario_id` (`name`, `deleted_at`) calls which `called_id`."""
        return fetch(self._session, _CALLERS, {"ids": sorted(set(scenario_ids))})

    def calling(self, scenario_id: int) -> Sequence[Row[Any]]:
        """Steps that call this scenario, those of scenarios in the trash too: the columns of the table alone."""
        return fetch(self._session, _CALLING, {"called": scenario_id})

    def users_of(self, case_id: int) -> list[str]:
        """Names of scenarios of its project, twenty at most, none from the trash, that have a step with this case."""
        return [row.name for row in fetch(self._session, _USERS, {"case": case_id})]

    def cases(self, case_ids: Iterable[int]) -> dict[int, Row[Any]]:
        """Cases by their numbers, with the marks that stand for their credentials."""
        wanted = sorted(set(case_ids))
        return {row.id: row for row in fetch(self._session, _CASES, {"ids": wanted})} if wanted else {}

    def datasets(self, case_ids: Iterable[int], keys: Iterable[str]) -> Sequence[Row[Any]]:
        """Some datasets of these cases: the first three, the default one (`marked`), and those of these keys."""
        wanted = sorted(set(case_ids))
        return fetch(self._session, _DATASETS, {"ids": wanted, "keys": sorted(set(keys))}) if wanted else []


def _parent(slot: Slot) -> Any:
    return literal(slot.parent_id, _T.c.parent_id.type)
