"""Files of a project: where their bytes go when something fails, and how their names leave."""

from typing import Any
from urllib.parse import unquote

import pytest

from tests.unit.features.projects.stand_ins import FakeAudit, FakeMemberDao
from tests.unit.features.users.stand_ins import START, FakeClock, FakeRow, FakeSession
from tests.unit.features.users.stores import FakeFileDao, FakeStore
from wxcloudrun.core.actor import Actor
from wxcloudrun.features.files.controller import attachment
from wxcloudrun.features.files.errors import FileInUse, TooManyFiles
from wxcloudrun.features.files.service import FileService, Sent
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.projects.errors import RightRequired
from wxcloudrun.features.projects.models import MemberRole, ProjectState
from wxcloudrun.features.users.pictures import PictureFiles
from wxcloudrun.integrations.object_store import StorageUnavailable

EDITOR, VIEWER = Actor(1), Actor(2)


class FakeProjectFileDao:
    """ProjectFileDao over a dictionary; `count` is how many files there seem to be."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.count = 0
        self.broken: Exception | None = None

    def get(self, project_id: int, file_id: int) -> Any:
        row = self.rows.get(file_id)
        return FakeRow(**row) if row is not None and row["project_id"] == project_id else None

    locked = get

    def room(self, project_id: int) -> tuple[int, int]:
        return self.count, sum(row["size"] for row in self.rows.values())

    def add(self, values: dict[str, Any]) -> int:
        if self.broken is not None:
            raise self.broken
        number = len(self.rows) + 1
        self.rows[number] = {**values, "id": number}
        return number

    def remove(self, file_id: int) -> None:
        del self.rows[file_id]


class House:
    """A service with everything around it made up."""

    def __init__(self) -> None:
        members = FakeMemberDao({1: "editor", 2: "viewer"})
        stamp = {"version": 1, "created_at": START, "updated_at": START}
        self.project = members.projects.add({"name": "p", "description": "", "state": ProjectState.ACTIVE, **stamp})
        members.add(self.project, 1, MemberRole.EDITOR, START)
        members.add(self.project, 2, MemberRole.VIEWER, START)
        self.store, self.loose, self.rows, self.audit = FakeStore(), FakeFileDao(), FakeProjectFileDao(), FakeAudit()
        self.used: set[int] = set()
        session: Any = FakeSession()
        clock: Any = FakeClock()
        stored = PictureFiles(session, clock, self.store, self.loose)  # type: ignore[arg-type]  # stand-ins
        access = ProjectAccess(session, members.projects)  # type: ignore[arg-type]  # as above
        parts: tuple[Any, ...] = (session, clock, self.audit, access, self.store, stored)
        self.files = FileService(*parts, lambda project, file: file in self.used, self.rows)

    def add(self, content: bytes = b"abc", actor: Actor = EDITOR) -> int:
        return self.files.add(actor, self.project, Sent("a.txt", "text/plain", content)).id


def test_a_file_is_stored_before_its_row_and_on_no_list_afterwards():
    here = House()
    number = here.add()
    assert list(here.store.objects) == [here.rows.rows[number]["store_key"]]
    assert here.loose.loose == {}
    assert here.audit.actions == ["file.uploaded"]


def test_a_file_whose_row_fails_is_nobodys():
    here = House()
    here.rows.broken = RuntimeError("the database went away")
    with pytest.raises(RuntimeError):
        here.add()
    assert here.rows.rows == {}
    assert here.audit.actions == []
    assert len(here.store.objects) == 1, "it is cleared away later: the transaction that took it off the list is undone"


def test_a_store_that_fails_keeps_no_row():
    here = House()
    here.store.broken = StorageUnavailable()
    with pytest.raises(StorageUnavailable):
        here.add()
    assert here.rows.rows == {}
    assert len(here.loose.loose) == 1, "half a file may be there"


@pytest.mark.parametrize(("actor", "count", "error"), [(VIEWER, 0, RightRequired), (EDITOR, 1000, TooManyFiles)])
def test_who_is_refused_stores_nothing(actor: Actor, count: int, error: type[Exception]):
    here = House()
    here.rows.count = count
    with pytest.raises(error):
        here.add(actor=actor)
    assert here.store.objects == {}


def test_a_file_in_use_stays_and_another_goes_with_its_bytes():
    here = House()
    number = here.add()
    here.used = {number}
    with pytest.raises(FileInUse):
        here.files.remove(EDITOR, here.project, number)
    assert len(here.store.objects) == 1
    here.used = set()
    here.files.remove(EDITOR, here.project, number)
    assert here.store.objects == {}
    assert here.audit.actions == ["file.uploaded", "file.removed"]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a.txt", "a.txt"),
        ("报告.pdf", "__.pdf"),
        ('a"; x="b', "a__ x=_b"),
        ("a\\b%20;c", "a_b_20_c"),
        ("a\r\nSet-Cookie: x", "a__Set-Cookie_ x"),
    ],
)
def test_a_name_is_sent_in_both_ways_and_ends_no_header(name: str, plain: str):
    kind, first, second = attachment(name).split("; ", 1)[0], *attachment(name).partition("; ")[2].rsplit("; ", 1)
    assert (kind, first) == ("attachment", f'filename="{plain}"')
    assert unquote(second.removeprefix("filename*=UTF-8''")) == name
    assert attachment(name).isprintable()
