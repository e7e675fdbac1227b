"""Rules: who is told what, when."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict, FieldFault, refuse
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.notifications.dao import ChannelDao
from wxcloudrun.features.notifications.errors import RuleNotFound, TooManyRules
from wxcloudrun.features.notifications.schemas import ListQuery, RuleChange, RuleContent, RuleMade, RuleView
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.schedules.timing import Cron, cron_fault, zone_fault

MOST: Final = 50
_CONTENT: Final = set(RuleContent.model_fields)
_PLAIN: Final = ("name", "enabled", "time_zone", "digest_cron")
_CLEARED: Final = {"quiet", "digest_cron"}  # null means: none any more


class RuleService:
    """What editors of a project do with its rules."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        access: ProjectAccess,
        rules: ChannelDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._rules = rules or ChannelDao(session)

    def page(self, actor: Actor, project_id: int, query: ListQuery) -> Page[RuleView]:
        """A project's rules. Raises ProjectNotFound, RightRequired."""
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        rows, total = self._rules.rules_page(project_id, (query.page - 1) * query.size, query.size)
        return Page(items=[RuleView.of(row) for row in rows], page=query.page, size=query.size, total=total)

    def view(self, actor: Actor, project_id: int, rule_id: int) -> RuleView:
        """A rule. Raises ProjectNotFound, RightRequired, RuleNotFound."""
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        return RuleView.of(_there(self._rules.rule(project_id, rule_id)))

    @unit_of_work
    def add(self, actor: Actor, project_id: int, made: RuleMade) -> RuleView:
        """A new rule. Raises ProjectNotFound, RightRequired, ProjectArchived, TooManyRules, InvalidInput."""
        self._access.require(actor, project_id, Right.EDIT, locked=True)
        if self._rules.rules_page(project_id, 0, 1)[1] >= MOST:
            raise TooManyRules(values={"limit": MOST})
        now, wanted = self._clock.now(), made.model_dump(include=_CONTENT)
        values: dict[str, Any] = {name: getattr(made, name) for name in _PLAIN}
        values |= {"project_id": project_id, "version": 1, "created_at": now, "updated_at": now}
        values |= self._checked(project_id, values, wanted, now)
        number = self._rules.add_rule(values)
        row = _there(self._rules.rule(project_id, number))
        self._record(actor, "rule.created", row, None, _told(row))
        return RuleView.of(row)

    @unit_of_work
    def change(self, actor: Actor, project_id: int, rule_id: int, change: RuleChange) -> RuleView:
        """Change the fields that were sent; null ends quiet hours and digests.

        Raises ProjectNotFound, RightRequired, ProjectArchived, RuleNotFound, InvalidInput, EditConflict with the
        present state.
        """
        self._access.require(actor, project_id, Right.EDIT)
        row = _there(self._rules.rule(project_id, rule_id, locked=True))
        if change.version not in {None, row.version}:
            raise EditConflict(present=RuleView.of(row))
        sent = change.model_dump(exclude_unset=True, exclude={"version"})
        sent = {name: value for name, value in sent.items() if value is not None or name in _CLEARED}
        wanted = json.loads(row.wanted) | {name: sent[name] for name in _CONTENT & sent.keys()}
        now = self._clock.now()
        values = {name: sent.get(name, getattr(row, name)) for name in _PLAIN}
        values |= self._checked(project_id, values, wanted, now)
        self._rules.change_rule(row.id, values | {"version": row.version + 1, "updated_at": now})
        after = _there(self._rules.rule(project_id, rule_id))
        self._record(actor, "rule.changed", row, _told(row), _told(after))
        return RuleView.of(after)

    @unit_of_work
    def remove(self, actor: Actor, project_id: int, rule_id: int) -> Removed:
        """Remove a rule; what it told stays. Raises ProjectNotFound, RightRequired, RuleNotFound."""
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        row = _there(self._rules.rule(project_id, rule_id, locked=True))
        self._rules.remove_rule(row.id)
        self._record(actor, "rule.removed", row, _told(row), None)
        return Removed(id=row.id)

    def _checked(
        self, project_id: int, values: Mapping[str, Any], wanted: Mapping[str, Any], now: datetime
    ) -> dict[str, Any]:
        """The columns that follow from what was sent. Raises InvalidInput."""
        cron, zone = values["digest_cron"], values["time_zone"]
        faults = [zone_fault(zone)]
        if cron is not None:
            fault = cron_fault(cron)
            faults.append(fault if fault is None else replace(fault, field="digest_cron"))
        if ("digest" in wanted["events"]) != (cron is not None):
            faults.append(FieldFault("digest_cron", "not_usable", detail="`digest` goes with `digest_cron`"))
        quiet = wanted["quiet"]
        if quiet is not None and quiet["start"] == quiet["end"]:
            faults.append(FieldFault("quiet.end", "not_usable", detail="the two times are the same"))
        known = self._rules.channels(project_id, wanted["channel_ids"])
        if set(wanted["channel_ids"]) - known.keys():
            faults.append(FieldFault("channel_ids", "unknown", detail="name channels of the project"))
        refuse([fault for fault in faults if fault is not None])
        digest = cron is not None and values["enabled"]
        return {
            "wanted": json.dumps(dict(wanted), ensure_ascii=False),
            "next_at": Cron(cron, zone).after(now) if digest else None,
            "last_at": now if digest else None,
        }

    def _record(self, actor: Actor, action: str, row: Row[Any], before: Any, after: Any) -> None:
        self._audit.record(actor, f"notice_{action}", ("notice_rule", row.id), before, after, project_id=row.project_id)


def _there(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise RuleNotFound
    return row


def _told(row: Row[Any]) -> dict[str, Any]:
    wanted: dict[str, Any] = json.loads(row.wanted)
    return {name: getattr(row, name) for name in _PLAIN} | wanted
