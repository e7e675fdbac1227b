"""What stands in for the tables of projects and for the audit record in tests of services."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.unit.features.users.stand_ins import FakeRow
from wxcloudrun.core.actor import Status
from wxcloudrun.core.dao import Question
from wxcloudrun.features.projects.dao import ProjectFilter
from wxcloudrun.features.projects.models import MemberRole


class FakeAudit:
    """Remembers what was recorded, and in which project."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, tuple[str, int | None], Any, Any, int | None]] = []

    def record(
        self,
        actor: object,
        action: str,
        target: tuple[str, int | None],
        before: Any = None,
        after: Any = None,
        *,
        project_id: int | None = None,
    ) -> None:
        self.entries.append((action, target, before, after, project_id))

    @property
    def actions(self) -> list[str]:
        return [entry[0] for entry in self.entries]


def paged(rows: Sequence[Mapping[str, Any]], order: str, offset: int, size: int) -> tuple[list[FakeRow], int]:
    """A page of rows, as `page_of` gives it."""
    falling, column = order.startswith("-"), order.removeprefix("-")
    found = sorted(rows, key=lambda row: (row[column], row["id"]), reverse=falling)
    return [FakeRow(**row) for row in found[offset : offset + size]], len(found)


class FakeMemberDao:
    """MemberDao over a list; `people` are nicknames by number."""

    def __init__(self, people: Mapping[int, str], projects: "FakeProjectDao | None" = None) -> None:
        self.people = people
        self.projects = projects or FakeProjectDao(self)
        self.rows: list[dict[str, Any]] = []
        self._next = 0

    def get(self, project_id: int, user_id: int) -> Any:
        return next((FakeRow(**self._whole(row)) for row in self._of(project_id) if row["user_id"] == user_id), None)

    def page(
        self, project_id: int, role: MemberRole | None, text: str | None, order: str, offset: int, size: int
    ) -> tuple[list[FakeRow], int]:
        rows = [self._whole(row) for row in self._of(project_id) if role in {None, row["role"]}]
        rows = [row for row in rows if (text or "").lower() in row["nickname"].lower()]
        return paged(rows, order, offset, size)

    def owners(self, project_id: int) -> list[int]:
        return [row["user_id"] for row in self._of(project_id) if row["role"] is MemberRole.OWNER]

    def of_person(self, user_id: int) -> list[Any]:
        rows = sorted((row for row in self.rows if row["user_id"] == user_id), key=lambda row: row["project_id"])
        projects = self.projects.rows
        more = [{name: projects[row["project_id"]][name] for name in ("name", "state")} for row in rows]
        return [FakeRow(**row, **extra) for row, extra in zip(rows, more, strict=True)]

    def add(self, project_id: int, user_id: int, role: MemberRole, now: datetime) -> None:
        self._next += 1
        row = {"id": self._next, "project_id": project_id, "user_id": user_id, "role": role, "joined_at": now}
        self.rows.append(row)

    def change(self, project_id: int, user_id: int, role: MemberRole) -> None:
        for row in self._of(project_id):
            if row["user_id"] == user_id:
                row["role"] = role

    def remove(self, project_id: int, user_id: int) -> None:
        self.rows = [row for row in self.rows if (row["project_id"], row["user_id"]) != (project_id, user_id)]

    def _of(self, project_id: int) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["project_id"] == project_id]

    def _whole(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {**row, "nickname": self.people[row["user_id"]], "avatar": None, "status": Status.ACTIVE}


class FakeProjectDao:
    """ProjectDao over a dictionary, but for its activity."""

    def __init__(self, members: FakeMemberDao | None = None) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.members = members
        self.answers: Callable[[Question], list[Any]] = lambda question: []

    def membership_beside(self, project_id: int, user_id: int, question: Question) -> tuple[Any, list[Any]]:
        row = self.membership(project_id, user_id)
        return row, self.answers(question) if row is not None else []

    def membership(self, project_id: int, user_id: int, *, locked: bool = False) -> Any:
        row = self.rows.get(project_id)
        return None if row is None else FakeRow(**row, role=self._role(project_id, user_id))

    def add(self, values: Mapping[str, object]) -> int:
        number = len(self.rows) + 1
        self.rows[number] = {**values, "id": number}
        return number

    def edit(self, project_id: int, values: Mapping[str, object], now: datetime, version: int | None = None) -> bool:
        row = self.rows[project_id]
        if version not in {None, row["version"]}:
            return False
        row.update(values, version=row["version"] + 1, updated_at=now)
        return True

    def page(self, wanted: ProjectFilter, actor_id: int, order: str, offset: int, size: int) -> Any:
        who = wanted.member_id or actor_id
        rows = [{**row, "role": self._role(row["id"], who)} for row in self.rows.values()]
        rows = [row for row in rows if wanted.member_id is None or row["role"] is not None]
        rows = [row for row in rows if wanted.state in {None, row["state"]} and wanted.role in {None, row["role"]}]
        rows = [row for row in rows if (wanted.text or "").lower() in row["name"].lower()]
        return paged(rows, order, offset, size)

    def _role(self, project_id: int, user_id: int) -> MemberRole | None:
        member = self.members.get(project_id, user_id) if self.members is not None else None
        return None if member is None else member.role


class FakeInvitationDao:
    """InvitationDao over a dictionary."""

    def __init__(self, projects: FakeProjectDao, members: FakeMemberDao) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.projects, self.members = projects, members

    def get(self, project_id: int, invitation_id: int) -> Any:
        row = self.rows.get(invitation_id)
        return FakeRow(**row) if row is not None and row["project_id"] == project_id else None

    def by_hash(self, code_hash: str) -> Any:
        row = next((row for row in self.rows.values() if row["code_hash"] == code_hash), None)
        if row is None:
            return None
        project = self.projects.rows[row["project_id"]]
        more = {name: project[name] for name in ("name", "description", "state")}
        return FakeRow(**row, **more, nickname=self._inviter(row))

    def page(self, project_id: int, usable_at: datetime | None, offset: int, size: int) -> Any:
        rows = [row for row in self.rows.values() if row["project_id"] == project_id]
        rows = [row for row in rows if usable_at is None or self._works(row, usable_at)]
        return paged([{**row, "nickname": self._inviter(row)} for row in rows], "-id", offset, size)

    def add(self, values: Mapping[str, object]) -> int:
        number = len(self.rows) + 1
        self.rows[number] = {**values, "id": number}
        return number

    def use(self, invitation_id: int, now: datetime) -> bool:
        row = self.rows[invitation_id]
        if not self._works(row, now):
            return False
        row["uses_left"] -= 1
        return True

    def revoke(self, invitation_id: int, now: datetime) -> bool:
        row = self.rows[invitation_id]
        if row["revoked_at"] is not None:
            return False
        row["revoked_at"] = now
        return True

    def revoke_of(self, project_id: int, inviter_id: int, now: datetime) -> None:
        for row in self.rows.values():
            if (row["project_id"], row["inviter_id"]) == (project_id, inviter_id):
                self.revoke(row["id"], now)

    def clear(self, before: datetime, size: int) -> int:
        old = [number for number, row in self.rows.items() if row["expires_at"] < before][:size]
        for number in old:
            del self.rows[number]
        return len(old)

    def _inviter(self, row: Mapping[str, Any]) -> str | None:
        return None if row["inviter_id"] is None else self.members.people[row["inviter_id"]]

    def _works(self, row: Mapping[str, Any], now: datetime) -> bool:
        return row["revoked_at"] is None and row["uses_left"] > 0 and row["expires_at"] > now


class FakeTokenDao:
    """Notes whose tokens ended, and in which project."""

    def __init__(self) -> None:
        self.ended: list[tuple[int, int]] = []

    def revoke_of(self, project_id: int, maker_id: int, now: datetime) -> None:
        self.ended.append((project_id, maker_id))
