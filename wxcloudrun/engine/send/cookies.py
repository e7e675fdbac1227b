"""The cookie jar of a run: RFC 6265 storage and look-up, with the name prefixes of its revision."""

import re
from collections.abc import Iterable, Iterator
from email.utils import parsedate_to_datetime

from wxcloudrun.engine.response import Cookie
from wxcloudrun.engine.send.ranges import literal
from wxcloudrun.engine.send.url import Url

_MAX_COOKIES = 1000
_MAX_BYTES = 8192
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_AGE = 400 * 86_400
# Python has no public suffix list; these are the ones our users meet. A single label is always refused.
_SHARED_SUFFIXES = re.compile(
    r"(com|net|org|gov|edu|ac|co|or|ne|go|mil|ltd|plc|me)\.[a-z]{2}|[a-z]{2}\.(com|net|org)|"
    r"(github|gitlab|vercel|netlify|pages|workers|herokuapp|myqcloud|tcloudbase|aliyuncs|amazonaws)\.(io|app|dev|com)"
)


class CookieJar:
    """Cookies of one run, or of one parallel branch (which starts with a `copy`). Not shared between threads."""

    def __init__(self, stored: dict[tuple[str, str, str], Cookie] | None = None) -> None:
        self._stored = stored or {}

    def copy(self) -> "CookieJar":
        """An independent jar with the same cookies."""
        return CookieJar(dict(self._stored))

    def __iter__(self) -> Iterator[Cookie]:
        return iter(self._stored.values())

    def __len__(self) -> int:
        return len(self._stored)

    def store(self, url: Url, headers: Iterable[tuple[str, str]], now: float) -> tuple[Cookie, ...]:
        """Takes every Set-Cookie of an answer from `url`; returns the cookies that were accepted, expired ones too."""
        accepted = []
        for name, value in headers:
            if name.lower() == "set-cookie":
                cookie = _parse(value, url, now)
                if cookie is not None:
                    accepted.append(cookie)
                    self.keep(cookie, now)
        return tuple(accepted)

    def matching(self, url: Url, now: float) -> list[tuple[str, str]]:
        """Names and values for a request to `url`, longer paths first, then the older."""
        if not self._stored:
            return []
        found = [cookie for cookie in self._stored.values() if _sent_to(cookie, url, now)]
        found.sort(key=lambda cookie: -len(cookie.path))
        return [(cookie.name, cookie.value) for cookie in found]

    def keep(self, cookie: Cookie, now: float) -> None:
        """Takes a cookie as it is: one that a jar has accepted before. One that has expired goes away."""
        key = (cookie.domain, cookie.path, cookie.name)
        if cookie.expires is not None and cookie.expires <= now:
            self._stored.pop(key, None)
            return
        if key not in self._stored and len(self._stored) >= _MAX_COOKIES:
            self._stored.pop(next(iter(self._stored)))
        self._stored[key] = cookie

    def clear(self) -> None:
        """Forgets all."""
        self._stored.clear()


def cookie_header(own: Iterable[tuple[str, str]], jar: Iterable[tuple[str, str]]) -> str:
    """The Cookie header: the jar's cookies and the definition's, which win where the names are the same."""
    own = tuple(own)
    names = {name for name, _ in own}
    pairs = [pair for pair in jar if pair[0] not in names]
    return "; ".join(f"{name}={value}" for name, value in (*pairs, *own))


def _parse(text: str, url: Url, now: float) -> Cookie | None:
    """RFC 6265 sections 5.2 and 5.3; None for a cookie that has to be ignored."""
    pair, _, rest = text.partition(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name or len(text) > _MAX_BYTES or _CONTROL.search(pair):
        return None
    attributes = {}
    for attribute in rest.split(";"):
        key, _, content = attribute.partition("=")
        attributes[key.strip().lower()] = content.strip()
    domain = attributes.get("domain", "").removeprefix(".").lower()
    if domain and not _may_set(url.host, domain):
        return None
    path = attributes.get("path", "")
    cookie = Cookie(
        name,
        value,
        domain or url.host,
        path if path.startswith("/") else _default_path(url.path),
        _expires(attributes, now),
        "secure" in attributes,
        "httponly" in attributes,
        attributes.get("samesite", ""),
        host_only=not domain or (domain == url.host and "." not in domain),
    )
    return cookie if _keeps_its_prefix(cookie, url, attributes) else None


def _may_set(host: str, domain: str) -> bool:
    """A host may set cookies for itself and for the domains above it that belong to one owner."""
    if domain == host:
        return True
    shared = "." not in domain or _SHARED_SUFFIXES.fullmatch(domain) is not None
    return host.endswith("." + domain) and not shared and literal(host) is None


def _keeps_its_prefix(cookie: Cookie, url: Url, attributes: dict[str, str]) -> bool:
    secure = cookie.secure and url.scheme == "https"
    if cookie.name.startswith("__Secure-"):
        return secure
    if cookie.name.startswith("__Host-"):
        return secure and not attributes.get("domain") and attributes.get("path") == "/"
    return True


def _expires(attributes: dict[str, str], now: float) -> int | None:
    age = attributes.get("max-age", "")
    if age.removeprefix("-").isascii() and age.removeprefix("-").isdigit():
        return int(now) + min(int(age[:12]), _MAX_AGE) if not age.startswith("-") else 0
    if not attributes.get("expires"):
        return None
    try:
        return int(parsedate_to_datetime(attributes["expires"].replace("-", " ")).timestamp())
    except (ValueError, OverflowError):
        return None


def _default_path(path: str) -> str:
    return path[: path.rfind("/")] or "/"


def _sent_to(cookie: Cookie, url: Url, now: float) -> bool:
    if cookie.secure and url.scheme != "https":
        return False
    if cookie.expires is not None and cookie.expires <= now:
        return False
    if cookie.domain != url.host and (cookie.host_only or not url.host.endswith("." + cookie.domain)):
        return False
    if url.path == cookie.path:
        return True
    return url.path.startswith(cookie.path) and (cookie.path.endswith("/") or url.path[len(cookie.path)] == "/")
