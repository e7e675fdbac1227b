"""Messages about runs over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.pagination import Page, Slice
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.notifications.deliveries import DeliveryService
from wxcloudrun.features.notifications.rules import RuleService
from wxcloudrun.features.notifications.schemas import (
    ChannelChange,
    ChannelMade,
    ChannelSaved,
    ChannelView,
    DeliveriesQuery,
    DeliveryLine,
    DeliveryView,
    ListQuery,
    RuleChange,
    RuleMade,
    RuleView,
)
from wxcloudrun.features.notifications.service import ChannelService


def channels(actor: Actor, project_id: int, query: ListQuery, channels: ChannelService) -> Page[ChannelView]:
    """List the receivers of a project's messages. For editors."""
    return channels.page(actor, project_id, query)


def add_channel(actor: Actor, project_id: int, body: ChannelMade, channels: ChannelService) -> ChannelSaved:
    """Make a channel: a web hook, a robot, mail, or WeChat; addresses and secrets never come out again. For editors."""
    return channels.add(actor, project_id, body)


def channel(actor: Actor, project_id: int, channel_id: int, channels: ChannelService) -> ChannelView:
    """Read a channel, and whether it rests after failures. For editors."""
    return channels.view(actor, project_id, channel_id)


def change_channel(
    actor: Actor, project_id: int, channel_id: int, body: ChannelChange, channels: ChannelService
) -> ChannelSaved:
    """Change a channel; this ends its pause. For editors."""
    return channels.change(actor, project_id, channel_id, body)


def remove_channel(actor: Actor, project_id: int, channel_id: int, channels: ChannelService) -> Removed:
    """Remove a channel with its deliveries. For editors."""
    return channels.remove(actor, project_id, channel_id)


def try_channel(actor: Actor, project_id: int, channel_id: int, deliveries: DeliveryService) -> DeliveryView:
    """Send a test message; its delivery tells what became of it. For editors."""
    return deliveries.try_channel(actor, project_id, channel_id)


def rules(actor: Actor, project_id: int, query: ListQuery, rules: RuleService) -> Page[RuleView]:
    """List who is told what of a project's runs. For editors."""
    return rules.page(actor, project_id, query)


def add_rule(actor: Actor, project_id: int, body: RuleMade, rules: RuleService) -> RuleView:
    """Make a rule: events, filters, channels, quiet hours, or a digest by cron. For editors."""
    return rules.add(actor, project_id, body)


def rule(actor: Actor, project_id: int, rule_id: int, rules: RuleService) -> RuleView:
    """Read a rule. For editors."""
    return rules.view(actor, project_id, rule_id)


def change_rule(actor: Actor, project_id: int, rule_id: int, body: RuleChange, rules: RuleService) -> RuleView:
    """Change the fields of a rule that are sent. For editors."""
    return rules.change(actor, project_id, rule_id, body)


def remove_rule(actor: Actor, project_id: int, rule_id: int, rules: RuleService) -> Removed:
    """Remove a rule. For editors."""
    return rules.remove(actor, project_id, rule_id)


def deliveries(
    actor: Actor, project_id: int, query: DeliveriesQuery, deliveries: DeliveryService
) -> Slice[DeliveryLine]:
    """List messages and what became of them, the newest first. For editors."""
    return deliveries.page(actor, project_id, query)


def delivery(actor: Actor, project_id: int, delivery_id: int, deliveries: DeliveryService) -> DeliveryView:
    """Read a delivery with its attempts. For editors."""
    return deliveries.view(actor, project_id, delivery_id)


def replay(actor: Actor, project_id: int, delivery_id: int, deliveries: DeliveryService) -> DeliveryView:
    """Send a message once more, under the same mark. For editors."""
    return deliveries.replay(actor, project_id, delivery_id)
