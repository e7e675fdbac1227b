"""Writing audit entries, sealing them into a hash chain, and checking the chain."""

import functools
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock, iso
from wxcloudrun.core.db import AnySession, after_commit, unit_of_work
from wxcloudrun.core.logging import log
from wxcloudrun.core.masking import mask
from wxcloudrun.core.pagination import Slice, cursor, position
from wxcloudrun.features.audit.dao import AuditDao
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.audit.schemas import AuditQuery, AuditView

_logger = logging.getLogger("wxcloudrun.audit")
_START = "0" * 64
_BATCH = 500


@dataclass(frozen=True)
class Verdict:
    """Outcome of checking the chain: links that hold, and a sentence for each that does not."""

    links: int
    tip: str  # the last link's hash
    faults: tuple[str, ...]


class AuditService:
    """The record of changes."""

    def __init__(self, session: AnySession, clock: Clock, entries: AuditDao | None = None) -> None:
        self.session = session
        self._clock = clock
        self._entries = entries or AuditDao(session)

    def record(
        self,
        actor: Actor,
        action: str,
        target: tuple[str, int | None],
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        *,
        project_id: int | None = None,
    ) -> None:
        """Write an entry in the transaction of the change itself; secrets and personal data are masked first.

        With `project_id` it is part of that project's activity, which all its members see.
        """
        self._entries.add(
            {
                "at": self._clock.now(),
                "actor_id": actor.user_id,
                "action": action,
                "target_type": target[0],
                "target_id": target[1],
                "project_id": project_id,
                "request_id": actor.request_id,
                "before": _canonical(before),
                "after": _canonical(after),
            }
        )

    def page(self, query: AuditQuery) -> Slice[AuditView]:
        """Entries, newest first."""
        before = position(query.cursor, (int,))
        wanted = {name: getattr(query, name) for name in ("target_type", "target_id", "project_id")}
        entries = self._entries.page(wanted, before[0] if before else None, query.size + 1)
        shown = entries[: query.size]
        return Slice(
            items=[_view(entry) for entry in shown],
            next=cursor(shown[-1].id) if len(entries) > query.size else None,
        )

    def seal(self) -> int:
        """Link entries that are not in the chain yet; how many there were. Called in the background."""
        return self._seal() if self._entries.waiting() else 0

    @unit_of_work
    def _seal(self) -> int:
        end = self._entries.tip()  # read first: two sealers at once then choose the same numbers, or one is refused
        waiting = self._entries.unsealed(_BATCH)
        if not waiting:
            return 0
        number, tip = (end.seal or 0, end.hash or _START) if end else (0, _START)
        links: list[dict[str, object]] = []
        for entry in waiting:
            number, tip = number + 1, _link(tip, entry)
            links.append({"entry": entry.id, "seal": number, "hash": tip})
        self._entries.seal(links)
        after_commit(self.session, functools.partial(log, _logger, "audit sealed", number=number, hash=tip))
        return len(links)

    def verify(self, known: tuple[int, str] | None = None) -> Verdict:
        """Walk the whole chain. A row that was altered or put elsewhere is named, as is the gap of a removed one.

        `known` is a link (number, hash) that was kept elsewhere, such as in the log: with it, removed newest entries
        and a chain that was made anew are found out too.
        """
        number, tip, faults = 0, _START, []
        seen = known is None
        while entries := self._entries.chain(number, _BATCH):
            for entry in entries:
                if entry.seal != number + 1:
                    faults.append(f"audit entries with seals {number + 1} to {(entry.seal or 0) - 1} were removed")
                elif _link(tip, entry) != entry.hash:
                    faults.append(f"audit entry {entry.id} ({entry.action} at {iso(entry.at)}) was altered")
                number, tip = entry.seal or 0, entry.hash or ""
                seen = seen or (number, tip) == known
            self.session.expunge_all()
        if not seen and known is not None:
            faults.append(f"the chain has no link {known[0]} with that hash: it was cut or made anew")
        return Verdict(number, tip, tuple(faults))


def _canonical(state: Mapping[str, object] | None) -> str | None:
    return None if state is None else json.dumps(mask(state), sort_keys=True, ensure_ascii=False, default=str)


def _link(tip: str, entry: AuditEntry) -> str:
    facts: list[Any] = [entry.id, entry.at.isoformat(timespec="microseconds"), entry.actor_id, entry.action]
    facts += [entry.target_type, entry.target_id, entry.project_id, entry.request_id, entry.before, entry.after]
    return hashlib.sha256(f"{tip}\n{json.dumps(facts, ensure_ascii=False)}".encode()).hexdigest()


def _view(entry: AuditEntry) -> AuditView:
    return AuditView(
        id=entry.id,
        at=iso(entry.at),
        actor_id=entry.actor_id,
        action=entry.action,
        target_type=entry.target_type,
        target_id=entry.target_id,
        project_id=entry.project_id,
        request_id=entry.request_id,
        before=None if entry.before is None else json.loads(entry.before),
        after=None if entry.after is None else json.loads(entry.after),
        sealed=entry.seal is not None,
    )
