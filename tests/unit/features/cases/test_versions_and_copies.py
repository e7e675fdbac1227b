"""Names that somebody else takes first, and the order of things, with everything around the service made up."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.features.projects.stand_ins import FakeAudit
from tests.unit.features.users.stand_ins import START, FakeRow, FakeSession
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.errors import InvalidInput
from wxcloudrun.features.cases.copies import CaseCopies, CopyHooks
from wxcloudrun.features.cases.errors import CaseInUse, CaseNameTaken, CaseVersionNotFound
from wxcloudrun.features.cases.exchange import CaseCopied, CaseMoved
from wxcloudrun.features.cases.models import CaseStatus, Visibility
from wxcloudrun.features.cases.versions import VersionService

ACTOR = Actor(1)
FIELDS = {"folder": "", "name": "made", "description": "", "creator_only": False, "owner_id": 1, "position": 0}
LISTS = {name: [] for name in ("extractions", "assertions", "before", "after")}
NONE = {name: None for name in ("idempotency_header", "condition", "retry", "poll")}
CONTENT = {
    "request": {"url": "/"},
    "expected": {},
    **LISTS,
    "idempotent": False,
    **NONE,
    "dataset": {"mode": "default"},
}


def row(**values: Any) -> FakeRow:
    own = {
        "id": 7,
        "project_id": 1,
        "creator_id": 1,
        "version": 3,
        "deleted_at": None,
        "content": json.dumps(CONTENT),
        "tags": "[]",
    }
    words = {"status": CaseStatus.DONE, "visibility": Visibility.PROJECT, "secrets": None}
    return FakeRow(**{**FIELDS, **own, **words, **values})


class House:
    """The service with what it leans on; `taken` are names that somebody takes just before they are written."""

    def __init__(self, case: FakeRow, taken: tuple[str, ...] = (), in_use: tuple[str, ...] = ()) -> None:
        self.session = FakeSession()
        self.added: list[dict[str, Any]] = []
        self.asked: list[tuple[Any, ...]] = []
        self.taken = set(taken)
        membership = SimpleNamespace(project=SimpleNamespace(id=1), may=lambda right: True)
        self.access = SimpleNamespace(require=self._require(membership), has_member=lambda project, person: True)
        self.cases = SimpleNamespace(
            require=lambda *facts, **more: SimpleNamespace(row=case, membership=membership),
            may_edit=lambda *facts: True,
            may_run=lambda *facts: True,
        )
        self.records = SimpleNamespace(held=lambda row: {}, held_then=lambda version: {}, add=self._add)
        viewed: Any = SimpleNamespace(view=lambda actor, project, number: {"id": number})
        hooks = CopyHooks(copied=self._copied, moved=lambda number: (), in_use=lambda number: in_use)
        library: Any = SimpleNamespace(taken=lambda *place: set())
        made: Any = (self.session, FakeAudit(), self.access, self.cases, self.records, viewed, hooks, library)
        self.copies = CaseCopies(*made)

    def _require(self, membership: Any) -> Any:
        return lambda *facts, **more: self.asked.append(facts) or membership

    def _add(self, actor: Actor, project: int, fields: dict[str, Any], *more: Any) -> int:
        if fields["name"] in self.taken:
            self.taken.discard(fields["name"])
            raise CaseNameTaken
        self.added.append(fields)
        return 8

    def _copied(self, old: int, new: int, whole: bool) -> tuple[str, ...]:
        self.asked.append(("copied", old, new, whole))
        return ("of_a_dataset",)


def test_a_name_that_was_taken_meanwhile_is_found_anew_in_a_transaction_of_its_own():
    house = House(row(), taken=("made 副本",))
    copy = house.copies.copy(ACTOR, 1, 7, CaseCopied(), "zh")
    assert len(house.added) == 1
    assert house.session.commits == 1
    assert house.session.rollbacks >= 2, "one to begin with, one for what was not kept"
    assert ("copied", 7, 8, True) in house.asked
    assert any("of_a_dataset" in one for one in copy.warnings)


def test_a_name_that_was_asked_for_is_not_changed():
    house = House(row(), taken=("wanted",))
    with pytest.raises(CaseNameTaken):
        house.copies.copy(ACTOR, 1, 7, CaseCopied(name="wanted"), "zh")
    assert house.added == []


def test_datasets_of_somebody_elses_case_go_without_credentials():
    house = House(row(creator_only=True, creator_id=2))
    house.copies.copy(ACTOR, 1, 7, CaseCopied(), "zh")
    assert ("copied", 7, 8, False) in house.asked


def test_a_case_in_use_is_told_with_few_names():
    house = House(row(), in_use=tuple("abcdefgh"))
    with pytest.raises(CaseInUse) as caught:
        house.copies.move(ACTOR, 1, 7, CaseMoved(project_id=2))
    assert caught.value.values == {"scenarios": "a, b, c, d, e"}
    with pytest.raises(InvalidInput):
        house.copies.move(ACTOR, 1, 7, CaseMoved(project_id=1))


def versions(*rows: FakeRow) -> VersionService:
    house = House(row())
    asked: Any = SimpleNamespace(several=lambda *facts: rows)
    made: Any = (
        house.session,
        house.access,
        house.cases,
        house.records,
        None,
        lambda project, files: set(files),
        asked,
    )
    return VersionService(*made)


def then(version: int | None, **fields: Any) -> FakeRow:
    whole = {**FIELDS, "tags": [], "status": "done", "visibility": "project", **CONTENT, **fields}
    content = None if version is None else json.dumps(whole)
    return row(then_version=version, then_content=content, then_secrets=None, then_created_at=START)


def test_versions_are_compared_in_the_order_that_was_asked_for():
    service = versions(then(3, name="new"), then(1, name="old"))
    found = service.difference(ACTOR, 1, 7, 1, None)
    assert (found.from_version, found.to_version) == (1, 3)
    assert [(one.path, one.before, one.after) for one in found.items] == [("name", "old", "new")]
    back = service.difference(ACTOR, 1, 7, 3, 1)
    assert [(one.before, one.after) for one in back.items] == [("new", "old")]


def test_a_case_without_that_version_says_so():
    with pytest.raises(CaseVersionNotFound):
        versions(then(None)).difference(ACTOR, 1, 7, 1, None)


def test_what_the_engine_does_not_take_any_more_is_refused_before_anything_is_locked():
    service = versions(then(1, request={"url": "/", "timeouts": {"never": 1}}))
    with pytest.raises(InvalidInput) as caught:
        service.restore(ACTOR, 1, 7, 1)
    assert [fault.field for fault in caught.value.fields] == ["request.timeouts.never"]
