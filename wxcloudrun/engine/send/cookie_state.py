"""Cookies as JSON, for a cached login and for a run that goes on in another worker."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from wxcloudrun.engine.response import Cookie
from wxcloudrun.engine.send.cookies import CookieJar
from wxcloudrun.engine.send.url import parse_url


def exported(cookies: Iterable[Cookie]) -> list[dict[str, Any]]:
    """Cookies as JSON values. They hold credentials: encrypt them where they are stored."""
    return [asdict(cookie) for cookie in cookies]


def restore(jar: CookieJar, cookies: Iterable[Mapping[str, Any]], now: float) -> None:
    """Put exported cookies into a jar; those that have expired (`now`: seconds since the epoch) are left out."""
    for entry in cookies:
        cookie = Cookie(**entry)
        scheme = "https" if cookie.secure else "http"
        host = f"[{cookie.domain}]" if ":" in cookie.domain else cookie.domain
        jar.store(parse_url(f"{scheme}://{host}/"), [("Set-Cookie", _set_cookie(cookie))], now)


def _set_cookie(cookie: Cookie) -> str:
    parts = [f"{cookie.name}={cookie.value}", f"Path={cookie.path}"]
    if ":" not in cookie.domain:
        parts.append(f"Domain={cookie.domain}")
    if cookie.expires is not None:
        parts.append(f"Expires={format_datetime(datetime.fromtimestamp(cookie.expires, UTC), usegmt=True)}")
    parts.extend(["Secure"] * cookie.secure + ["HttpOnly"] * cookie.http_only)
    if cookie.same_site:
        parts.append(f"SameSite={cookie.same_site}")
    return "; ".join(parts)
