"""Questions about audit entries."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from wxcloudrun.core.db import AnySession, fetch
from wxcloudrun.features.audit.models import AuditEntry

_TABLE: Any = AuditEntry.__table__
_AS_STORED = {"populate_existing": True}  # seals are written past the session, which may hold a row without its seal
_SEAL = update(_TABLE).where(_TABLE.c.id == bindparam("entry"))

_WAITING = select(_TABLE.c.id).where(_TABLE.c.seal.is_(None)).limit(1)


class AuditDao:
    """Writes entries, and links them into the chain."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def add(self, values: dict[str, object]) -> None:
        """Write one entry."""
        self._session.connection().execute(insert(_TABLE), values)

    def waiting(self) -> bool:
        """True when there is an entry without a seal."""
        return bool(fetch(self._session, _WAITING))

    def unsealed(self, size: int) -> Sequence[AuditEntry]:
        """Entries without a seal, lowest number first."""
        query = select(AuditEntry).where(AuditEntry.seal.is_(None)).order_by(AuditEntry.id).limit(size)
        return self._session.scalars(query, execution_options=_AS_STORED).all()

    def tip(self) -> AuditEntry | None:
        """The end of the chain."""
        query = select(AuditEntry).where(AuditEntry.seal.is_not(None)).order_by(AuditEntry.seal.desc()).limit(1)
        return self._session.scalars(query, execution_options=_AS_STORED).first()

    def seal(self, links: Sequence[dict[str, object]]) -> None:
        """Number entries (`entry`, `seal`, `hash`); two sealers at once are told apart by the unique number."""
        self._session.connection().execute(_SEAL, links)

    def chain(self, after: int, size: int) -> Sequence[AuditEntry]:
        """Sealed entries behind number `after`, in the chain's order."""
        query = select(AuditEntry).where(AuditEntry.seal > after).order_by(AuditEntry.seal).limit(size)
        return self._session.scalars(query, execution_options=_AS_STORED).all()

    def page(self, wanted: Mapping[str, object], before: int | None, size: int) -> Sequence[AuditEntry]:
        """Entries with these values (None: any), newest first."""
        query = select(AuditEntry).filter_by(**{name: value for name, value in wanted.items() if value is not None})
        if before is not None:
            query = query.where(AuditEntry.id < before)
        return self._session.scalars(query.order_by(AuditEntry.id.desc()).limit(size)).all()
