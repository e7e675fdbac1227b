"""Channels: listing, making, changing, removing. Rules are in `rules`, what is sent in `deliveries` and below."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict, FieldFault, refuse
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.notifications.dao import ChannelDao
from wxcloudrun.features.notifications.errors import ChannelNotFound, TooManyChannels
from wxcloudrun.features.notifications.models import ChannelKind
from wxcloudrun.features.notifications.schemas import (
    ChannelChange,
    ChannelMade,
    ChannelSaved,
    ChannelView,
    ListQuery,
)
from wxcloudrun.features.projects.access import ProjectAccess, Right

URL: Final = "notice_channels.url"
SECRET: Final = "notice_channels.secret"  # noqa: S105 - the column's name
MOST: Final = 30
_ROBOTS: Final = (ChannelKind.WECOM, ChannelKind.DINGTALK, ChannelKind.FEISHU)
_AWAKE: Final[Mapping[str, object]] = {"failures": 0, "paused_until": None, "last_error": None}


class ChannelService:
    """What editors of a project do with its channels. Addresses and secrets go in and never come out."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        access: ProjectAccess,
        channels: ChannelDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._access = access
        self._channels = channels or ChannelDao(session)

    def page(self, actor: Actor, project_id: int, query: ListQuery) -> Page[ChannelView]:
        """A project's channels. Raises ProjectNotFound, RightRequired."""
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        rows, total = self._channels.channels_page(project_id, (query.page - 1) * query.size, query.size)
        return Page(items=[ChannelView.of(row) for row in rows], page=query.page, size=query.size, total=total)

    def view(self, actor: Actor, project_id: int, channel_id: int) -> ChannelView:
        """A channel. Raises ProjectNotFound, RightRequired, ChannelNotFound."""
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        return ChannelView.of(_there(self._channels.channel(project_id, channel_id)))

    @unit_of_work
    def add(self, actor: Actor, project_id: int, made: ChannelMade) -> ChannelSaved:
        """A new channel.

        Raises ProjectNotFound, RightRequired, ProjectArchived, TooManyChannels, InvalidInput.
        """
        self._access.require(actor, project_id, Right.EDIT, locked=True)
        if self._channels.channels_page(project_id, 0, 1)[1] >= MOST:
            raise TooManyChannels(values={"limit": MOST})
        kind, now = ChannelKind[made.kind.upper()], self._clock.now()
        _refuse(kind, made.url, made.recipients, made.secret)
        new = secrets.token_urlsafe(32) if kind is ChannelKind.WEBHOOK and made.secret is None else None
        values = {
            "project_id": project_id,
            "kind": kind,
            **{name: getattr(made, name) for name in ("name", "language", "enabled")},
            **self._sealed(made.url, new or made.secret),
            "recipients": json.dumps(made.recipients),
            **_AWAKE,
            "used_at": None,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        number = self._channels.add_channel({"url": None, "secret": None, "host": None, **values})
        row = _there(self._channels.channel(project_id, number))
        self._record(actor, "notice_channel.created", row, None, _told(row))
        return ChannelSaved.of(row, new_secret=new)

    @unit_of_work
    def change(self, actor: Actor, project_id: int, channel_id: int, change: ChannelChange) -> ChannelSaved:
        """Change the fields that were sent.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ChannelNotFound, InvalidInput, EditConflict with the
        present state.
        """
        self._access.require(actor, project_id, Right.EDIT)
        row = _there(self._channels.channel(project_id, channel_id, locked=True))
        if change.version not in {None, row.version}:
            raise EditConflict(present=ChannelView.of(row))
        recipients = json.loads(row.recipients) if change.recipients is None else change.recipients
        _refuse(row.kind, change.url, recipients, change.secret, known=row.url is not None)
        sent = {name: getattr(change, name) for name in ("name", "language", "enabled")}
        values = {name: value for name, value in sent.items() if value is not None}
        values |= {**self._sealed(change.url, change.secret), "recipients": json.dumps(recipients), **_AWAKE}
        self._channels.change_channel(row.id, values | {"version": row.version + 1, "updated_at": self._clock.now()})
        after = _there(self._channels.channel(project_id, channel_id))
        rewritten = [name for name in ("url", "secret") if name in values]
        self._record(actor, "notice_channel.changed", row, _told(row), _told(after) | {"rewritten": rewritten})
        return ChannelSaved.of(after, new_secret=None)

    @unit_of_work
    def remove(self, actor: Actor, project_id: int, channel_id: int) -> Removed:
        """Remove a channel with its deliveries. Raises ProjectNotFound, RightRequired, ChannelNotFound."""
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        row = _there(self._channels.channel(project_id, channel_id, locked=True))
        for rule in self._channels.every_rule(project_id):
            wanted = json.loads(rule.wanted)
            if row.id in wanted["channel_ids"]:
                wanted["channel_ids"].remove(row.id)
                self._channels.change_rule(rule.id, {"wanted": json.dumps(wanted, ensure_ascii=False)})
        self._channels.remove_channel(row.id)
        self._record(actor, "notice_channel.removed", row, _told(row), None)
        return Removed(id=row.id)

    def _sealed(self, url: str | None, secret: str | None) -> dict[str, Any]:
        """The columns of what never comes out, as far as it is given."""
        found: dict[str, Any] = {}
        if url is not None:
            found |= {"url": self._keys.encrypt(url, URL), "host": (urlsplit(url).hostname or "")[:255]}
        if secret is not None:
            found["secret"] = self._keys.encrypt(secret, SECRET)
        return found

    def _record(self, actor: Actor, action: str, row: Row[Any], before: Any, after: Any) -> None:
        self._audit.record(actor, action, ("notice_channel", row.id), before, after, project_id=row.project_id)


def _refuse(
    kind: ChannelKind, url: str | None, recipients: list[str], secret: str | None, *, known: bool = False
) -> None:
    """Refuse what a channel of that kind does not have, and the lack of what it needs. Raises InvalidInput."""
    faults = []
    has_url = kind is ChannelKind.WEBHOOK or kind in _ROBOTS
    if has_url and url is None and not known:
        faults.append(FieldFault("url", "missing"))
    if not has_url and url is not None:
        faults.append(FieldFault("url", "not_used", detail="a channel of this kind has no address"))
    if url is not None and has_url and not _is_usable(kind, url):
        told = "the address that the robot's maker shows is expected, or a web hook's with a host"
        faults.append(FieldFault("url", "not_usable", detail=told))
    if secret is not None and kind not in (ChannelKind.WEBHOOK, ChannelKind.DINGTALK, ChannelKind.FEISHU):
        faults.append(FieldFault("secret", "not_used", detail="a channel of this kind signs nothing"))
    if (kind is ChannelKind.MAIL) != bool(recipients):
        told = "mail needs recipients" if kind is ChannelKind.MAIL else "only mail has recipients"
        faults.append(FieldFault("recipients", "not_usable", detail=told))
    refuse(faults)


def _is_usable(kind: ChannelKind, url: str) -> bool:
    from wxcloudrun.integrations.robots import Robot, is_official  # noqa: PLC0415 - loads the engine

    if kind in _ROBOTS:
        return is_official(Robot(kind.name.lower()), url)
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port or 1) > 0 and "@" not in parts.netloc
    except ValueError:
        return False


def _there(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise ChannelNotFound
    return row


def _told(row: Row[Any]) -> dict[str, Any]:
    """A channel as the audit record keeps it."""
    same = {name: getattr(row, name) for name in ("name", "language", "enabled", "host")}
    return {**same, "kind": row.kind.name.lower(), "recipients": len(json.loads(row.recipients))}
