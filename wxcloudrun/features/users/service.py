"""One's own profile: reading it, changing it, and the phone."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor, Status
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.users.dao import UserDao
from wxcloudrun.features.users.errors import UserNotFound
from wxcloudrun.features.users.schemas import Profile, ProfileChange

PHONE = "users.phone"

type CheckText = Callable[[int, str], None]


class ProfileService:
    """What people do with their own data."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        users: UserDao | None = None,
        check_text: CheckText | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._users = users or UserDao(session)
        self._check_text = check_text

    def profile(self, actor: Actor) -> Profile:
        """One's own profile."""
        return self._view(self._row(actor))

    def change(self, actor: Actor, change: ProfileChange) -> Profile:
        """Change the fields that were sent. Raises EditConflict with the present profile, ContentRefused."""
        if self._check_text is not None and (change.nickname or change.signature):
            self._check_text(actor.user_id or 0, f"{change.nickname or ''}\n{change.signature or ''}".strip())
        return self._store(actor, change)

    @unit_of_work
    def _store(self, actor: Actor, change: ProfileChange) -> Profile:
        before = self._row(actor)
        values = change.model_dump(exclude_none=True, exclude={"version"})
        if not values:
            return self._view(before)
        version = change.version or before.version
        stamp = {"version": version + 1, "updated_at": self._clock.now()}
        if not self._users.change(before.id, values | stamp, version):
            raise EditConflict(present=self._view(self._row(actor)))
        self._audit.record(actor, "user.profile", ("user", before.id), _only(before, values), values)
        return self._view(self._row(actor))

    def _row(self, actor: Actor) -> Row[Any]:
        row = self._users.get(actor.user_id or 0)
        if row is None or row.status is Status.DELETED:
            raise UserNotFound
        return row

    def _view(self, row: Row[Any]) -> Profile:
        return Profile.of(row, None if row.phone is None else self._keys.decrypt(row.phone, PHONE))


def _only(row: Row[Any], values: Mapping[str, object]) -> dict[str, object]:
    return {name: getattr(row, name) for name in values}
