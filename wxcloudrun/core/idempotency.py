"""A POST that is sent twice with one Idempotency-Key happens once and is answered twice alike, for 24 hours."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, LargeBinary, UniqueConstraint, delete, insert, select, update
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.columns import ENCRYPTED, ROW_ID, UtcDateTime, code, row_id
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, Base, retrying, transaction
from wxcloudrun.core.errors import FieldFault, IdempotencyKeyReused, InvalidInput, RequestInProgress

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)  # after this long a request without an answer is taken to have died
_ANSWER = "idempotency_records.answer"
_KEY = re.compile(r"[!-~]{1,255}")
_FORM = "1 to 255 ASCII characters without blanks"
_BYTES = LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


class IdempotencyRecord(Base):
    """One key of one user: which request it was used for and, once that is done, the answer (encrypted).

    An answer may show what is shown only once, such as a token; so it is kept as secrets are.
    """

    __tablename__ = "idempotency_records"
    __table_args__ = (UniqueConstraint("user_id", "key_hash"), Base.__table_args__)

    id: Mapped[int] = row_id()
    user_id: Mapped[int] = mapped_column(ROW_ID)
    key_hash: Mapped[str] = mapped_column(code(64))
    request_hash: Mapped[str] = mapped_column(code(64))
    status: Mapped[int | None]
    answer: Mapped[bytes | None] = mapped_column(_BYTES, info=ENCRYPTED)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry out a request: good until somebody takes the record over, which changes `since`."""

    record: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered; `repeated` when it was carried out before."""

    status: int
    body: bytes
    repeated: bool = False


class Idempotency:
    """Carries out a request once for each key."""

    def __init__(self, session: AnySession, clock: Clock, keys: KeyRing) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys

    def once(self, actor: Actor, key: str, request: bytes, carry_out: Callable[[], Answer]) -> Answer:
        """The answer of `carry_out`, or the answer that this key got before for the same request, byte by byte.

        The answer is stored in the transaction that does the work, so a crash leaves both or neither; a refusal is not
        stored. Raises IdempotencyKeyReused for another request, RequestInProgress while the first is under way.
        """
        if _KEY.fullmatch(key) is None:
            raise InvalidInput(fields=(FieldFault("Idempotency-Key", "invalid", detail=_FORM),))
        key_hash = hashlib.sha256(key.encode()).hexdigest()
        claim = self._begin(actor.user_id or 0, key_hash, hashlib.sha256(request).hexdigest())
        return claim if isinstance(claim, Answer) else self._finish(claim, carry_out)

    def _begin(self, user_id: int, key_hash: str, request_hash: str) -> Claim | Answer:
        now = self._clock.now()
        values = {"user_id": user_id, "key_hash": key_hash, "request_hash": request_hash, "created_at": now}
        try:
            return Claim(retrying(lambda: self._insert(values)), now)
        except IntegrityError:
            return retrying(lambda: self._earlier(user_id, key_hash, request_hash, now))

    def _insert(self, values: dict[str, object]) -> int:
        with transaction(self.session):
            result = self.session.execute(insert(IdempotencyRecord).values(**values))
            return int(result.inserted_primary_key[0])  # type: ignore[attr-defined]  # an insert has one

    def _earlier(self, user_id: int, key_hash: str, request_hash: str, now: datetime) -> Claim | Answer:
        where = (IdempotencyRecord.user_id == user_id, IdempotencyRecord.key_hash == key_hash)
        with transaction(self.session):
            row = self.session.scalars(select(IdempotencyRecord).where(*where)).one_or_none()
            if row is None:  # it failed or was cleared this very moment
                raise RequestInProgress(retry_after=1)
            if row.created_at > now - KEPT:
                if row.request_hash != request_hash:
                    raise IdempotencyKeyReused
                if row.answer is not None:
                    body = self._keys.decrypt(row.answer.decode(), _ANSWER).encode()
                    return Answer(row.status or 200, body, repeated=True)
            return self._take_over(row.id, request_hash, now)

    def _take_over(self, record: int, request_hash: str, now: datetime) -> Claim:
        """Claim a record that is too old to count, or whose process died."""
        over = IdempotencyRecord.created_at <= now - LEASE
        values = {"created_at": now, "request_hash": request_hash, "status": None, "answer": None}
        statement = update(IdempotencyRecord).where(IdempotencyRecord.id == record, over).values(**values)
        if self.session.execute(statement).rowcount != 1:  # type: ignore[attr-defined]  # an update has one
            raise RequestInProgress(retry_after=2)
        return Claim(record, now)

    def _finish(self, claim: Claim, carry_out: Callable[[], Answer]) -> Answer:
        try:
            return retrying(lambda: self._work(claim, carry_out))
        except BaseException:
            with transaction(self.session):
                self.session.execute(delete(IdempotencyRecord).where(*_held(claim)))
            raise

    def _work(self, claim: Claim, carry_out: Callable[[], Answer]) -> Answer:
        with transaction(self.session):
            answer = carry_out()
            sealed = self._keys.encrypt(answer.body.decode(), _ANSWER).encode()
            values = {"status": answer.status, "answer": sealed}
            kept = self.session.execute(update(IdempotencyRecord).where(*_held(claim)).values(**values))
            if kept.rowcount != 1:  # type: ignore[attr-defined]  # an update has one
                raise RequestInProgress(retry_after=2)  # somebody took this for dead: only one of the two may be kept
        return answer

    def clear(self) -> int:
        """Forget keys older than 24 hours; how many there were."""
        with transaction(self.session):
            old = IdempotencyRecord.created_at < self._clock.now() - KEPT
            return int(self.session.execute(delete(IdempotencyRecord).where(old)).rowcount)  # type: ignore[attr-defined]


def _held(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return IdempotencyRecord.id == claim.record, IdempotencyRecord.created_at == claim.since
