"""Who may do what with messages; what a member may is ProjectAccess's to say."""

from wxcloudrun.core.errors import EditConflict
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.notifications import errors
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired

controller = Later("wxcloudrun.features.notifications.controller")
_USER = Access.USER
_ALL = "/api/projects/<int:project_id>/notifications"
_CHANNEL = f"{_ALL}/channels/<int:channel_id>"
_RULE = f"{_ALL}/rules/<int:rule_id>"
_DELIVERY = f"{_ALL}/deliveries/<int:delivery_id>"
_READ = (ProjectNotFound, RightRequired)
_WRITTEN = (*_READ, ProjectArchived)
_FEW = Limit(user="30/minute")

# fmt: off
ROUTES = [
    Route("GET", f"{_ALL}/channels", controller.channels, _USER, errors=_READ),
    Route("POST", f"{_ALL}/channels", controller.add_channel, _USER, status=201, limit=_FEW, idempotent=True,
          errors=(*_WRITTEN, errors.TooManyChannels)),
    Route("GET", _CHANNEL, controller.channel, _USER, errors=(*_READ, errors.ChannelNotFound)),
    Route("PUT", _CHANNEL, controller.change_channel, _USER, limit=_FEW,
          errors=(*_WRITTEN, errors.ChannelNotFound, EditConflict)),
    Route("DELETE", _CHANNEL, controller.remove_channel, _USER, errors=(*_READ, errors.ChannelNotFound)),
    Route("POST", f"{_CHANNEL}/test", controller.try_channel, _USER, status=202, limit=Limit(user="10/minute"),
          idempotent=True, errors=(*_WRITTEN, errors.ChannelNotFound)),
    Route("GET", f"{_ALL}/rules", controller.rules, _USER, errors=_READ),
    Route("POST", f"{_ALL}/rules", controller.add_rule, _USER, status=201, limit=_FEW, idempotent=True,
          errors=(*_WRITTEN, errors.TooManyRules)),
    Route("GET", _RULE, controller.rule, _USER, errors=(*_READ, errors.RuleNotFound)),
    Route("PUT", _RULE, controller.change_rule, _USER, limit=_FEW,
          errors=(*_WRITTEN, errors.RuleNotFound, EditConflict)),
    Route("DELETE", _RULE, controller.remove_rule, _USER, errors=(*_READ, errors.RuleNotFound)),
    Route("GET", f"{_ALL}/deliveries", controller.deliveries, _USER, errors=_READ),
    Route("GET", _DELIVERY, controller.delivery, _USER, errors=(*_READ, errors.DeliveryNotFound)),
    Route("POST", f"{_DELIVERY}/replay", controller.replay, _USER, status=202, limit=_FEW, idempotent=True,
          errors=(*_WRITTEN, errors.DeliveryNotFound, errors.DeliveryUnderWay)),
]
# fmt: on
