"""Who may log in, and end which sessions."""

from wxcloudrun.core.errors import AccountDisabled
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.auth import errors
from wxcloudrun.features.users.errors import UserNotFound
from wxcloudrun.integrations.wechat import refusals

controller = Later("wxcloudrun.features.auth.controller")
_LOGIN = (
    errors.LoginCodeInvalid,
    errors.LoginBlocked,
    errors.LoginBusy,
    errors.MockCodeRefused,
    refusals.WechatMisconfigured,
    refusals.WechatUnavailable,
    refusals.WechatTimeout,
    AccountDisabled,
)

_PERSON = (UserNotFound,)

ROUTES = [
    Route("POST", "/api/login", controller.login, Access.ANYONE, limit=Limit(address="120/minute"), errors=_LOGIN),
    Route(
        "POST",
        "/api/refresh_token",
        controller.refresh_token,
        Access.ANYONE,
        limit=Limit(address="120/minute"),
        errors=(errors.RefreshTokenInvalid,),
    ),
    Route("POST", "/api/logout", controller.logout, Access.USER),
    Route("GET", "/api/user/sessions", controller.own_sessions, Access.USER),
    Route("DELETE", "/api/user/sessions", controller.end_all_sessions, Access.USER),
    Route(
        "DELETE",
        "/api/user/sessions/<int:session_id>",
        controller.end_session,
        Access.USER,
        errors=(errors.SessionNotFound,),
    ),
    Route(
        "DELETE", "/api/users/<int:user_id>/sessions", controller.end_sessions_of, Access.ADMINISTRATOR, errors=_PERSON
    ),
]
