"""What the product asks of WeChat, without importing the client: services and their tests are written against it."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from wxcloudrun.integrations.wechat.config import WeChatConfig
    from wxcloudrun.integrations.wechat.content import ContentCheck
    from wxcloudrun.integrations.wechat.login import LoginSession
    from wxcloudrun.integrations.wechat.phone import PhoneNumber, UserApi
    from wxcloudrun.integrations.wechat.qrcode import Codes
    from wxcloudrun.integrations.wechat.subscribe import SubscribeMessage


class WeChat(Protocol):
    """The client of client.py, as its users see it; every call raises the exceptions of errors.py."""

    config: "WeChatConfig"
    user: "UserApi"
    codes: "Codes"
    content: "ContentCheck"

    def code_to_session(self, code: str) -> "LoginSession":
        """Who a code of wx.login stands for."""
        ...

    def phone_number(self, code: str) -> "PhoneNumber":
        """The phone number behind a button's code."""
        ...

    def send_subscribe_message(self, message: "SubscribeMessage") -> int | None:
        """Send one subscribe message; its msgid."""
        ...
