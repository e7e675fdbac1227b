"""Who calls, by the headers that WeChat's Cloud Run adds. Believe them only where nobody else can reach the port.

Source: Cloud Run's page on calls from a mini-program. The product turns this on with a setting; while it is off,
every header of the platform is removed before a view can see it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

IDENTITY_HEADERS = (
    "X-WX-OPENID",
    "X-WX-APPID",
    "X-WX-UNIONID",
    "X-WX-FROM-OPENID",
    "X-WX-FROM-APPID",
    "X-WX-FROM-UNIONID",
    "X-WX-ENV",
    "X-WX-SOURCE",
    "X-WX-CLOUDBASE-ACCESS-TOKEN",
    "X-WX-FROM-CLOUDBASE-ACCESS-TOKEN",
)
"""The known names; `is_platform_header` finds those that are not known yet, too."""

_USER = re.compile(r"[A-Za-z0-9_-]{16,64}")
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Path(StrEnum):
    """How the user came: in our own mini-program, or in another that shares this environment."""

    OWN = "own"
    SHARED = "shared"


@dataclass(frozen=True)
class CloudIdentity:
    """A user whom Cloud Run vouches for. `appid` is the app the openid belongs to."""

    openid: str = field(repr=False)
    appid: str
    unionid: str | None = field(repr=False)
    source: str
    path: Path


Headers = Mapping[str, str] | Iterable[tuple[str, str]]


def identity_from_headers(
    headers: Headers, *, env_id: str, appid: str, allowed_from_appids: Iterable[str] = ()
) -> CloudIdentity | None:
    """The user named by a request's headers, or None: the caller is then a stranger, not an error.

    X-WX-SOURCE must be there, X-WX-ENV must be `env_id`, and each header may have one value only, without a comma,
    since headers sent twice are joined with one. X-WX-OPENID counts for X-WX-APPID `appid`; without it
    X-WX-FROM-OPENID counts for an X-WX-FROM-APPID that is allowed. A client may ask WeChat to leave its identity out.
    """
    values = _single_values(headers)
    if values is None or not env_id or not appid:
        return None
    source = values.get("x-wx-source", "")
    if not _WORD.fullmatch(source) or values.get("x-wx-env") != env_id:
        return None
    own, shared = "x-wx-openid" in values, "x-wx-from-openid" in values
    if own == shared:
        return None
    if own:
        return _identity(values, "x-wx-", {appid}, Path.OWN)
    if values.get("x-wx-appid", appid) != appid:
        return None
    return _identity(values, "x-wx-from-", set(allowed_from_appids), Path.SHARED)


def is_platform_header(name: str) -> bool:
    """Whether a header, or a WSGI environment's key, is one that only the platform may set.

    Underscores count as hyphens, as they do on their way through WSGI.
    """
    plain = name.lower().replace("_", "-").removeprefix("http-")
    return plain.startswith("x-wx-")


def without_platform_headers(headers: Headers) -> list[tuple[str, str]]:
    """The headers that remain if the platform's are not believed."""
    return [(name, value) for name, value in _pairs(headers) if not is_platform_header(name)]


def _identity(values: Mapping[str, str], prefix: str, appids: set[str], path: Path) -> CloudIdentity | None:
    openid, appid = values[f"{prefix}openid"], values.get(f"{prefix}appid", "")
    unionid = values.get(f"{prefix}unionid")
    if appid not in appids or not _USER.fullmatch(openid):
        return None
    if unionid is not None and not _USER.fullmatch(unionid):
        return None
    return CloudIdentity(openid, appid, unionid, values["x-wx-source"], path)


def _single_values(headers: Headers) -> dict[str, str] | None:
    """The platform's headers in lower case, empty ones left out; None if one of them is there twice."""
    values: dict[str, str] = {}
    for name, value in _pairs(headers):
        key = name.lower()
        if not key.startswith("x-wx-") or not value.strip():
            continue
        if key in values:
            return None
        values[key] = value.strip()
    return values


def _pairs(headers: Headers) -> Iterable[tuple[str, str]]:
    return headers.items() if isinstance(headers, Mapping) else headers
