"""What becomes a message: a run that ended, a digest that is due, and what was held back in quiet hours.

Each of them writes deliveries, and a delivery's key makes a second one impossible; sending them is another duty.
"""

import fnmatch
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.features.notifications.dao import ChannelDao, DeliveryDao
from wxcloudrun.features.notifications.deliveries import new_delivery
from wxcloudrun.features.notifications.models import ChannelKind, DeliveryState
from wxcloudrun.features.notifications.schemas import DEFAULT_ZONE
from wxcloudrun.features.notifications.texts import (
    MOST_POINTS,
    Period,
    Told,
    digest_notice,
    local,
    run_notice,
    summary_notice,
)
from wxcloudrun.features.notifications.timing import Quiet
from wxcloudrun.features.reports.service import Depth, ReportService
from wxcloudrun.features.runs.models import RunState
from wxcloudrun.features.schedules.timing import Cron
from wxcloudrun.integrations.notice import Notice

_DEPTH: Final = Depth(causes=MOST_POINTS, failures=1, body=0)
_RED: Final = (RunState.FAILED, RunState.ERROR)
_ORDER: Final = ("recovery", "first_failure", "run_failed", "run_ended")
_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Places:
    """Where the service is reached from outside, and the template of subscribe messages; empty where nobody said."""

    address: str = ""
    template: str = ""


def happened(state: RunState, before: str | None, *, whole: bool) -> set[str]:
    """The events of a run that ended, by the state of the comparable one before it; a part of a run changes no colour.

    The first run of all that is red is a first failure: nobody was told before.
    """
    events = {"run_ended"}
    if state in _RED:
        events.add("run_failed")
        events |= {"first_failure"} if whole and before in (None, "passed") else set()
    elif state is RunState.PASSED and whole and before in ("failed", "error"):
        events.add("recovery")
    return events


def is_wanted(wanted: Mapping[str, Any], run: Any) -> bool:
    """True when a rule's filters let the run through."""
    tag = json.loads(run.asked or "{}").get("tag")
    pairs = (
        (wanted["scenario_ids"], run.scenario_id),
        (wanted["case_ids"], run.case_id),
        (wanted["tags"], tag),
        (wanted["environment_ids"], run.environment_id),
        (wanted["triggers"], run.trigger.name.lower()),
    )
    # Scenarios, cases and tags are three ways to name what is run: one that fits is enough.
    named = [value in listed for listed, value in pairs[:3] if listed]
    others = [value in listed for listed, value in pairs[3:] if listed]
    branches = wanted["branches"]
    on_branch = not branches or any(fnmatch.fnmatchcase(run.branch or "", one) for one in branches)
    return (not named or any(named)) and all(others) and on_branch


class NoticeTelling:
    """Writes deliveries."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        reports: Callable[[], ReportService],
        places: Places,
        channels: ChannelDao | None = None,
        deliveries: DeliveryDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._reports = reports
        self._places = places
        self._channels = channels or ChannelDao(session)
        self._deliveries = deliveries or DeliveryDao(session)

    def heard(self, run_id: int) -> int:
        """A run ended: write what its project's rules want told; how many deliveries. Twice is no more than once."""
        run = self._channels.run(run_id)
        asked = {} if run is None else json.loads(run.asked or "{}")
        if run is None or not run.state.final or run.private_to is not None or asked.get("draft"):
            return 0
        rules = [(rule, json.loads(rule.wanted)) for rule in self._channels.rules(run.project_id)]
        rules = [(rule, wanted) for rule, wanted in rules if wanted["channel_ids"] and is_wanted(wanted, run)]
        if not rules:
            return 0
        before = self._reports().before(run)
        events = happened(run.state, None if before is None else before.state, whole=not asked.get("partial"))
        found = [(rule, wanted, event) for rule, wanted in rules if (event := _event(wanted, events)) is not None]
        return self._tell(run, found) if found else 0

    def digest(self) -> int:
        """Tell what is due by cron; how many rules. Called in the background."""
        return sum(self._digest(row) for row in self._channels.due_rules(self._clock.now(), _AT_ONCE))

    def release(self) -> int:
        """Let go what was held back until now: one message for a rule, channel and person. Called as above."""
        return sum(self._release(group) for group in self._deliveries.held(self._clock.now(), _AT_ONCE))

    def _tell(self, run: Row[Any], found: Sequence[tuple[Row[Any], Mapping[str, Any], str]]) -> int:
        findings = self._reports().findings(run, _DEPTH)
        link = self._link(f"/api/projects/{run.project_id}/runs/{run.id}/report.html")
        written = []
        for rule, wanted, event in found:
            told = Told(event, run.project_id, findings.run, findings.changes, findings.causes, findings.count, link)
            ended = local(run.ended_at or self._clock.now(), rule.time_zone)
            written += self._rows(rule, wanted, event, lambda language, t=told, e=ended: run_notice(t, language, e))  # type: ignore[misc]
        keyed = {f"run:{run.id}:{one.pop('key')}": one | {"run_id": run.id} for one in written}
        return self._keep(keyed)

    @unit_of_work
    def _keep(self, rows: Mapping[str, Mapping[str, Any]]) -> int:
        """Write deliveries by their keys, those that are there already left out; how many."""
        known = self._deliveries.known(list(rows))
        fresh = {key: values for key, values in rows.items() if key not in known}
        for key, values in fresh.items():
            self._deliveries.add({**values, "dedupe_key": key})
        return len(fresh)

    def _rows(
        self, rule: Row[Any], wanted: Mapping[str, Any], event: str, write: Callable[[str], Notice]
    ) -> list[dict[str, Any]]:
        """Deliveries to each channel of a rule, with the rest of their `key`."""
        now = self._clock.now()
        quiet = wanted["quiet"]
        until = None if quiet is None else Quiet.parse(quiet["start"], quiet["end"]).ends(now, rule.time_zone)
        held = {"state": DeliveryState.HELD, "due_at": until} if until is not None and event != "digest" else {}
        found = []
        for channel in self._channels.channels(rule.project_id, wanted["channel_ids"]).values():
            if not channel.enabled:
                continue
            values = new_delivery(rule.project_id, channel.id, event, write(channel.language).as_kept(), now)
            for person in self._people(channel):
                key = f"rule:{rule.id}:channel:{channel.id}:to:{person}"
                found.append({**values, **held, "rule_id": rule.id, "recipient_id": person, "key": key})
        return found

    def _people(self, channel: Row[Any]) -> list[int]:
        if channel.kind is not ChannelKind.WECHAT:
            return [0]
        return self._channels.subscribers(channel.project_id, self._places.template) if self._places.template else []

    @unit_of_work
    def _digest(self, due: Row[Any]) -> int:
        """Tell a digest and plan the next: both, or nothing; of several that were missed one tells of all."""
        rule, now = self._channels.rule(due.project_id, due.id, locked=True), self._clock.now()
        if rule is None or rule.next_at is None or rule.next_at > now:
            return 0
        wanted = json.loads(rule.wanted)
        since = rule.last_at or rule.created_at
        rows = [run for run in self._channels.runs_between(rule.project_id, since, now) if _counts(run, wanted)]
        period = Period(
            rule.project_id,
            self._channels.project(rule.project_id),
            local(since, rule.time_zone),
            local(now, rule.time_zone),
            [(json.loads(run.asked or "{}").get("name") or run.title, run.state is RunState.PASSED) for run in rows],
            self._link(f"/api/projects/{rule.project_id}/runs"),
        )
        written = self._rows(rule, wanted, "digest", lambda language: digest_notice(period, language))
        moment = int(rule.next_at.timestamp())
        self._keep({f"digest:{moment}:{one.pop('key')}": one for one in written})
        following = Cron(rule.digest_cron, rule.time_zone).after(now)
        self._channels.change_rule(rule.id, {"next_at": following, "last_at": now})
        return 1

    @unit_of_work
    def _release(self, group: Row[Any]) -> int:
        now = self._clock.now()
        rows = self._deliveries.held_of(group, now)
        if not rows:
            return 0
        values = {"state": DeliveryState.WAITING, "began_at": now, "due_at": now}
        if len(rows) > 1:
            notices = [Notice.of(json.loads(row.content)) for row in rows]
            channel = self._channels.channel(group.project_id, group.channel_id)
            language = "zh" if channel is None else channel.language
            content = summary_notice(notices, language, local(now, DEFAULT_ZONE)).as_kept()
            values |= {"event": "summary", "run_id": None, "content": json.dumps(content, ensure_ascii=False)}
        for row in rows[1:]:
            summed = {"state": DeliveryState.SUMMED, "reason": f"told by D{rows[0].id}", "ended_at": now}
            self._deliveries.change(row.id, DeliveryState.HELD, summed)
        self._deliveries.change(rows[0].id, DeliveryState.HELD, values)
        return 1

    def _link(self, path: str) -> str | None:
        return f"{self._places.address.rstrip('/')}{path}" if self._places.address else None


def _event(wanted: Mapping[str, Any], events: set[str]) -> str | None:
    """The most telling of the events that the rule wants."""
    return next((one for one in _ORDER if one in events and one in wanted["events"]), None)


def _counts(run: Any, wanted: Mapping[str, Any]) -> bool:
    """True when a digest of that rule counts the run."""
    return not json.loads(run.asked or "{}").get("draft") and is_wanted(wanted, run)
