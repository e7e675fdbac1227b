"""Who may do what with people's data."""

from wxcloudrun.core.errors import EditConflict
from wxcloudrun.core.http import Access, Route
from wxcloudrun.features.users import controller, errors

_EDIT = (EditConflict, errors.ContentRefused, errors.ContentCheckUnavailable)

ROUTES = [
    Route("GET", "/api/user/profile", controller.profile, Access.USER),
    Route("PUT", "/api/user/profile", controller.change_profile, Access.USER, errors=_EDIT),
    Route("POST", "/api/user/profile", controller.change_profile, Access.USER, errors=_EDIT),
]
