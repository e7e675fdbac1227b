"""What a person may ask of us by law: everything that is kept about them, and that it be forgotten."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor, Role, Status, Verification
from wxcloudrun.core.clock import Clock, iso
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.schemas import AuditQuery
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.users.dao import MediaCheckDao, UserDao, VerificationDao
from wxcloudrun.features.users.errors import OwnAccountProtected
from wxcloudrun.features.users.pictures import PictureFiles
from wxcloudrun.features.users.schemas import ApplicationView, Export
from wxcloudrun.features.users.service import PHONE, found, profile_of
from wxcloudrun.features.users.verification import NUMBER, REAL_NAME, opened

_MOST_ENTRIES = 1000
_BATCH = 100


@dataclass(frozen=True)
class SessionHooks:
    """What is asked, in the transaction under way, of the features above; app.py fills it in."""

    forget: Callable[[int], object] = lambda user_id: None  # somebody was deleted: remove all that is kept
    end: Callable[[Actor, int], object] = lambda actor, user_id: None  # end every session of that person
    of: Callable[[int], Sequence[dict[str, Any]]] = lambda user_id: ()  # what is kept of that person's sessions
    subscriptions: Callable[[int], Sequence[dict[str, Any]]] = lambda user_id: ()  # and of what they let us send
    projects: Callable[[int], Sequence[dict[str, Any]]] = lambda user_id: ()  # what that person is a member of


_NOTHING: dict[str, object] = {
    "appid": None,
    "openid": None,
    "unionid": None,
    "session_key": None,
    "nickname": "",
    "gender": 0,
    "language": "zh_CN",
    "signature": "",
    "avatar": None,
    "phone": None,
    "phone_hash": None,
    "role": Role.USER,
    "status": Status.DELETED,
    "verification": Verification.NONE,
    "last_login_at": None,
}


class PrivacyService:
    """Tells people what is kept about them, and forgets them."""

    def __init__(  # noqa: PLR0913, PLR0917 - who forgets a person reaches every table that tells of one
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        files: PictureFiles,
        sessions: SessionHooks | None = None,
        users: UserDao | None = None,
        applications: VerificationDao | None = None,
        checks: MediaCheckDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._files = files
        self._sessions = sessions or SessionHooks()
        self._users = users or UserDao(session)
        self._applications = applications or VerificationDao(session)
        self._checks = checks or MediaCheckDao(session)

    @unit_of_work
    def delete_own(self, actor: Actor) -> Removed:
        """Delete one's own account. Raises OwnAccountProtected for an administrator, whom another one deletes."""
        person = found(self._users.locked(actor.user_id or 0))
        if person.role is Role.ADMINISTRATOR:
            raise OwnAccountProtected
        return self.erase(actor, person.id)

    @unit_of_work
    def erase(self, actor: Actor, user_id: int) -> Removed:
        """Leave of a person only a number that others' rows may refer to; every session is dead at once.

        Raises UserNotFound, also for somebody who was deleted before.
        """
        person = found(self._users.locked(user_id))
        materials = self._applications.materials_of_person(user_id)
        files = [row.file for row in materials] + ([person.avatar] if person.avatar is not None else [])
        self._applications.forget(user_id)
        self._checks.forget(user_id)
        token = {"token_version": self._users.next_token_version()}
        self._users.edit(user_id, _NOTHING | token, self._clock.now())
        self._sessions.forget(user_id)
        self._files.let_go(files)
        self._audit.record(
            actor, "user.deleted", ("user", user_id), {"status": person.status}, {"status": Status.DELETED}
        )
        return Removed(id=user_id)

    @unit_of_work
    def export(self, actor: Actor) -> Export:
        """Everything that is kept about the person who asks; that it was handed out is recorded."""
        person = found(self._users.get(actor.user_id or 0))
        self._audit.record(actor, "user.exported", ("user", person.id))
        last = person.last_login_at
        whole = {"phone": opened(self._keys, person.phone, PHONE)}
        return Export(
            profile=profile_of(person, self._keys).model_copy(update=whole),
            wechat={name: getattr(person, name) for name in ("appid", "openid", "unionid")},
            last_login_at=None if last is None else iso(last),
            applications=[self._application(row) for row in self._applications.of_person(person.id)],
            sessions=list(self._sessions.of(person.id)),
            subscriptions=list(self._sessions.subscriptions(person.id)),
            projects=list(self._sessions.projects(person.id)),
            avatar_checks=[
                {"trace_id": row.trace_id, "created_at": iso(row.created_at)}
                for row in self._checks.of_person(person.id)
            ],
            audit=self._entries(person.id),
        )

    def _application(self, row: Row[Any]) -> dict[str, Any]:
        return ApplicationView.of(row).model_dump() | {
            "real_name": opened(self._keys, row.real_name, REAL_NAME),
            "number": opened(self._keys, row.number, NUMBER),
            "materials": [
                {"id": material.id, "created_at": iso(material.created_at)}
                for material in self._applications.materials(row.id)
            ],
        }

    def _entries(self, user_id: int) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        query = AuditQuery(target_type="user", target_id=user_id, size=_BATCH)
        while len(entries) < _MOST_ENTRIES:
            part = self._audit.page(query)
            entries += [entry.model_dump() for entry in part.items]
            if part.next is None:
                break
            query = query.model_copy(update={"cursor": part.next})
        return entries
