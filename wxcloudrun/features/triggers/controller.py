"""Triggers over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.http import Caller, Reply
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.triggers.deliveries import Delivery, TriggerDeliveries
from wxcloudrun.features.triggers.schemas import (
    Received,
    TriggerChange,
    TriggerMade,
    TriggerShown,
    TriggersQuery,
    TriggerView,
)
from wxcloudrun.features.triggers.service import TriggerService


def triggers(actor: Actor, project_id: int, query: TriggersQuery, triggers: TriggerService) -> Page[TriggerView]:
    """List the addresses at which other servers begin runs. For editors."""
    return triggers.page(actor, project_id, query)


def add_trigger(actor: Actor, project_id: int, body: TriggerMade, triggers: TriggerService) -> TriggerShown:
    """Make an address at which another server begins runs; its secret is shown this once. For editors."""
    return triggers.add(actor, project_id, body)


def trigger(actor: Actor, project_id: int, trigger_id: int, triggers: TriggerService) -> TriggerView:
    """Read a trigger. For editors."""
    return triggers.view(actor, project_id, trigger_id)


def change_trigger(
    actor: Actor, project_id: int, trigger_id: int, body: TriggerChange, triggers: TriggerService
) -> TriggerShown:
    """Change a trigger, or give it a new secret. For editors."""
    return triggers.change(actor, project_id, trigger_id, body)


def remove_trigger(actor: Actor, project_id: int, trigger_id: int, triggers: TriggerService) -> Removed:
    """Remove a trigger. For editors."""
    return triggers.remove(actor, project_id, trigger_id)


def receive(caller: Caller, key: str, deliveries: TriggerDeliveries) -> Reply[Received]:
    """Begin what the trigger is for. The body is signed as GitHub does, by `X-Wxcloudrun-Signature`, or not at all but
    with GitLab's token; sent again it begins nothing more. 200 without a run for a ping and for other branches."""
    received = deliveries.receive(key, Delivery(caller.headers, caller.body(), caller.request_id))
    return Reply(received, 200 if received.run_id is None else 202)
