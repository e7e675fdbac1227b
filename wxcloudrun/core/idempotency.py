"""A POST that is sent twice with one Idempotency-Key happens once and is answered twice alike, for 24 hours."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from flask import Response
from sqlalchemy import LargeBinary, UniqueConstraint, delete, insert, select, update
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code, row_id
from wxcloudrun.core.db import AnySession, Base, retrying, transaction
from wxcloudrun.core.errors import FieldFault, IdempotencyKeyReused, InvalidInput, RequestInProgress

if TYPE_CHECKING:
    from wxcloudrun.core.http.route import Caller, Route

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)  # after this long a request without an answer is taken to have died
_MAX_KEY = 255


class IdempotencyRecord(Base):
    """One key of one user: which request it was used for and, once that is done, the answer."""

    __tablename__ = "idempotency_records"
    __table_args__ = (UniqueConstraint("user_id", "key_hash"), Base.__table_args__)

    id: Mapped[int] = row_id()
    user_id: Mapped[int] = mapped_column(ROW_ID)
    key_hash: Mapped[str] = mapped_column(code(64))
    request_hash: Mapped[str] = mapped_column(code(64))
    status: Mapped[int | None]
    answer: Mapped[bytes | None] = mapped_column(LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class KeptRequest(Protocol):
    """A request that may be repeated."""

    method: str
    path: str


class Idempotency:
    """Carries out a request once for each key."""

    def __init__(self, session: AnySession, clock: Clock) -> None:
        self.session = session
        self._clock = clock

    def once(
        self, actor: Actor, caller: "Caller", route: "Route", body: bytes, carry_out: Callable[[], Response]
    ) -> Response:
        """The answer of `carry_out`, or the answer that this key got before.

        The answer is stored in the transaction that does the work, so a crash leaves both or neither. Raises
        IdempotencyKeyReused for another request, RequestInProgress while the first is under way.
        """
        key = caller.idempotency_key or ""
        if not 1 <= len(key) <= _MAX_KEY or not key.isprintable():
            raise InvalidInput(fields=(FieldFault("Idempotency-Key", "invalid"),))
        key_hash = hashlib.sha256(key.encode()).hexdigest()
        line = f"{route.method} {route.path}\n".encode()
        request_hash = hashlib.sha256(line + body).hexdigest()
        record = self._begin(actor.user_id or 0, key_hash, request_hash)
        if isinstance(record, Response):
            return record
        return self._finish(record, carry_out)

    def _begin(self, user_id: int, key_hash: str, request_hash: str) -> int | Response:
        now = self._clock.now()
        values = {"user_id": user_id, "key_hash": key_hash, "request_hash": request_hash, "created_at": now}
        try:
            return retrying(lambda: self._insert(values))
        except IntegrityError:
            return self._earlier(user_id, key_hash, request_hash, now)

    def _insert(self, values: dict[str, object]) -> int:
        with transaction(self.session):
            result = self.session.execute(insert(IdempotencyRecord).values(**values))
            return int(result.inserted_primary_key[0])  # type: ignore[attr-defined]  # an insert has one

    def _earlier(self, user_id: int, key_hash: str, request_hash: str, now: datetime) -> int | Response:
        where = (IdempotencyRecord.user_id == user_id, IdempotencyRecord.key_hash == key_hash)
        with transaction(self.session):
            row = self.session.scalars(select(IdempotencyRecord).where(*where)).one_or_none()
            if row is None:  # it failed or was cleared this very moment
                raise RequestInProgress(retry_after=1)
            if row.request_hash != request_hash:
                raise IdempotencyKeyReused
            if row.answer is not None:
                headers = [("Cache-Control", "no-store"), ("Idempotency-Replayed", "true")]
                return Response(row.answer, row.status, headers, content_type="application/json")
            taken = self.session.execute(
                update(IdempotencyRecord)
                .where(IdempotencyRecord.id == row.id, IdempotencyRecord.created_at <= now - LEASE)
                .values(created_at=now)
            )
            if taken.rowcount != 1:  # type: ignore[attr-defined]  # an update has one
                raise RequestInProgress(retry_after=2)
            return row.id

    def _finish(self, record: int, carry_out: Callable[[], Response]) -> Response:
        try:
            return retrying(lambda: self._work(record, carry_out))
        except BaseException:
            with transaction(self.session):
                self.session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.id == record))
            raise

    def _work(self, record: int, carry_out: Callable[[], Response]) -> Response:
        with transaction(self.session):
            response = carry_out()
            self.session.execute(
                update(IdempotencyRecord)
                .where(IdempotencyRecord.id == record)
                .values(status=response.status_code, answer=response.get_data())
            )
        return response

    def clear(self) -> int:
        """Forget keys older than 24 hours; how many there were."""
        with transaction(self.session):
            old = IdempotencyRecord.created_at < self._clock.now() - KEPT
            return int(self.session.execute(delete(IdempotencyRecord).where(old)).rowcount)  # type: ignore[attr-defined]
