"""What a signed request of another server begins: a run with its trigger's rights, once."""

import fnmatch
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core import json_body
from wxcloudrun.core.actor import Actor, Grant
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import ApiError
from wxcloudrun.features.projects.access import Right
from wxcloudrun.features.runs.models import Trigger
from wxcloudrun.features.runs.schemas import RunMade, RunStarted
from wxcloudrun.features.triggers.dao import TriggerDao
from wxcloudrun.features.triggers.errors import (
    DeliveryKnown,
    TriggerDisabled,
    TriggerNotFound,
    TriggerSignatureWrong,
)
from wxcloudrun.features.triggers.schemas import TARGETS, Received
from wxcloudrun.features.triggers.service import SECRET
from wxcloudrun.integrations.signatures import is_signed

type Start = Callable[[Actor, int, RunMade, Trigger], RunStarted]

_KEPT: Final = timedelta(days=30)
_BATCH: Final = 500
_IDS: Final = ("Idempotency-Key", "X-GitHub-Delivery", "X-Gitlab-Event-UUID")
_HEADS: Final = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request as it came in."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    request_id: str

    @property
    def identity(self) -> str:
        """The same for a request that is sent again, as its sender says, or as its bytes do."""
        told = next((f"{name} {self.headers[name]}" for name in _IDS if self.headers.get(name)), None)
        content = self.body if told is None else told.encode("utf-8", "surrogateescape")
        return hashlib.sha256(content).hexdigest()

    @property
    def is_ping(self) -> bool:
        """True for the request by which GitHub tries an address."""
        return self.headers.get("X-GitHub-Event") == "ping"

    def labels(self) -> dict[str, str]:
        """Branch and commit of a push, as GitHub, GitLab and Gitea tell of it; nothing where it is something else."""
        try:
            told = json_body.parse(self.body)
        except json_body.JsonFault:
            return {}
        push = told if isinstance(told, dict) else {}
        ref, commit = push.get("ref"), push.get("after") or push.get("checkout_sha")
        found = {"branch": ref.removeprefix(_HEADS)[:128]} if isinstance(ref, str) and ref.startswith(_HEADS) else {}
        is_commit = isinstance(commit, str) and 7 <= len(commit) <= 64 and commit.isalnum()
        return {name: text for name, text in found.items() if text.isprintable() and text.strip()} | (
            {"commit": str(commit)} if is_commit else {}
        )


class TriggerDeliveries:
    """Lets other servers begin runs."""

    def __init__(
        self, session: AnySession, clock: Clock, keys: KeyRing, start: Start, triggers: TriggerDao | None = None
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._start = start
        self._triggers = triggers or TriggerDao(session)

    def receive(self, key: str, delivery: Delivery) -> Received:
        """Begin what the trigger is for, or tell what the same request began before.

        Raises TriggerNotFound, TriggerSignatureWrong, TriggerDisabled, UnreadableSecret and what a start raises.
        """
        row = self._triggers.by_key(key)
        if row is None:
            raise TriggerNotFound
        secret = self._keys.decrypt(row.secret, SECRET)
        if not is_signed(delivery.headers, delivery.body, secret, self._clock.now()):
            raise TriggerSignatureWrong
        if not row.enabled:
            raise TriggerDisabled
        if delivery.is_ping:
            return Received(run_id=None, reason="ping")
        labels, wanted = delivery.labels(), json.loads(row.wanted)
        if wanted["branches"] and not _is_wanted(labels.get("branch"), wanted["branches"]):
            return Received(run_id=None, reason="branch_not_wanted")
        try:
            return self._begun(row, delivery, wanted, labels)
        except ApiError as error:
            self._note(row.id, error.name())
            raise

    @unit_of_work
    def clear(self) -> int:
        """Forget deliveries of which nobody sends another copy any more; how many. Called in the background."""
        return self._triggers.clear(self._clock.now() - _KEPT, _BATCH)

    def _begun(
        self, row: Row[Any], delivery: Delivery, wanted: Mapping[str, Any], labels: Mapping[str, str]
    ) -> Received:
        known = self._triggers.delivery(row.id, delivery.identity)
        if known is None:
            try:
                return Received(run_id=self._begin(row, delivery, wanted, labels), reason=None)
            except DeliveryKnown:
                known = self._triggers.delivery(row.id, delivery.identity)
        return Received(run_id=None if known is None else known.run_id, reason=None)

    @unit_of_work
    def _begin(self, row: Row[Any], delivery: Delivery, wanted: Mapping[str, Any], labels: Mapping[str, str]) -> int:
        """Note the delivery and begin the run: both, or nothing. Raises DeliveryKnown."""
        now = self._clock.now()
        number = self._triggers.add_delivery(row.id, delivery.identity, now)
        names = (*TARGETS, "environment_id", "inputs")
        made = {name: wanted[name] for name in names if wanted[name] is not None}
        run = self._start(
            Actor(row.maker_id, request_id=delivery.request_id, grant=Grant(0, row.project_id, Right.RUN)),
            row.project_id,
            RunMade.model_validate({**made, "labels": labels, "priority": "ci"}),
            Trigger.API,
        )
        self._triggers.began(number, run.id)
        self._triggers.change(row.id, {"used_at": now, "run_id": run.id, "refusal": None})
        return run.id

    @unit_of_work
    def _note(self, trigger_id: int, refusal: str) -> None:
        self._triggers.change(trigger_id, {"used_at": self._clock.now(), "refusal": refusal})


def _is_wanted(branch: str | None, patterns: list[str]) -> bool:
    return branch is not None and any(fnmatch.fnmatchcase(branch, pattern) for pattern in patterns)
