"""Rows of schedules: the columns of what was sent, and what a row says is to be run, when and with whose rights."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from wxcloudrun.core.crypto import KeyRing, UnreadableSecret
from wxcloudrun.core.errors import FieldFault, refuse
from wxcloudrun.features.environments.errors import SecretsUnreadable
from wxcloudrun.features.runs.schemas import RunMade
from wxcloudrun.features.schedules.models import Misfire, Overlap
from wxcloudrun.features.schedules.schemas import TARGETS, TIMES, dataset_of
from wxcloudrun.features.schedules.timing import Cron, Every, Once, Timing, cron_fault, zone_fault

INPUTS: Final = "schedules.inputs"
RUN_FIELDS: Final = (*TARGETS, "dataset", "environment_id", "inputs", "deadline_ms", "concurrency")
TIME_FIELDS: Final = (*TIMES, "time_zone", "anchor_at")
_MAY_BE_NULL: Final = {"dataset", "environment_id"}


def moment_of(text: str | None) -> datetime | None:
    """A moment that a client wrote."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def shown(moment: datetime) -> datetime:
    """The moment as clients see it, so that what they send back is the same: to the millisecond."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def columns(sent: Mapping[str, Any], keys: KeyRing, now: datetime) -> dict[str, Any]:
    """The columns of these fields. What is to be run, and when, is exchanged as a whole."""
    values = {name: one for name, one in sent.items() if one is not None or name in _MAY_BE_NULL}
    for group in (TARGETS, TIMES):
        if given := [name for name in group if name in values]:
            values |= dict.fromkeys(group) | {name: values[name] for name in given}
    if "case_id" in values:
        values.setdefault("dataset", None)
    for name in ("anchor_at", "at"):
        if values.get(name) is not None:
            values[name] = moment_of(values[name])
    if values.get("every_ms") is not None:
        values.setdefault("anchor_at", shown(now))
    if values.get("dataset") is not None:
        values["dataset"] = _json(values["dataset"])
    if "inputs" in values:
        values["inputs"] = keys.encrypt(_json(values["inputs"]), INPUTS)
    kinds = {"overlap": Overlap, "misfire": Misfire}
    return values | {name: kind[values[name].upper()] for name, kind in kinds.items() if name in values}


def timing_of(row: Any) -> Timing:
    """When it is due."""
    if row.cron is not None:
        return Cron(row.cron, row.time_zone)
    return Once(row.at) if row.at is not None else Every(row.every_ms, row.anchor_at)


def refuse_times(row: Any, now: datetime) -> None:
    """Raises InvalidInput where nothing can be due at these times."""
    faults = [zone_fault(row.time_zone), None if row.cron is None else cron_fault(row.cron)]
    refuse(one for one in faults if one is not None)
    if row.at is not None and row.at <= now:
        refuse([FieldFault("at", "past")])


def run_of(row: Any, keys: KeyRing) -> RunMade:
    """What is to be run. Raises SecretsUnreadable where the key of its inputs was withdrawn."""
    inputs = inputs_of(row, keys)
    if inputs is None:
        raise SecretsUnreadable
    same = ("scenario_id", "case_id", "tag", "environment_id", "deadline_ms", "concurrency")
    asked = {name: getattr(row, name) for name in same}
    return RunMade.model_validate({**asked, "dataset": dataset_of(row), "inputs": inputs, "priority": "schedule"})


def inputs_of(row: Any, keys: KeyRing) -> dict[str, Any] | None:
    """Its inputs; None where their key was withdrawn."""
    try:
        inputs: dict[str, Any] = json.loads(keys.decrypt(row.inputs, INPUTS))
    except UnreadableSecret:
        return None
    return inputs


def told(row: Any) -> dict[str, Any]:
    """A schedule as the audit record keeps it; of inputs only their names would be told, and they are not."""
    names = ("name", *TARGETS, "environment_id", "cron", "time_zone", "every_ms", "deadline_ms", "concurrency")
    facts = {name: getattr(row, name) for name in names}
    facts |= {"dataset": dataset_of(row), "grace_ms": row.grace_ms}
    facts |= {"at": None if row.at is None else row.at.isoformat()}
    return facts | {name: getattr(row, name).name.lower() for name in ("overlap", "misfire")}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
