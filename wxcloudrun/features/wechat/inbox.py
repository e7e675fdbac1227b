"""The inbox of what WeChat pushes: kept at once and answered, handled later by a worker."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, retrying, transaction, unit_of_work
from wxcloudrun.core.errors import NotFound
from wxcloudrun.core.logging import log
from wxcloudrun.features.wechat import errors
from wxcloudrun.features.wechat.dao import InboxDao
from wxcloudrun.integrations.wechat.errors import PushFault, PushRejected

if TYPE_CHECKING:
    from wxcloudrun.integrations.wechat.push import PushReceiver
    from wxcloudrun.integrations.wechat.push_message import PushMessage

_logger = logging.getLogger("wxcloudrun.wechat.push")
_CONTENT = "push_messages.content"
_ACKNOWLEDGED = "success"
_LEASE = timedelta(seconds=60)  # after this long an attempt without an end is taken to have died
_DELAYS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=3), timedelta(minutes=15))
ATTEMPTS = len(_DELAYS) + 1
KEPT = timedelta(days=7)
BATCH = 20
_UNREADABLE = {PushFault.MALFORMED, PushFault.TOO_LARGE}

type Handler = Callable[["PushMessage"], str]
"""Acts on a message and names the outcome. It runs in the transaction that marks the message as handled, so it changes
rows and nothing else; what must happen outside goes to `after_commit`."""


@dataclass(frozen=True)
class Doors:
    """Ways by which messages come in; None is a closed one. `cloud` is Cloud Run's, of the environment `env_id`."""

    signed: "PushReceiver | None" = None
    cloud: "PushReceiver | None" = None
    env_id: str = ""


class Inbox:
    """Takes in pushed messages, and has them handled."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        doors: Doors,
        handlers: Callable[[], Mapping[str, Handler]],
        messages: InboxDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._doors = doors
        self._handlers = handlers
        self._messages = messages or InboxDao(session)

    def check_url(self, query: Mapping[str, str]) -> str:
        """What to answer WeChat's check of the address with. Raises NotFound while push is off, PushRefused."""
        if self._doors.signed is None:
            raise NotFound
        try:
            return self._doors.signed.check_url(query)
        except PushRejected as fault:
            raise _refusal(fault) from None

    def receive(self, query: Mapping[str, str], body: Callable[[], bytes], headers: Mapping[str, str]) -> str:
        """Keep a message, once, and acknowledge it.

        Raises NotFound while push is off, PushRefused for what must not be believed, PushUnreadable, BodyTooLarge.
        """
        from wxcloudrun.integrations.wechat.push import is_container_check  # noqa: PLC0415 - not needed to start

        if self._doors.signed is None and self._doors.cloud is None:
            raise NotFound
        content = body()
        if is_container_check(content):
            return _ACKNOWLEDGED
        try:
            message = self._door(query, headers).receive(query, content, headers)
        except PushRejected as fault:
            raise _refusal(fault) from None
        self._keep(message)
        return _ACKNOWLEDGED

    def handle(self) -> int:
        """Handle messages that are due, each in a transaction of its own; how many. Called in the background."""
        return sum(self._handle(row) for row in self._due())

    @unit_of_work
    def clear(self) -> int:
        """Remove messages that were handled a week ago; how many. Called in the background."""
        return self._messages.clear(self._clock.now() - KEPT)

    def _door(self, query: Mapping[str, str], headers: Mapping[str, str]) -> "PushReceiver":
        """Cloud Run's door for what bears no signature and came from its environment, else the signed one."""
        signed = "signature" in query or "msg_signature" in query
        ours = headers.get("X-WX-ENV", self._doors.env_id) == self._doors.env_id
        if self._doors.cloud is not None and ours and not signed:
            return self._doors.cloud
        if self._doors.signed is None:
            raise PushRejected(PushFault.SOURCE)
        return self._doors.signed

    def _keep(self, message: "PushMessage") -> None:
        now = self._clock.now()
        values = {
            "dedupe_key": message.dedupe_key,
            "kind": _kind(message),
            "content": self._keys.encrypt(json.dumps(dict(message.fields)), _CONTENT),
            "received_at": now,
            "due_at": now,
            "attempts": 0,
        }
        try:
            retrying(partial(self._add, values))
        except IntegrityError:
            log(_logger, "push received again", kind=values["kind"])
            return
        log(_logger, "push received", kind=values["kind"])

    def _add(self, values: Mapping[str, object]) -> None:
        with transaction(self.session):
            self._messages.add(values)

    def _due(self) -> list[Row[Any]]:
        self.session.rollback()
        rows = self._messages.due(self._clock.now(), BATCH)
        self.session.rollback()
        return list(rows)

    def _handle(self, row: Row[Any]) -> int:
        if row.attempts >= ATTEMPTS:  # the process that made the last attempt died
            return self._end(row.id, row.attempts, "gave_up")
        if not self._take(row.id, row.attempts, self._clock.now() + _LEASE):
            return 0
        attempt = row.attempts + 1
        try:
            outcome = retrying(partial(self._carry_out, row, attempt))
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the other messages go on
            self._put_off(row, attempt, error)
            return 0
        if outcome is not None:
            log(_logger, "push handled", message=row.id, kind=row.kind, outcome=outcome)
        return int(outcome is not None)

    @unit_of_work
    def _take(self, number: int, attempts: int, until: datetime) -> bool:
        return self._messages.take(number, attempts, until)

    def _carry_out(self, row: Row[Any], attempt: int) -> str | None:
        """The outcome; None when somebody else went on with the message."""
        from wxcloudrun.integrations.wechat.push_message import parse_push  # noqa: PLC0415 - not needed to start

        message = parse_push(self._keys.decrypt(row.content, _CONTENT))
        handler = self._handlers().get(message.event or "")
        with transaction(self.session):
            if not self._messages.change(row.id, attempt, {"handled_at": self._clock.now()}):
                return None
            outcome = "ignored" if handler is None else handler(message)
            self._messages.name_outcome(row.id, outcome)
        return outcome

    def _put_off(self, row: Row[Any], attempt: int, error: Exception) -> None:
        _logger.warning(
            "push not handled",
            extra={"facts": {"message": row.id, "kind": row.kind, "attempt": attempt}},
            exc_info=error,
        )
        if attempt >= ATTEMPTS:
            self._end(row.id, attempt, "gave_up")
            return
        self._again(row.id, attempt, self._clock.now() + _DELAYS[attempt - 1])

    @unit_of_work
    def _again(self, number: int, attempt: int, at: datetime) -> None:
        self._messages.change(number, attempt, {"due_at": at})

    @unit_of_work
    def _end(self, number: int, attempt: int, outcome: str) -> int:
        values = {"handled_at": self._clock.now(), "outcome": outcome}
        return int(self._messages.change(number, attempt, values))


def _kind(message: "PushMessage") -> str:
    """The event or type as a column and a log may hold it: NUL and lone surrogates fit into no database."""
    return "".join(letter if letter.isprintable() else "?" for letter in (message.event or message.msg_type)[:64])


def _refusal(fault: PushRejected) -> Exception:
    """Without detail for who sent it; the reason is in the log, the message is not."""
    log(_logger, "push refused", logging.WARNING, reason=fault.reason.value)
    if fault.reason is PushFault.NOT_CONFIGURED:
        return NotFound()
    return errors.PushUnreadable() if fault.reason in _UNREADABLE else errors.PushRefused()
