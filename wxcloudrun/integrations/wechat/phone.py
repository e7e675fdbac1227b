"""The user's phone number and the user's session: what WeChat tells about one user after the login."""

import re
from dataclasses import dataclass, field

from wxcloudrun.integrations.wechat.answers import PHONE_MEANINGS, JsonObject, object_of, text_of
from wxcloudrun.integrations.wechat.api import Api
from wxcloudrun.integrations.wechat.config import Clock, WeChatConfig
from wxcloudrun.integrations.wechat.crypto import check_watermark, decrypt_user_data, session_signature
from wxcloudrun.integrations.wechat.errors import InvalidAnswer
from wxcloudrun.integrations.wechat.login import check_code
from wxcloudrun.integrations.wechat.single_flight import SingleFlight

_PHONE = "phone_number"
_CHECK = "check_session"
_RESET = "reset_session_key"


@dataclass(frozen=True)
class PhoneNumber:
    """A number WeChat has verified: digits without the country's prefix, and that prefix without `+`."""

    pure_number: str = field(repr=False)
    country_code: str

    @property
    def e164(self) -> str:
        """The international form, `+8613800138000`."""
        return f"+{self.country_code}{self.pure_number}"


class UserApi:
    """Phone number and session of one user."""

    def __init__(self, config: WeChatConfig, api: Api, clock: Clock) -> None:
        self._config = config
        self._api = api
        self._clock = clock
        self._flights = SingleFlight[PhoneNumber](clock, 0)

    def phone_number(self, code: str) -> PhoneNumber:
        """The number behind the code of the phone button (not that of wx.login), which works once for five minutes.

        Raises MockCode, InvalidArgument, CodeInvalid (let the user tap again), WatermarkRejected, and what every
        call raises. Source: WeChat's page on getPhoneNumber.
        """
        check_code(_PHONE, code)
        return self._flights.run(code, lambda: self._phone_number(code))

    def phone_number_from_encrypted(self, session_key: str, iv: str, encrypted: str) -> PhoneNumber:
        """The number that old clients send as encryptedData. Raises DecryptFailed, WatermarkRejected."""
        data = decrypt_user_data(
            session_key,
            iv,
            encrypted,
            appid=self._config.appid,
            now=self._clock.now(),
            max_age_seconds=self._config.watermark_seconds,
        )
        return _number(data)

    def check_session(self, openid: str, session_key: str) -> None:
        """Returns if the session_key is the user's current one; raises SessionExpired if not."""
        self._api.get(_CHECK, "/wxa/checksession", _signed(openid, session_key))

    def reset_session_key(self, openid: str, session_key: str) -> str:
        """A new session_key with the old one's end of life; the old one is dead. Not often for one user."""
        data = self._api.get(_RESET, "/wxa/resetusersessionkey", _signed(openid, session_key))
        if data.get("openid", openid) != openid:
            raise InvalidAnswer(_RESET, http_status=200, reason="another openid")
        return text_of(_RESET, data, "session_key")

    def _phone_number(self, code: str) -> PhoneNumber:
        path = "/wxa/business/getuserphonenumber"
        info = object_of(_PHONE, self._api.post(_PHONE, path, {"code": code}, PHONE_MEANINGS), "phone_info")
        check_watermark(
            info.get("watermark"),
            appid=self._config.appid,
            now=self._clock.now(),
            max_age_seconds=self._config.watermark_seconds,
            operation=_PHONE,
        )
        return _number(info)


def _signed(openid: str, session_key: str) -> dict[str, str]:
    signature = session_signature(session_key)
    return {"openid": openid, "signature": signature, "sig_method": "hmac_sha256"}


def _number(info: JsonObject) -> PhoneNumber:
    # WeChat gives the country as a number or as text.
    pure, country = str(info.get("purePhoneNumber", "")), str(info.get("countryCode", ""))
    if not re.fullmatch(r"[0-9]{4,15}", pure) or not re.fullmatch(r"[0-9]{1,4}", country):
        raise InvalidAnswer(_PHONE, http_status=200, reason="not a phone number")
    return PhoneNumber(pure, country)
