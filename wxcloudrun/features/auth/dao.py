"""Questions about sessions and login codes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Row, bindparam, delete, insert, select, update

from wxcloudrun.core.db import AnySession, fetch
from wxcloudrun.features.auth.models import LoginExchange, UserSession
from wxcloudrun.features.users.models import User

_S: Any = UserSession.__table__
_U: Any = User.__table__
_E: Any = LoginExchange.__table__
_ACTOR = (
    select(_U.c.role, _U.c.status, _U.c.verification, _U.c.token_version, _S.c.ended_at, _S.c.expires_at)
    .join(_S, _S.c.user_id == _U.c.id)
    .where(_S.c.id == bindparam("session_id"), _U.c.id == bindparam("user_id"))
)
_FAMILY = (
    select(_S, _U.c.status, _U.c.token_version)
    .join(_U, _S.c.user_id == _U.c.id)
    .where(_S.c.family == bindparam("family"))
)
_EXCHANGE = select(_E).where(_E.c.code_hash == bindparam("code_hash"))


class SessionDao:
    """Reads and writes sessions."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def actor(self, session_id: int, user_id: int) -> Row[Any] | None:
        """What decides whether a token is still good: the person's state and the session's end."""
        values = {"session_id": session_id, "user_id": user_id}
        return next(iter(fetch(self._session, _ACTOR, values)), None)

    def add(self, values: Mapping[str, object]) -> int:
        """A new session; its number."""
        result = self._session.connection().execute(insert(_S), dict(values))
        return int(result.inserted_primary_key[0])  # type: ignore[index]  # an insert of one row has one

    def by_family(self, family: str) -> Row[Any] | None:
        """The session of a family of refresh tokens, with the person's status and token_version."""
        return self._session.connection().execute(_FAMILY, {"family": family}).one_or_none()

    def rotate(self, session_id: int, used: str, values: Mapping[str, object]) -> bool:
        """Replace the refresh token if `used` is still the one that is good; false when somebody was faster."""
        statement = update(_S).where(_S.c.id == session_id, _S.c.refresh_hash == used)
        return self._run(statement.values(**values)).rowcount == 1

    def living(self, user_id: int, now: datetime) -> Sequence[Row[Any]]:
        """A person's sessions that have not ended, newest first."""
        query = select(_S).where(_S.c.user_id == user_id, _S.c.ended_at.is_(None), _S.c.expires_at > now)
        return self._session.connection().execute(query.order_by(_S.c.id.desc()).limit(100)).all()

    def end(self, user_id: int, now: datetime, reason: str, session_id: int | None = None) -> int:
        """End one session of a person, or all of them; how many that were."""
        statement = update(_S).where(_S.c.user_id == user_id, _S.c.ended_at.is_(None))
        if session_id is not None:
            statement = statement.where(_S.c.id == session_id)
        return self._run(statement.values(ended_at=now, end_reason=reason)).rowcount

    def forget(self, user_id: int) -> None:
        """Remove every session of a person."""
        self._run(delete(_S).where(_S.c.user_id == user_id))

    def clear(self, before: datetime) -> int:
        """Remove sessions that ran out before that moment; how many there were."""
        return self._run(delete(_S).where(_S.c.expires_at < before)).rowcount

    def _run(self, statement: Any) -> CursorResult[Any]:
        return self._session.connection().execute(statement)


class ExchangeDao:
    """Reads and writes the exchanges of login codes."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def add(self, code_hash: str, now: datetime) -> None:
        """Say that this code is being exchanged. Raises IntegrityError when somebody was first."""
        self._session.connection().execute(insert(_E), {"code_hash": code_hash, "created_at": now})

    def get(self, code_hash: str) -> Row[Any] | None:
        """What is known of a code."""
        return self._session.connection().execute(_EXCHANGE, {"code_hash": code_hash}).one_or_none()

    def answer(self, code_hash: str, answer: str) -> None:
        """Keep the (encrypted) answer for who asks with the same code."""
        self._change(update(_E).where(_E.c.code_hash == code_hash).values(answer=answer))

    def fail(self, code_hash: str, error: str) -> None:
        """Keep the name of the refusal for who asks with the same code."""
        self._change(update(_E).where(_E.c.code_hash == code_hash).values(failure=error))

    def release(self, code_hash: str, since: datetime | None = None) -> None:
        """Forget a code, so that WeChat is asked about it again; with `since` only what began at that moment."""
        began = () if since is None else (_E.c.created_at == since,)
        self._change(delete(_E).where(_E.c.code_hash == code_hash, *began))

    def clear(self, before: datetime) -> int:
        """Forget codes from before that moment; how many there were."""
        return self._change(delete(_E).where(_E.c.created_at < before))

    def _change(self, statement: Any) -> int:
        return int(self._session.connection().execute(statement).rowcount)
