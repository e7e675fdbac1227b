"""Questions about people, their applications and their files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Row,
    bindparam,
    case,
    collate,
    delete,
    func,
    insert,
    select,
    update,
)

from wxcloudrun.core.actor import Role, Status, Verification
from wxcloudrun.core.dao import Dao, unique
from wxcloudrun.core.db import fetch
from wxcloudrun.features.users.errors import PhoneTaken
from wxcloudrun.features.users.models import (
    LooseFile,
    MediaCheck,
    User,
    VerificationApplication,
    VerificationMaterial,
)

_U: Any = User.__table__
_A: Any = VerificationApplication.__table__
_M: Any = VerificationMaterial.__table__
_F: Any = LooseFile.__table__
_C: Any = MediaCheck.__table__
_BY_ID = select(_U).where(_U.c.id == bindparam("id"))
_LOCKED = _BY_ID.with_for_update()
_BY_OPENID = select(_U).where(_U.c.appid == bindparam("appid"), _U.c.openid == bindparam("openid"))
_PHONE = unique(_U, PhoneTaken, "phone_hash")


@dataclass(frozen=True)
class PeopleFilter:
    """Which people are wanted; None wants all. Deleted people are never listed."""

    text: str | None = None  # part of the nickname; % and _ are letters like others
    phone_hash: str | None = None
    role: Role | None = None
    status: Status | None = None
    verification: Verification | None = None


class UserDao(Dao):
    """Reads and writes people's rows. Rows that are read are plain: changing one changes nothing."""

    def get(self, user_id: int) -> Row[Any] | None:
        """The person of that number, deleted ones too."""
        return self._one(_BY_ID, {"id": user_id})

    def locked(self, user_id: int) -> Row[Any] | None:
        """The same, and nobody else changes the row before this transaction ends."""
        return self._run(_LOCKED, {"id": user_id}).one_or_none()

    def by_openid(self, appid: str, openid: str) -> Row[Any] | None:
        """The person behind a WeChat identity."""
        return self._one(_BY_OPENID, {"appid": appid, "openid": openid})

    def add(self, values: Mapping[str, object]) -> int:
        """A new row; its number. Raises PhoneTaken, and IntegrityError where the identity is taken."""
        return self._add(_U, values, _PHONE)

    def next_token_version(self) -> Any:
        """For `change`: one more than the stored token_version."""
        return _U.c.token_version + 1

    def change(self, user_id: int, values: Mapping[str, object], version: int | None = None) -> bool:
        """Change columns; false when the person is gone or, with `version`, was edited since.

        Raises PhoneTaken, and IntegrityError where the identity is taken.
        """
        statement = update(_U).where(_U.c.id == user_id, _U.c.status != Status.DELETED)
        if version is not None:
            statement = statement.where(_U.c.version == version)
        return self._run(statement.values(**values), judge=_PHONE).rowcount == 1

    def edit(self, user_id: int, values: Mapping[str, object], now: datetime, version: int | None = None) -> bool:
        """`change` of something people see: the row's version rises."""
        return self.change(user_id, {**values, "version": _U.c.version + 1, "updated_at": now}, version)

    def lock_administrators(self) -> list[int]:
        """Numbers of the administrators who may come in; none of them changes before this transaction ends."""
        where = (_U.c.role == Role.ADMINISTRATOR, _U.c.status == Status.ACTIVE)
        return list(self._run(select(_U.c.id).where(*where).order_by(_U.c.id).with_for_update()).scalars())

    def page(self, wanted: PeopleFilter, order: str, offset: int, size: int) -> tuple[Sequence[Row[Any]], int]:
        """People, and how many there are in all. `order` is a column of the schema's PeopleOrder, `-` for falling."""
        where = self._conditions(wanted)
        total = fetch(self._session, select(func.count()).select_from(_U).where(*where))[0][0]
        falling, column = order.startswith("-"), _U.c[order.removeprefix("-")]
        never = case((column.is_(None), 1), else_=0)  # where there is no value, last on every server
        keys = [never, column.desc(), _U.c.id.desc()] if falling else [never, column, _U.c.id]
        query = select(_U).where(*where).order_by(*keys).offset(offset).limit(size)
        return fetch(self._session, query), int(total)

    def _conditions(self, wanted: PeopleFilter) -> list[Any]:
        exact = {
            "phone_hash": wanted.phone_hash,
            "role": wanted.role,
            "status": wanted.status,
            "verification": wanted.verification,
        }
        found = [_U.c[name] == value for name, value in exact.items() if value is not None]
        if wanted.text:
            found.append(self._lowered(_U.c.nickname).contains(wanted.text.lower(), autoescape=True))
        return [_U.c.status != Status.DELETED, *found]

    def _lowered(self, column: Any) -> Any:
        if self._session.get_bind().dialect.name in {"mysql", "mariadb"}:
            # To utf8mb4_unicode_ci one emoji is as good as another.
            return collate(func.lower(column), "utf8mb4_bin")
        return func.lower(column)


class VerificationDao(Dao):
    """Reads and writes applications and their materials."""

    def get(self, application_id: int) -> Row[Any] | None:
        """An application, with its person's nickname."""
        query = select(_A, _U.c.nickname).join(_U, _U.c.id == _A.c.user_id).where(_A.c.id == application_id)
        return self._one(query)

    def of_person(self, user_id: int) -> Sequence[Row[Any]]:
        """A person's applications, newest first."""
        return fetch(self._session, select(_A).where(_A.c.user_id == user_id).order_by(_A.c.id.desc()))

    def latest(self, user_id: int) -> Row[Any] | None:
        """A person's newest application."""
        query = select(_A).where(_A.c.user_id == user_id).order_by(_A.c.id.desc()).limit(1)
        return self._one(query)

    def page(self, state: Verification | None, offset: int, size: int) -> tuple[Sequence[Row[Any]], int]:
        """Applications with nicknames, oldest first, and how many there are in all."""
        where = [] if state is None else [_A.c.state == state]
        total = fetch(self._session, select(func.count()).select_from(_A).where(*where))[0][0]
        query = select(_A, _U.c.nickname).join(_U, _U.c.id == _A.c.user_id).where(*where)
        return fetch(self._session, query.order_by(_A.c.id).offset(offset).limit(size)), int(total)

    def add(self, values: Mapping[str, object]) -> int:
        """A new application; its number."""
        return self._add(_A, values)

    def decide(self, application_id: int, version: int, values: Mapping[str, object]) -> bool:
        """Change a pending application; false when somebody else was faster."""
        where = (_A.c.id == application_id, _A.c.version == version, _A.c.state == Verification.PENDING)
        return self._run(update(_A).where(*where).values(version=version + 1, **values)).rowcount == 1

    def add_material(self, user_id: int, file: str, now: datetime) -> int:
        """A new material, not attached yet; its number."""
        values = {"user_id": user_id, "application_id": None, "file": file, "created_at": now}
        return self._add(_M, values)

    def material(self, material_id: int) -> Row[Any] | None:
        """A material."""
        return self._one(select(_M).where(_M.c.id == material_id))

    def materials(self, application_id: int) -> Sequence[Row[Any]]:
        """The materials of an application."""
        return fetch(self._session, select(_M).where(_M.c.application_id == application_id).order_by(_M.c.id))

    def materials_of_person(self, user_id: int) -> Sequence[Row[Any]]:
        """Every material of a person, attached or not."""
        return fetch(self._session, select(_M).where(_M.c.user_id == user_id).order_by(_M.c.id))

    def attach(self, user_id: int, material_ids: Sequence[int], application_id: int) -> int:
        """Give a person's unused materials to an application; how many of them that were."""
        where = (_M.c.user_id == user_id, _M.c.application_id.is_(None), _M.c.id.in_(material_ids))
        return self._run(update(_M).where(*where).values(application_id=application_id)).rowcount

    def unattached(self, before: datetime, size: int) -> Sequence[Row[Any]]:
        """Materials from before that moment that no application ever used."""
        where = (_M.c.application_id.is_(None), _M.c.created_at < before)
        return fetch(self._session, select(_M).where(*where).order_by(_M.c.id).limit(size))

    def remove_material(self, material_id: int) -> bool:
        """Remove a material that no application uses; false when one does, or it is gone."""
        where = (_M.c.id == material_id, _M.c.application_id.is_(None))
        return self._run(delete(_M).where(*where)).rowcount == 1

    def forget(self, user_id: int) -> None:
        """Remove a person's applications and materials."""
        self._run(delete(_M).where(_M.c.user_id == user_id))
        self._run(delete(_A).where(_A.c.user_id == user_id))


class FileDao(Dao):
    """The list of stored files that no row refers to."""

    def add(self, key: str, now: datetime) -> None:
        """Put a file on the list."""
        self._session.connection().execute(insert(_F), {"key": key, "since": now})

    def strike(self, key: str) -> bool:
        """Take a file off the list; false when it is not on it."""
        return self._session.connection().execute(delete(_F).where(_F.c.key == key)).rowcount == 1

    def older(self, before: datetime, size: int) -> list[str]:
        """Files on the list since before that moment, the oldest first."""
        query = select(_F.c.key).where(_F.c.since < before).order_by(_F.c.since).limit(size)
        return [row.key for row in fetch(self._session, query)]


class MediaCheckDao(Dao):
    """The pictures that WeChat has not judged yet."""

    def add(self, trace_id: str, user_id: int, file: str, now: datetime) -> None:
        """WeChat was asked about a person's file."""
        values = {"trace_id": trace_id, "user_id": user_id, "file": file, "created_at": now}
        self._run(insert(_C).values(**values))

    def get(self, trace_id: str) -> Row[Any] | None:
        """The check of that trace_id."""
        return self._one(select(_C).where(_C.c.trace_id == trace_id))

    def of_person(self, user_id: int) -> Sequence[Row[Any]]:
        """A person's checks, oldest first."""
        query = select(_C).where(_C.c.user_id == user_id).order_by(_C.c.created_at, _C.c.trace_id)
        return fetch(self._session, query)

    def remove(self, trace_id: str) -> None:
        """The check is over."""
        self._run(delete(_C).where(_C.c.trace_id == trace_id))

    def forget(self, user_id: int) -> None:
        """Remove a person's checks."""
        self._run(delete(_C).where(_C.c.user_id == user_id))

    def clear(self, before: datetime) -> int:
        """Remove the checks from before that moment; how many."""
        return self._run(delete(_C).where(_C.c.created_at < before)).rowcount
