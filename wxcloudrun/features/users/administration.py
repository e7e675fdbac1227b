"""How administrators look after people. The routes admit nobody else; commands act as the system."""

from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor, Role, Status, Verification
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.users.dao import PeopleFilter, UserDao
from wxcloudrun.features.users.errors import LastAdministratorProtected, OwnAccountProtected
from wxcloudrun.features.users.privacy import PrivacyService, SessionHooks
from wxcloudrun.features.users.schemas import PeopleQuery, PersonChange, PersonMade, PersonView, whole_phone
from wxcloudrun.features.users.service import PHONE, found, recorded
from wxcloudrun.features.users.verification import opened


class AdministrationService:
    """Lists, makes, changes and deletes people."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        privacy: PrivacyService,
        sessions: SessionHooks | None = None,
        users: UserDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._privacy = privacy
        self._sessions = sessions or SessionHooks()
        self._users = users or UserDao(session)

    def page(self, query: PeopleQuery) -> Page[PersonView]:
        """People who were not deleted."""
        wanted = PeopleFilter(
            text=query.q,
            phone_hash=None if query.phone is None else self._keys.lookup(whole_phone(query.phone)),
            role=None if query.role is None else Role[query.role.upper()],
            status=None if query.status is None else Status[query.status.upper()],
            verification=None if query.verification is None else Verification[query.verification.upper()],
        )
        rows, total = self._users.page(wanted, query.sort, (query.page - 1) * query.size, query.size)
        return Page(items=[self._view(row) for row in rows], page=query.page, size=query.size, total=total)

    def view(self, user_id: int) -> PersonView:
        """A person. Raises UserNotFound, also for a deleted one."""
        return self._view(found(self._users.get(user_id)))

    @unit_of_work
    def add(self, actor: Actor, person: PersonMade) -> PersonView:
        """Make a person ahead, who has no WeChat identity. Raises PhoneTaken."""
        now = self._clock.now()
        values: dict[str, object] = {
            "nickname": person.nickname,
            "gender": 0,
            "language": "zh_CN",
            "signature": "",
            "phone": None if person.phone is None else self._keys.encrypt(person.phone, PHONE),
            "phone_hash": None if person.phone is None else self._keys.lookup(person.phone),
            "role": Role[person.role.upper()],
            "status": Status.ACTIVE,
            "verification": Verification.NONE,
            "token_version": 1,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        number = self._users.add(values)
        after = recorded(values, {"nickname": None, "phone": None, "role": None})
        self._audit.record(actor, "user.created", ("user", number), None, after)
        return self._view(found(self._users.get(number)))

    @unit_of_work
    def change(self, actor: Actor, user_id: int, change: PersonChange) -> PersonView:
        """Change the fields that were sent; role, status and verification count from the person's next request on.

        Raises UserNotFound, OwnAccountProtected, LastAdministratorProtected, EditConflict with the present state.
        """
        values = _values(change)
        if values.get("role", Role.ADMINISTRATOR) is Role.USER or values.get("status") is Status.DISABLED:
            self._refuse_to_lose(actor, user_id)
        before = found(self._users.locked(user_id))
        if not values:
            return self._view(before)
        if not self._users.edit(user_id, values, self._clock.now(), change.version):
            raise EditConflict(present=self._view(before))
        if before.status is Status.DISABLED and values.get("status") is Status.ACTIVE:
            self._sessions.end(actor, user_id)  # what was logged in before the disabling does not come to life again
        self._audit.record(actor, "user.changed", ("user", user_id), recorded(before, values), recorded(values, values))
        return self.view(user_id)

    @unit_of_work
    def delete(self, actor: Actor, user_id: int) -> Removed:
        """Delete a person, as if they had done it themselves.

        Raises UserNotFound, OwnAccountProtected, LastAdministratorProtected.
        """
        self._refuse_to_lose(actor, user_id)
        return self._privacy.erase(actor, user_id)

    def _refuse_to_lose(self, actor: Actor, user_id: int) -> None:
        """Nobody takes away one's own rights, and somebody must keep them; two who try this at once wait in line."""
        if actor.user_id == user_id:
            raise OwnAccountProtected
        administrators = self._users.lock_administrators()
        if administrators == [user_id]:
            raise LastAdministratorProtected

    def _view(self, row: Row[Any]) -> PersonView:
        return PersonView.of(row, opened(self._keys, row.phone, PHONE))


def _values(change: PersonChange) -> dict[str, object]:
    values: dict[str, object] = {}
    if change.nickname is not None:
        values["nickname"] = change.nickname
    if change.role is not None:
        values["role"] = Role[change.role.upper()]
    if change.status is not None:
        values["status"] = Status[change.status.upper()]
    if change.verification is not None:
        values["verification"] = Verification[change.verification.upper()]
    return values
