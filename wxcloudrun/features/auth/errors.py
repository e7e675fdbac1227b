"""Refusals about logging in."""

from wxcloudrun.core.errors import Forbidden, Missing, Throttled, Unauthenticated


# fmt: off
class LoginCodeInvalid(Unauthenticated):
    zh, en = "登录凭证无效或已过期，请重新登录", "This login code is not valid any more; call wx.login again"


class LoginBlocked(Forbidden):
    zh, en = "该账号暂时无法登录", "This account cannot log in for now"


class LoginBusy(Throttled):
    zh, en = "登录请求过多，请稍后再试", "Too many logins; please wait a minute"


class MockCodeRefused(Unauthenticated):
    zh, en = "这是开发者工具的模拟登录凭证，请配置真实 AppID", "DevTools' mock code; set a real AppID there"


class RefreshTokenInvalid(Unauthenticated):
    zh, en = "登录已失效，请重新登录", "This refresh token is not valid any more; please log in again"


class SessionNotFound(Missing):
    zh, en = "会话不存在", "There is no such session"
# fmt: on
