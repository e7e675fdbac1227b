"""Cookies as JSON, for a cached login and for a run that goes on in another worker."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from wxcloudrun.engine.response import Cookie
from wxcloudrun.engine.send.cookies import CookieJar


def exported(cookies: Iterable[Cookie]) -> list[dict[str, Any]]:
    """Cookies as JSON values. They hold credentials: encrypt them where they are stored."""
    return [asdict(cookie) for cookie in cookies]


def restore(jar: CookieJar, cookies: Iterable[Mapping[str, Any]], now: float) -> None:
    """Put exported cookies into a jar; those that have expired (`now`: seconds since the epoch) are left out."""
    for entry in cookies:
        jar.keep(Cookie(**entry), now)
