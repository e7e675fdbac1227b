"""Keeps secrets out of everything that leaves the engine: by value in every encoding, by place, and by name."""

import hashlib
import hmac
import re
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from wxcloudrun.engine.result.masks import Matcher

MASK = "***"
MIN_LENGTH = 4
MIN_PART = 6
MIN_LEARNED = 8
_MOST_LEARNED = 64

_SENSITIVE = (
    r"(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|session[_-]?(?:id|key)"
    r"|credentials?|authorization|passphrase)"
)
_NAME = re.compile(rf"{_SENSITIVE}$", re.IGNORECASE)
_HEADERS = {"x-api-key", "x-auth-token"}
_PAIR = re.compile(rf"(?P<head>(?:^|[?&;\s])[\w.\-\[\]%]*{_SENSITIVE}=)(?P<value>[^&#;\s\"'<>]+)", re.IGNORECASE)
_MEMBER = re.compile(
    rf"(?P<head>\"[\w.\-]*{_SENSITIVE}\"\s*:\s*)(?P<value>\"(?:[^\"\\]|\\.)*\"?|-?\d[\w.+\-]*)", re.IGNORECASE
)
_PART = re.compile(
    rf'(?P<head>name="[^"\r\n]*{_SENSITIVE}"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)(?P<value>[^\r\n]*)', re.IGNORECASE
)
_USER_INFO = re.compile(r"://[^/?#@:\s]*:(?P<password>[^/?#\s]+)@")
_USER_PASSWORD = re.compile(r"[^:/\s]+:(?P<password>[^/\s]\S*)")
_SESSION = re.compile(r"sess|sid$|auth|token|jwt|csrf|xsrf", re.IGNORECASE)
_CUT = re.compile(r"(… \(\d+ characters\))")
_COOKIE = re.compile(r"(?P<head>[^=;\s]+=)[^;]*")


class Redactor:
    """The secrets of one run. Threads may share it; adding is rare, masking is frequent."""

    def __init__(self, hash_key: str = "") -> None:
        self._hash_key = hash_key.encode()
        self._matcher = Matcher()
        self._known: set[str] = set()
        self._short: set[str] = set()
        self._learned = 0
        self._lock = threading.Lock()
        self.names: set[str] = set()
        self.labels: dict[str, str] = {}

    def add(self, value: Any, name: str = "") -> None:
        """A value that must not leave: text, number, or JSON whose strings and numbers are all secret.

        A text of several words is masked as a whole and word by word (words of six characters and more).
        """
        if name:
            self.names.add(name)
        for text in _leaves(value):
            if text in self._known:
                continue
            with self._lock:
                self._add_text(text, name)

    def _add_text(self, text: str, name: str) -> None:
        self._known.add(text)
        if len(text) < MIN_LENGTH:
            if text:
                self._short.add(name or "(unnamed)")
            return
        self._matcher.add(text)
        self.labels[text] = re.sub(r"\W", "_", name).upper() or f"SECRET_{len(self.labels) + 1}"
        for part in (*text.split(), *_passwords(text)):
            if len(part) >= MIN_PART and part not in self._known:
                self._known.add(part)
                self._matcher.add(part)

    def learn(self, value: Any, name: str = "") -> None:
        """A value that nobody marked and that is a credential by its place or its name.

        Short ones are left out, since they may be ordinary words; so is what comes after the first 64 of a run,
        which would make masking slow: those are masked by their place only.
        """
        if isinstance(value, str) and len(value) >= MIN_LEARNED and self._learned < _MOST_LEARNED:
            self._learned += value not in self._known
            self.add(value, name)

    @property
    def empty(self) -> bool:
        """True while nothing is masked by value."""
        return not self._matcher.patterns

    @property
    def warnings(self) -> tuple[str, ...]:
        """Secrets that are too short to be found in text: masking them would mask half of everything."""
        return tuple(
            f"secret `{name}` has fewer than {MIN_LENGTH} characters: it is masked by name only"
            for name in sorted(self._short)
        )

    def text(self, text: str) -> str:
        """A string without the secrets' values, and without the beginning of one where `shown_text` has cut."""
        if not text or not self._matcher.patterns:
            return text
        masked = self._matcher.replace(text, MASK)
        if "… (" not in masked:
            return masked
        *ended, rest = _CUT.split(masked)
        return "".join(one if _CUT.fullmatch(one) else self.cut(one) for one in ended) + rest

    def value(self, value: Any) -> Any:
        """A JSON value without secrets: by value in keys and strings, by name under keys like `password`."""
        kind = type(value)
        if kind is str:
            return _storable(self.text(value))
        if kind is dict:
            return {_storable(self.text(key)): self._member(key, item) for key, item in value.items()}
        if kind in (list, tuple):
            return [self.value(item) for item in value]
        if kind in (int, float) and self._matcher.patterns:
            masked = self.text(str(value))
            return value if masked == str(value) else masked
        return value

    def _member(self, key: str, item: Any) -> Any:
        if sensitive_name(key) and not isinstance(item, dict | list | bool) and item is not None:
            return MASK
        return self.value(item)

    def named(self, name: str, value: Any) -> Any:
        """A variable's value: masked whole when the name is a secret's or sounds like one."""
        if name in self.names or (sensitive_name(name) and value is not None):
            return MASK
        return self.value(value)

    def is_secret(self, name: str) -> bool:
        """True when values of that name are masked whole."""
        return name in self.names or sensitive_name(name)

    def body(self, text: str) -> str:
        """A body or any longer text: by value, and by place (JSON members and form fields with telling names)."""
        return _storable(self.place(self.text(text)))

    def place(self, text: str) -> str:
        """A text without the values of JSON members and form fields with telling names; known secrets stay."""
        if ("=" not in text and ":" not in text) or not _hints(text.lower()):
            return text
        if "form-data" in text:
            text = _PART.sub(self._masked_pair, text)
        if '"' in text:
            text = _MEMBER.sub(self._masked_member, text)
        return _PAIR.sub(self._masked_pair, text) if "=" in text else text

    def _masked_pair(self, found: re.Match[str]) -> str:
        return found.group() if self._knows(found["value"]) else found["head"] + MASK

    def _masked_member(self, found: re.Match[str]) -> str:
        return found.group() if self._knows(found["value"]) else f'{found["head"]}"{MASK}"'

    def _knows(self, text: str) -> bool:
        return bool(self._matcher.patterns) and self.text(text) != text

    def cut(self, text: str) -> str:
        """A text that was cut off: a secret's beginning at its end is masked too."""
        return self._matcher.mask_tail(text, MASK)

    def binary(self, data: bytes) -> bytes:
        """Bytes that are no text: the secrets' own bytes are masked."""
        for secret in self._matcher.secrets:
            data = data.replace(secret.encode("utf-8", "surrogatepass"), MASK.encode())
        return data

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where in a text `body` masks something."""
        places = (_PART, _MEMBER, _PAIR) if _hints(text.lower()) else ()
        for pattern in (*self._matcher.patterns, *places):
            for found in pattern.finditer(text):
                yield found.span()

    def byte_spans(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where in bytes `binary` masks something."""
        for secret in self._matcher.secrets:
            sought = secret.encode("utf-8", "surrogatepass")
            at = data.find(sought)
            while at >= 0:
                yield at, at + len(sought)
                at = data.find(sought, at + 1)

    def url(self, url: str) -> str:
        """A URL: by value, and the values of query parameters with telling names."""
        return self.body(url) if "=" in url or '"' in url else self.text(url)

    def headers(self, headers: Iterable[tuple[str, str]]) -> list[list[str]]:
        """Header fields as pairs: by value in names and values, and by place (Authorization, cookies, API keys)."""
        if self._matcher.patterns:
            return [[self.text(name), self._header(name, value)] for name, value in headers]
        return [
            [name, value if "=" not in value and _treatment(name) == "plain" else self._header(name, value)]
            for name, value in headers
        ]

    def _header(self, name: str, value: str) -> str:
        treatment = _treatment(name)
        if treatment == "plain":
            return self.body(value)
        if treatment == "scheme":
            scheme, _, rest = value.partition(" ")
            return f"{self.text(scheme)} {MASK}" if rest else MASK
        if treatment == "cookie":
            return self.text(_COOKIE.sub(rf"\g<head>{MASK}", value))
        if treatment == "set-cookie":
            return self.text(_COOKIE.sub(rf"\g<head>{MASK}", value, count=1))
        return MASK

    def hash(self, value: Any) -> str | None:
        """A keyed hash that says "same value as before" and nothing else; None without a key."""
        if not self._hash_key:
            return None
        return hmac.new(self._hash_key, repr(value).encode(), hashlib.sha256).hexdigest()[:16]


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL."""
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def _hints(lower: str) -> bool:
    """Quickly false for most texts: none of the telling words is in it.

    This reads every body. One letter is found far faster than a word, so rare letters are asked about first.
    """
    return (
        ("k" in lower and ("token" in lower or "key" in lower))
        or ("w" in lower and ("password" in lower or "passwd" in lower or "pwd" in lower))
        or ("z" in lower and "authorization" in lower)
        or "secret" in lower
        or "session" in lower
        or "credential" in lower
        or "passphrase" in lower
    )


@lru_cache(maxsize=4096)
def sensitive_name(name: str) -> bool:
    """True for names whose values are credentials: they end in password, token, secret, api_key and the like."""
    return _NAME.search(name) is not None


@lru_cache(maxsize=4096)
def session_name(name: str) -> bool:
    """True for cookies that are credentials by their name: `sid`, `JSESSIONID`, `access_token`."""
    return sensitive_name(name) or _SESSION.search(name) is not None


@lru_cache(maxsize=4096)
def _treatment(name: str) -> str:
    """How the value of a header is masked by its place."""
    lower = name.lower()
    if lower in ("authorization", "proxy-authorization"):
        return "scheme"
    if lower in ("cookie", "set-cookie"):
        return lower
    return "whole" if lower in _HEADERS or sensitive_name(lower) else "plain"


def _passwords(text: str) -> list[str]:
    """The password of `user:password` and of `scheme://user:password@host`, as written and decoded."""
    found = _USER_INFO.search(text) or _USER_PASSWORD.fullmatch(text)
    return [found["password"], unquote(found["password"])] if found else []


def _leaves(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        return [str(value)]
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in _leaves(item)]
    return []
