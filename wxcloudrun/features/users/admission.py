"""Who stands behind a WeChat identity: the person's row, found or made."""

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import SYSTEM, Role, Status, Verification
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import AccountDisabled
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.users.dao import UserDao
from wxcloudrun.features.users.schemas import Profile
from wxcloudrun.features.users.service import PHONE

SESSION_KEY = "users.session_key"
_LATELY = timedelta(minutes=10)


@dataclass(frozen=True)
class Identity:
    """Whom WeChat says it is, in which app."""

    appid: str
    openid: str = field(repr=False)
    session_key: str | None = field(default=None, repr=False)
    unionid: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Admitted:
    """A person who may come in."""

    user_id: int
    token_version: int
    is_new: bool
    profile: Profile


class Admission:
    """Finds or makes people for those who vouch for them."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        first_admin_openid: str | None = None,
        users: UserDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._first_admin_openid = first_admin_openid
        self._users = users or UserDao(session)

    @unit_of_work
    def admit(self, identity: Identity) -> Admitted:
        """The person of an identity, made when new. Raises AccountDisabled.

        Raises IntegrityError when two of a new person's devices come at once: asked again, the row is there.
        """
        row = self._users.by_openid(identity.appid, identity.openid)
        person = self._made(identity) if row is None else self._greeted(row, identity)
        phone = None if person.phone is None else self._keys.decrypt(person.phone, PHONE)
        return Admitted(person.id, person.token_version, row is None, Profile.of(person, phone))

    def lately(self, identity: Identity) -> Row[Any] | None:
        """The row of somebody who was admitted within the last minutes and about whom nothing changed; else None.

        Where each request vouches for its person, not each one has to write that the person was here.
        """
        row = self._users.by_openid(identity.appid, identity.openid)
        if row is None or row.status is not Status.ACTIVE or row.last_login_at is None:
            return None
        stale = self._clock.now() - row.last_login_at > _LATELY
        changed = bool(identity.unionid) and identity.unionid != row.unionid
        due = self._is_first_admin(identity) and row.role is not Role.ADMINISTRATOR
        return None if stale or changed or due else row

    def known(self, user_id: int) -> Row[Any] | None:
        """A person's row."""
        return self._users.get(user_id)

    def end_tokens(self, user_id: int) -> None:
        """Make every access token of a person void, in the transaction under way."""
        self._users.change(user_id, {"token_version": self._users.next_token_version()})

    def _greeted(self, row: Row[Any], identity: Identity) -> SimpleNamespace:
        if row.status is not Status.ACTIVE:
            raise AccountDisabled
        values: dict[str, object] = {"last_login_at": self._clock.now()}
        if identity.session_key:
            values["session_key"] = self._keys.encrypt(identity.session_key, SESSION_KEY)
        if identity.unionid and identity.unionid != row.unionid:
            values["unionid"] = identity.unionid
        if self._is_first_admin(identity) and row.role is not Role.ADMINISTRATOR:
            values["role"] = Role.ADMINISTRATOR
            self._audit.record(SYSTEM, "user.promoted", ("user", row.id), {"role": row.role}, {"role": values["role"]})
        if not self._users.change(row.id, values):
            raise AccountDisabled  # deleted this very moment
        return SimpleNamespace(**(row._asdict() | values))

    def _made(self, identity: Identity) -> SimpleNamespace:
        now = self._clock.now()
        key = identity.session_key
        values: dict[str, object] = {
            "appid": identity.appid,
            "openid": identity.openid,
            "unionid": identity.unionid,
            "session_key": self._keys.encrypt(key, SESSION_KEY) if key else None,
            "nickname": "",
            "gender": 0,
            "language": "zh_CN",
            "signature": "",
            "avatar": None,
            "phone": None,
            "role": Role.ADMINISTRATOR if self._is_first_admin(identity) else Role.USER,
            "status": Status.ACTIVE,
            "verification": Verification.NONE,
            "token_version": 1,
            "version": 1,
            "created_at": now,
            "updated_at": now,
            "last_login_at": now,
        }
        number = self._users.add(values)
        self._audit.record(SYSTEM, "user.created", ("user", number), None, {"role": values["role"]})
        return SimpleNamespace(id=number, **values)

    def _is_first_admin(self, identity: Identity) -> bool:
        return self._first_admin_openid is not None and identity.openid == self._first_admin_openid
