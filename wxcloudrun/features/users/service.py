"""One's own profile: reading it and changing it."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor, Status
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict
from wxcloudrun.core.masking import MASK
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.users.dao import UserDao
from wxcloudrun.features.users.errors import UserNotFound
from wxcloudrun.features.users.schemas import Profile, ProfileChange

PHONE = "users.phone"
_PERSONAL = {"nickname", "gender", "signature"}

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
        return profile_of(self._row(actor), self._keys)

    def change(self, actor: Actor, change: ProfileChange) -> Profile:
        """Change the fields that were sent. Raises EditConflict with the present profile, ContentRefused."""
        text = "\n".join(part for part in (change.nickname, change.signature) if part)
        if self._check_text is not None and text.strip():
            self._check_text(actor.user_id or 0, text)
        return self._store(actor, change)

    @unit_of_work
    def _store(self, actor: Actor, change: ProfileChange) -> Profile:
        before = self._row(actor)
        values = change.model_dump(exclude_none=True, exclude={"version"})
        if not values:
            return profile_of(before, self._keys)
        if not self._users.edit(before.id, values, self._clock.now(), change.version):
            raise EditConflict(present=profile_of(self._row(actor), self._keys))
        self._audit.record(
            actor, "user.profile", ("user", before.id), recorded(before, values), recorded(values, values)
        )
        return profile_of(self._row(actor), self._keys)

    def _row(self, actor: Actor) -> Row[Any]:
        return found(self._users.get(actor.user_id or 0))


def found(row: Row[Any] | None) -> Row[Any]:
    """The row of somebody who is there. Raises UserNotFound."""
    if row is None or row.status is Status.DELETED:
        raise UserNotFound
    return row


def profile_of(row: Row[Any], keys: KeyRing) -> Profile:
    """The profile of a row of `users`."""
    return Profile.of(row, None if row.phone is None else keys.decrypt(row.phone, PHONE))


def recorded(state: Row[Any] | Mapping[str, object], names: Mapping[str, object]) -> dict[str, object]:
    """These members of a person's row as the audit record may keep them for good: nothing that tells who it is."""
    values = state if isinstance(state, Mapping) else state._mapping
    return {name: MASK if name in _PERSONAL else values[name] for name in names}
