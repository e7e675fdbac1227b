"""Audit entries and their chain, with a stand-in for the table."""

import dataclasses
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from wxcloudrun.core.actor import SYSTEM, Actor
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.audit.schemas import AuditQuery
from wxcloudrun.features.audit.service import AuditService


@dataclasses.dataclass
class FakeAuditDao:
    """The table, in memory."""

    rows: list[Any] = dataclasses.field(default_factory=list)

    def add(self, values: dict[str, object]) -> None:
        self.rows.append(AuditEntry(id=len(self.rows) + 1, **values))

    def waiting(self) -> bool:
        return any(row.seal is None for row in self.rows)

    def unsealed(self, size: int) -> list[Any]:
        return [row for row in self.rows if row.seal is None][:size]

    def tip(self) -> Any:
        return max((row for row in self.rows if row.seal), key=lambda row: row.seal, default=None)

    def seal(self, links: list[dict[str, Any]]) -> None:
        for link in links:
            row = next(row for row in self.rows if row.id == link["entry"])
            row.seal, row.hash = link["seal"], link["hash"]

    def chain(self, after: int, size: int) -> list[Any]:
        return sorted((row for row in self.rows if (row.seal or 0) > after), key=lambda row: row.seal)[:size]

    def page(self, wanted: Any, before: Any, size: int) -> list[Any]:
        found = [row for row in self.rows if before is None or row.id < before]
        return sorted(found, key=lambda row: -row.id)[:size]


@pytest.fixture
def table() -> FakeAuditDao:
    return FakeAuditDao()


@pytest.fixture
def audit(table: FakeAuditDao) -> AuditService:
    moments = iter(datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=number) for number in range(10_000))
    clock: Any = SimpleNamespace(now=lambda: next(moments))
    entries: Any = table
    return AuditService(Session(create_engine("sqlite://")), clock, entries)


def _write(audit: AuditService, count: int) -> None:
    for number in range(count):
        audit.record(Actor(7, request_id="r-1"), "case.changed", ("case", number), {"a": 1}, {"a": 2})


def test_an_entry_says_who_what_and_when(audit: AuditService, table: FakeAuditDao):
    _write(audit, 1)
    row = table.rows[0]
    assert (row.actor_id, row.action, row.target_type, row.target_id) == (7, "case.changed", "case", 0)
    assert (row.request_id, row.before, row.after) == ("r-1", '{"a": 1}', '{"a": 2}')


def test_states_are_written_masked_and_always_alike(audit: AuditService, table: FakeAuditDao):
    audit.record(SYSTEM, "x", ("y", None), None, {"b": 1, "a": {"password": "hidden", "list": [{"token": "hidden"}]}})
    assert table.rows[0].after == '{"a": {"list": [{"token": "***"}], "password": "***"}, "b": 1}'
    assert table.rows[0].before is None


def test_a_long_chain_is_sealed_in_batches_and_holds(audit: AuditService):
    _write(audit, 1203)
    sealed = []
    while number := audit.seal():
        sealed.append(number)
    assert sealed == [500, 500, 203]
    verdict = audit.verify()
    assert (verdict.links, verdict.faults) == (1203, ())


@pytest.mark.parametrize(
    "field", ["action", "target_type", "target_id", "actor_id", "request_id", "before", "after", "at"]
)
def test_every_fact_of_an_entry_is_in_its_link(audit: AuditService, table: FakeAuditDao, field: str):
    _write(audit, 3)
    audit.seal()
    altered = datetime(2031, 1, 1, tzinfo=UTC) if field == "at" else 99 if field.endswith("_id") else "altered"
    setattr(table.rows[1], field, altered)
    faults = audit.verify().faults
    assert len(faults) == 1
    assert "audit entry 2 " in faults[0]


def test_an_altered_hash_breaks_the_next_link_too(audit: AuditService, table: FakeAuditDao):
    _write(audit, 3)
    audit.seal()
    table.rows[0].hash = "f" * 64
    assert len(audit.verify().faults) == 2


def test_removed_entries_are_named_by_their_places(audit: AuditService, table: FakeAuditDao):
    _write(audit, 6)
    audit.seal()
    del table.rows[2:4]
    assert "3 to 4 were removed" in audit.verify().faults[0]


def test_a_list_goes_on_where_it_stopped(audit: AuditService):
    _write(audit, 5)
    first = audit.page(AuditQuery(size=3))
    second = audit.page(AuditQuery(size=3, cursor=first.next))
    assert [entry.id for entry in first.items] == [5, 4, 3]
    assert [entry.id for entry in second.items] == [2, 1]
    assert second.next is None
    assert first.items[0].after == {"a": 2}
    assert first.items[0].sealed is False
