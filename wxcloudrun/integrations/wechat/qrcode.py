"""Mini-program codes and links that open a page of the mini-program."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wxcloudrun.integrations.wechat.answers import text_of
from wxcloudrun.integrations.wechat.api import Api, Image
from wxcloudrun.integrations.wechat.config import Clock
from wxcloudrun.integrations.wechat.errors import InvalidArgument

_CODE = "qrcode"
_SCHEME = "scheme"
_LINK = "urllink"
_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
_QUERY = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~%]{0,1024}")
_MOST_DAYS = 30


class EnvVersion(StrEnum):
    """Which version of the mini-program is opened."""

    RELEASE = "release"
    TRIAL = "trial"
    DEVELOP = "develop"


@dataclass(frozen=True)
class CodeStyle:
    """The picture: its width in pixels, and a PNG without background instead of a JPEG."""

    width: int = 430
    transparent: bool = False


class Codes:
    """Makes codes and links."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    def qrcode(
        self,
        scene: str,
        page: str | None = None,
        env_version: EnvVersion = EnvVersion.RELEASE,
        check_path: bool = True,
        style: CodeStyle | None = None,
    ) -> Image:
        """A code that opens `page` (no slash before it, no query; None is the home page) with `scene`.

        Raises InvalidArgument, PageUnpublished, RateLimited, and what every call raises; an answer that is no
        picture is never returned as one. Source: WeChat's page on getUnlimitedQRCode.
        """
        look = style or CodeStyle()
        _require(
            _SCENE.fullmatch(scene) is not None, _CODE, "scene", "1 to 32 digits, letters and !#$&'()*+,/:;=?@-._~"
        )
        _require(280 <= look.width <= 1280, _CODE, "width", "280 to 1280")
        _check_page(_CODE, page)
        body: dict[str, object] = {
            "scene": scene,
            "check_path": check_path,
            "env_version": env_version.value,
            "width": look.width,
            "is_hyaline": look.transparent,
        }
        path = "/wxa/getwxacodeunlimit"
        return self._api.post_for_image(_CODE, path, {**body, "page": page} if page else body)

    def scheme(self, path: str, query: str, expires_at: datetime, env_version: EnvVersion = EnvVersion.RELEASE) -> str:
        """A `weixin://` link, at most 30 days good. Source: WeChat's page on generateScheme."""
        self._check_link(_SCHEME, path, query, expires_at)
        body: dict[str, object] = {
            "jump_wxa": {"path": path, "query": query, "env_version": env_version.value},
            "expire_type": 0,
            "expire_time": int(expires_at.timestamp()),
        }
        return text_of(_SCHEME, self._api.post(_SCHEME, "/wxa/generatescheme", body), "openlink")

    def urllink(self, path: str, query: str, expires_at: datetime, env_version: EnvVersion = EnvVersion.RELEASE) -> str:
        """An `https://` link, at most 30 days good. Source: WeChat's page on generateUrlLink."""
        self._check_link(_LINK, path, query, expires_at)
        body: dict[str, object] = {
            "path": path,
            "query": query,
            "env_version": env_version.value,
            "expire_type": 0,
            "expire_time": int(expires_at.timestamp()),
        }
        return text_of(_LINK, self._api.post(_LINK, "/wxa/generate_urllink", body), "url_link")

    def _check_link(self, operation: str, path: str, query: str, expires_at: datetime) -> None:
        _check_page(operation, path)
        _require(_QUERY.fullmatch(query) is not None, operation, "query", "at most 1024 characters of a URL's query")
        left = expires_at - self._clock.now()
        within = timedelta(0) < left <= timedelta(days=_MOST_DAYS)
        _require(within, operation, "expires_at", "in the future, at most 30 days away")


def _check_page(operation: str, page: str | None) -> None:
    if page is not None:
        _require(not page.startswith("/"), operation, "page", "no slash before it")
        _require(not set(page) & set("?#% \r\n"), operation, "page", "a path without a query")


def _require(holds: bool, operation: str, field: str, rule: str) -> None:
    if not holds:
        raise InvalidArgument(operation, field=field, rule=rule)
