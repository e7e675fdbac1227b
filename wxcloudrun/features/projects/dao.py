"""Questions about projects, members, invitations, API tokens and what was changed in a project."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, and_, bindparam, delete, insert, or_, select, update

from wxcloudrun.core.dao import Dao, Question
from wxcloudrun.core.db import fetch
from wxcloudrun.core.listing import holds, page_of
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.projects.models import (
    AddressGrant,
    ApiToken,
    MemberRole,
    Project,
    ProjectInvitation,
    ProjectMember,
    ProjectState,
)
from wxcloudrun.features.users.models import User

_P: Any = Project.__table__
_M: Any = ProjectMember.__table__
_I: Any = ProjectInvitation.__table__
_U: Any = User.__table__
_A: Any = AuditEntry.__table__
_T: Any = ApiToken.__table__
_G: Any = AddressGrant.__table__

_MINE = and_(_M.c.project_id == _P.c.id, _M.c.user_id == bindparam("actor"))
_MEMBERSHIP = select(_P, _M.c.role).select_from(_P.outerjoin(_M, _MINE)).where(_P.c.id == bindparam("project"))
# A question of its own: PostgreSQL would give a joined member as they were before the wait for the project's lock.
_LOCK = select(_P.c.id).where(_P.c.id == bindparam("project")).with_for_update(key_share=True)
_MEMBER = (
    select(_M, _U.c.nickname, _U.c.avatar, _U.c.status)
    .join(_U, _U.c.id == _M.c.user_id)
    .where(_M.c.project_id == bindparam("project"))
)
_INVITATION = (
    select(_I, _P.c.name, _P.c.description, _P.c.state, _U.c.nickname)
    .select_from(_I.join(_P, _P.c.id == _I.c.project_id).outerjoin(_U, _U.c.id == _I.c.inviter_id))
    .where(_I.c.code_hash == bindparam("hash"))
)
_TOKEN = (
    select(_T, _U.c.status, _U.c.verification)
    .join(_U, _U.c.id == _T.c.maker_id)
    .where(_T.c.token_hash == bindparam("hash"))
)
_RULES = select(_G.c.rule, _G.c.revoked_at, _G.c.expires_at).where(_G.c.project_id == bindparam("project"))
_ACTIVITY = (
    select(_A, _U.c.nickname)
    .select_from(_A.outerjoin(_U, _U.c.id == _A.c.actor_id))
    .where(_A.c.project_id == bindparam("project"))
    .order_by(_A.c.id.desc())
    .limit(bindparam("size"))
)
_ACTIVITY_BEFORE = _ACTIVITY.where(_A.c.id < bindparam("before"))


class MembershipRow(NamedTuple):
    """A project, with somebody's `role` in it or None."""

    id: int
    name: str
    description: str
    state: ProjectState
    version: int
    created_at: datetime
    updated_at: datetime
    role: MemberRole | None


_LABELLED = [
    (_M.c.role if name == "role" else _P.c[name]).label(f"membership_{name}") for name in MembershipRow._fields
]


@functools.lru_cache(maxsize=512)
def _beside(question: Select[Any]) -> Select[Any]:
    """Somebody's membership, and on the same rows what a question finds: one row without it where it finds nothing."""
    of_it = bindparam("project", type_=_P.c.id.type).label("of_project")
    found = select(*question.subquery().c, of_it).subquery()
    joined = _P.outerjoin(_M, _MINE).outerjoin(found, found.c.of_project == _P.c.id)
    return select(*_LABELLED, *found.c).select_from(joined).where(_P.c.id == bindparam("project"))


@dataclass(frozen=True)
class ProjectFilter:
    """Which projects are wanted; None wants all."""

    member_id: int | None = None  # whose projects; None: everybody's
    text: str | None = None  # part of the name; % and _ are letters like others
    state: ProjectState | None = None
    role: MemberRole | None = None


class ProjectDao(Dao):
    """Reads and writes projects."""

    def membership(self, project_id: int, user_id: int, *, locked: bool = False) -> Row[Any] | None:
        """A project, with the `role` that the person has in it or None.

        With `locked` whoever asks so too waits until this transaction ends.
        """
        parameters = {"project": project_id, "actor": user_id}
        if locked:
            self._run(_LOCK, {"project": project_id})
        return self._one(_MEMBERSHIP, parameters)

    def membership_beside(
        self, project_id: int, user_id: int, question: Question
    ) -> tuple[MembershipRow | None, Sequence[Row[Any]]]:
        """The same, and the rows that answer another question, asked together.

        The question's first column is never null; its order is lost.
        """
        parameters = {"project": project_id, "actor": user_id, **question.values}
        rows = fetch(self._session, _beside(question.statement), parameters)
        first = question.statement.selected_columns[0].name
        membership = MembershipRow(*rows[0][: len(MembershipRow._fields)]) if rows else None
        return membership, [row for row in rows if row._mapping[first] is not None]

    def add(self, values: Mapping[str, object]) -> int:
        """A new project; its number."""
        return self._add(_P, values)

    def edit(self, project_id: int, values: Mapping[str, object], now: datetime, version: int | None = None) -> bool:
        """Change columns, and let the version rise; false when, with `version`, it was edited since."""
        statement = update(_P).where(_P.c.id == project_id)
        if version is not None:
            statement = statement.where(_P.c.version == version)
        stamp = {"version": _P.c.version + 1, "updated_at": now}
        return self._run(statement.values(**values, **stamp)).rowcount == 1

    def page(self, wanted: ProjectFilter, actor_id: int, order: str, offset: int, size: int) -> Any:
        """Projects, each with the actor's `role` in it or None, and how many there are in all."""
        mine = and_(_M.c.project_id == _P.c.id, _M.c.user_id == (wanted.member_id or actor_id))
        joined = _P.outerjoin(_M, mine) if wanted.member_id is None else _P.join(_M, mine)
        query = select(_P, _M.c.role).select_from(joined)
        if wanted.state is not None:
            query = query.where(_P.c.state == wanted.state)
        if wanted.role is not None:
            query = query.where(_M.c.role == wanted.role)
        if wanted.text:
            query = query.where(holds(self._session, _P.c.name, wanted.text))
        return page_of(self._session, query, order, offset, size)

    def activity(self, project_id: int, before: int | None, size: int) -> Sequence[Row[Any]]:
        """What was changed in a project, newest first, with the nickname of who did it."""
        if before is None:
            return fetch(self._session, _ACTIVITY, {"project": project_id, "size": size})
        return fetch(self._session, _ACTIVITY_BEFORE, {"project": project_id, "size": size, "before": before})


class MemberDao(Dao):
    """Reads and writes who is in a project."""

    def get(self, project_id: int, user_id: int) -> Row[Any] | None:
        """A member, with nickname, avatar and status of the person."""
        query = _MEMBER.where(_M.c.user_id == bindparam("member"))
        return self._one(query, {"project": project_id, "member": user_id})

    def page(
        self, project_id: int, role: MemberRole | None, text: str | None, order: str, offset: int, size: int
    ) -> tuple[list[Row[Any]], int]:
        """Members with nickname, avatar and status, and how many there are in all."""
        person = (_U.c.nickname, _U.c.avatar, _U.c.status)
        query = select(_M, *person).join(_U, _U.c.id == _M.c.user_id).where(_M.c.project_id == project_id)
        if role is not None:
            query = query.where(_M.c.role == role)
        if text:
            query = query.where(holds(self._session, _U.c.nickname, text))
        return page_of(self._session, query, order, offset, size)

    def owners(self, project_id: int) -> list[int]:
        """Numbers of the people who own a project."""
        where = (_M.c.project_id == project_id, _M.c.role == MemberRole.OWNER)
        return [row.user_id for row in fetch(self._session, select(_M.c.user_id).where(*where).order_by(_M.c.id))]

    def of_person(self, user_id: int) -> Sequence[Row[Any]]:
        """Everything somebody is a member of, with name and state of the project."""
        query = select(_M, _P.c.name, _P.c.state).join(_P, _P.c.id == _M.c.project_id).where(_M.c.user_id == user_id)
        return fetch(self._session, query.order_by(_M.c.project_id))

    def add(self, project_id: int, user_id: int, role: MemberRole, now: datetime) -> None:
        """A new member."""
        values = {"project_id": project_id, "user_id": user_id, "role": role, "joined_at": now}
        self._run(insert(_M), values)

    def change(self, project_id: int, user_id: int, role: MemberRole) -> None:
        """Give a member another role."""
        where = (_M.c.project_id == project_id, _M.c.user_id == user_id)
        self._run(update(_M).where(*where).values(role=role))

    def remove(self, project_id: int, user_id: int) -> None:
        """Remove a member."""
        self._run(delete(_M).where(_M.c.project_id == project_id, _M.c.user_id == user_id))


class InvitationDao(Dao):
    """Reads and writes invitations."""

    def get(self, project_id: int, invitation_id: int) -> Row[Any] | None:
        """An invitation to that project."""
        where = (_I.c.project_id == project_id, _I.c.id == invitation_id)
        return self._one(select(_I).where(*where))

    def by_hash(self, code_hash: str) -> Row[Any] | None:
        """The invitation of a code, with name, description and state of the project and the inviter's nickname."""
        return self._one(_INVITATION, {"hash": code_hash})

    def page(self, project_id: int, usable_at: datetime | None, offset: int, size: int) -> tuple[list[Row[Any]], int]:
        """Invitations, the newest first, with the inviter's nickname; `usable_at` wants those that work then."""
        joined = _I.outerjoin(_U, _U.c.id == _I.c.inviter_id)
        query = select(_I, _U.c.nickname).select_from(joined).where(_I.c.project_id == project_id)
        if usable_at is not None:
            query = query.where(_I.c.revoked_at.is_(None), _I.c.uses_left > 0, _I.c.expires_at > usable_at)
        return page_of(self._session, query, "-id", offset, size)

    def add(self, values: Mapping[str, object]) -> int:
        """A new invitation; its number."""
        return self._add(_I, values)

    def use(self, invitation_id: int, now: datetime) -> bool:
        """Use it once; false when it does not work any more."""
        works = (_I.c.uses_left > 0, _I.c.revoked_at.is_(None), _I.c.expires_at > now)
        statement = update(_I).where(_I.c.id == invitation_id, *works).values(uses_left=_I.c.uses_left - 1)
        return self._run(statement).rowcount == 1

    def revoke(self, invitation_id: int, now: datetime) -> bool:
        """End it; false when that was done before."""
        where = (_I.c.id == invitation_id, _I.c.revoked_at.is_(None))
        return self._run(update(_I).where(*where).values(revoked_at=now)).rowcount == 1

    def clear(self, before: datetime, size: int) -> int:
        """Remove invitations that ended before that moment; how many."""
        query = select(_I.c.id).where(_I.c.expires_at < before).order_by(_I.c.expires_at).limit(size)
        numbers = [row.id for row in fetch(self._session, query)]
        return self._run(delete(_I).where(_I.c.id.in_(numbers))).rowcount if numbers else 0

    def revoke_of(self, project_id: int, inviter_id: int, now: datetime) -> None:
        """End every invitation to the project that this person made."""
        where = (_I.c.project_id == project_id, _I.c.inviter_id == inviter_id, _I.c.revoked_at.is_(None))
        self._run(update(_I).where(*where).values(revoked_at=now))


class ApiTokenDao(Dao):
    """Reads and writes API tokens."""

    def by_hash(self, token_hash: str) -> Row[Any] | None:
        """The token of a hash, with status and verification of who made it."""
        return self._one(_TOKEN, {"hash": token_hash})

    def get(self, project_id: int, token_id: int) -> Row[Any] | None:
        """A token of that project, with its maker's nickname."""
        return self._one(_tokens(project_id).where(_T.c.id == token_id))

    def page(self, project_id: int, usable_at: datetime | None, offset: int, size: int) -> tuple[list[Row[Any]], int]:
        """Tokens, the newest first, with their makers' nicknames; `usable_at` wants those that work then."""
        query = _tokens(project_id)
        if usable_at is not None:
            query = query.where(_T.c.revoked_at.is_(None), _T.c.expires_at > usable_at)
        return page_of(self._session, query, "-id", offset, size)

    def add(self, values: Mapping[str, object]) -> int:
        """A new token; its number."""
        return self._add(_T, values)

    def used(self, token_id: int, now: datetime) -> None:
        """It was shown just now."""
        self._run(update(_T).where(_T.c.id == token_id).values(used_at=now))

    def revoke(self, token_id: int, now: datetime) -> bool:
        """End it; false when that was done before."""
        return (
            self._run(update(_T).where(_T.c.id == token_id, _T.c.revoked_at.is_(None)).values(revoked_at=now)).rowcount
            == 1
        )

    def revoke_of(self, project_id: int, maker_id: int, now: datetime) -> None:
        """End every token to the project that this person made."""
        where = (_T.c.project_id == project_id, _T.c.maker_id == maker_id, _T.c.revoked_at.is_(None))
        self._run(update(_T).where(*where).values(revoked_at=now))


def _tokens(project_id: int) -> Any:
    joined = _T.join(_U, _U.c.id == _T.c.maker_id)
    return select(_T, _U.c.nickname).select_from(joined).where(_T.c.project_id == project_id)


class AddressGrantDao(Dao):
    """Reads and writes which address ranges projects may reach."""

    def get(self, project_id: int, grant_id: int) -> Row[Any] | None:
        """A grant to that project."""
        return self._one(select(_G).where(_G.c.project_id == project_id, _G.c.id == grant_id))

    def page(self, project_id: int, usable_at: datetime | None, offset: int, size: int) -> tuple[list[Row[Any]], int]:
        """Grants, the newest first; `usable_at` wants those that hold then."""
        query = select(_G).where(_G.c.project_id == project_id)
        return page_of(
            self._session, query if usable_at is None else query.where(_holds(usable_at)), "-id", offset, size
        )

    def rules(self, project_id: int, now: datetime) -> tuple[set[str], set[str]]:
        """Rules that hold, and those that were granted once and hold no longer."""
        rows = fetch(self._session, _RULES, {"project": project_id})
        held = {row.rule for row in rows if row.revoked_at is None and (row.expires_at is None or row.expires_at > now)}
        return held, {row.rule for row in rows} - held

    def add(self, values: Mapping[str, object]) -> int:
        """A new grant; its number."""
        return self._add(_G, values)

    def revoke(self, grant_id: int, now: datetime) -> bool:
        """End it; false when that was done before."""
        where = (_G.c.id == grant_id, _G.c.revoked_at.is_(None))
        return self._run(update(_G).where(*where).values(revoked_at=now)).rowcount == 1


def _holds(now: datetime) -> Any:
    return and_(_G.c.revoked_at.is_(None), or_(_G.c.expires_at.is_(None), _G.c.expires_at > now))
