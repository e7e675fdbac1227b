"""A sent request as a curl command without secrets: each credential stands in it as a shell variable."""

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote_plus

from wxcloudrun.engine.result.redaction import Redactor, sensitive_name
from wxcloudrun.engine.send.curl import LONGEST, Travel, to_curl, unpacked_basic
from wxcloudrun.engine.send.exchange import SentRequest
from wxcloudrun.engine.send.request import RequestSpec
from wxcloudrun.engine.send.request_auth import DigestAuth, OAuth2ClientCredentials
from wxcloudrun.engine.send.shell_words import written_forms

_NAME = re.compile(r"[A-Z_][A-Z0-9_]*", re.ASCII)
_UNNAMED = re.compile(r"SECRET_\d+")
_OF_THE_SHELL = frozenset({"PATH", "HOME", "IFS", "PWD", "SHELL", "USER", "LANG"})
_PAIR = re.compile(r"(?P<head>(?:^|[?&;\s])(?P<name>[^=&?;\s\"'<>]{1,200})=)(?P<value>[^&#;\s\"'<>]+)")
_MEMBER = re.compile(
    r"(?P<head>\"(?P<name>[^\"\\]{1,200})\"\s*:\s*\"?)(?P<value>(?<=\")(?:[^\"\\]|\\.)+|(?<!\")-?\d[\w.+\-]*)"
)
_PART = re.compile(r'(?P<head>name="(?P<name>[^"\r\n]{1,200})"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)(?P<value>[^\r\n]+)')
_COOKIE = re.compile(r"(?P<head>(?P<name>[^=;\s]+)=)(?P<value>[^;]+)")
_DECODED = re.compile("[^\udc80-\udcff]+")
_PROXY = re.compile(r"(?P<scheme>\w+://)?(?:(?P<login>[^@]*)@)?(?P<host>.*)", re.DOTALL)


def curl_of(redactor: Redactor, sent: SentRequest, spec: RequestSpec | None = None, *, redirected: bool = False) -> str:
    """The command: a named secret becomes `${NAME}`, any other credential a variable named after its place.

    `spec` tells how the request travelled (proxy, TLS, digest, version); `redirected` whether redirects were followed.
    """
    hidden = _Hidden(redactor)
    oauth = spec is not None and isinstance(spec.auth, OAuth2ClientCredentials)
    seen = replace(
        sent,
        url=hidden.text(sent.url),
        headers=tuple([(name, hidden.header(name, value, oauth)) for name, value in sent.headers]),
        parts=tuple(
            [
                replace(part, value=hidden.field(part.name, part.value) if part.value else part.value)
                for part in sent.parts
            ]
        ),
    )
    seen = _with_body(seen, hidden)
    travel = _travel(spec, sent.url.startswith("https:"), hidden, redirected) if spec is not None else None
    return redactor.text(to_curl(seen, hidden.variables, travel=travel, mask=hidden.mask))


def _with_body(sent: SentRequest, hidden: "_Hidden") -> SentRequest:
    """The body with its credentials as variables; its size follows, so that it still counts as complete."""
    if not sent.body_head or len(sent.body_head) != sent.body_size or sent.body_size > LONGEST:
        return sent  # it will not stand in the command
    text = sent.body_head.decode("utf-8", "surrogateescape")
    masked = hidden.text(text).encode("utf-8", "surrogateescape")
    return replace(sent, body_head=masked, body_size=len(masked))


def _travel(spec: RequestSpec, secure: bool, hidden: "_Hidden", redirected: bool) -> Travel:
    options: list[tuple[str, str | None]] = []
    if spec.proxy:
        options += _proxy(spec.proxy, hidden)
    options += _tls(spec) if secure else ()
    if isinstance(spec.auth, DigestAuth):
        options += [("--digest", None), ("-u", f"{spec.auth.username}:{hidden.value('PASSWORD', spec.auth.password)}")]
    if redirected:
        options.append(("-L", None))
        options += [("--post301", None), ("--post302", None)] if spec.redirects.keep_method else []
    if spec.http_version == "1.1":
        options.append(("--http1.1", None))
    elif spec.http_version == "2":
        options.append(("--http2" if secure else "--http2-prior-knowledge", None))
    return Travel(options, [one.name for one in spec.headers if one.enabled and one.value is None])


def _proxy(text: str, hidden: "_Hidden") -> Iterator[tuple[str, str | None]]:
    found = _PROXY.fullmatch(text.strip())
    if found is None:
        return
    yield "-x", f"{found['scheme'] or 'http://'}{found['host']}"
    if found["login"]:
        user, _, password = found["login"].partition(":")
        yield "-U", f"{user}:{hidden.value('PROXY_PASSWORD', password)}"


def _tls(spec: RequestSpec) -> Iterator[tuple[str, str | None]]:
    tls = spec.tls
    if not tls.verify:
        yield "-k", None
    if tls.ca_pem:
        yield "--cacert", "ca.pem"
    if tls.client_cert_pem:
        yield "--cert", "client.pem"
    if tls.client_key_pem:
        yield "--key", "client.key"


class _Hidden:
    """Puts a mark in place of each credential of one request; `variables` says which variable a mark means."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self.variables = {value: _label(name) for value, name in redactor.labels.items()}
        self._without_name = [value for value, name in self.variables.items() if _UNNAMED.fullmatch(name)]
        named = {value: name for value, name in self.variables.items() if not _UNNAMED.fullmatch(name)}
        self._whole = {form for value, name in named.items() for form, _ in written_forms(value, name)}
        self._given: dict[str, str] = dict.fromkeys(named.values(), "")

    def value(self, name: str, value: str) -> str:
        """A credential: a named secret as it is, anything else as the mark of a variable of this name."""
        if not value or value in self._whole:
            return value
        variable = re.sub(r"[^A-Za-z0-9]", "_", name).strip("_").upper() or "SECRET"
        variable = f"SECRET_{variable}" if variable[0].isdigit() or variable in _OF_THE_SHELL else variable
        plain, number = variable, 1
        while self._given.setdefault(variable, value) != value:
            number += 1
            variable = f"{plain}_{number}"
        mark = f"_{variable}_as_a_variable_"
        self.variables[mark] = variable
        return mark

    def field(self, name: str, value: str, form: str = "") -> str:
        """A value under a name: hidden when the name is telling or the value holds a secret without a name."""
        return self.value(f"{name}{form}", value) if sensitive_name(name) or self._unnamed(value) else value

    def text(self, text: str) -> str:
        """A URL or a body: query parameters, form fields, JSON members and parts of forms."""
        text = _MEMBER.sub(self._member, text) if '"' in text else text
        text = _PART.sub(self._part, text) if "form-data" in text else text
        return _PAIR.sub(self._pair, text) if "=" in text else text

    def mask(self, text: str) -> str:
        """A text without secrets; bytes that were no text stay what they are."""
        return _DECODED.sub(lambda run: self._redactor.text(run.group()), text)

    def header(self, name: str, value: str, oauth: bool) -> str:
        """A header's value; of Authorization the scheme stays, of cookies the names."""
        lower = name.lower()
        if lower in ("authorization", "proxy-authorization"):
            return self._authorization(lower, value, oauth)
        if lower == "cookie":
            return _COOKIE.sub(lambda one: one["head"] + self.value(f"COOKIE_{one['name']}", one["value"]), value)
        if lower in ("x-api-key", "x-auth-token") or sensitive_name(lower) or self._unnamed(value):
            return self.value(name, value)
        return self.text(value)

    def _authorization(self, name: str, value: str, oauth: bool) -> str:
        scheme, _, rest = value.partition(" ")
        if not rest:
            return self.value(name, value)
        pair = unpacked_basic(value) if scheme.lower() == "basic" and name == "authorization" else None
        if pair is not None:
            user, _, password = pair.partition(":")
            hidden = f"{user}:{self.value('PASSWORD', password)}"
            return f"{scheme} {base64.b64encode(hidden.encode()).decode()}"
        return f"{scheme} {self.value('OAUTH_TOKEN' if oauth else name, rest)}"

    def _pair(self, found: re.Match[str]) -> str:
        value = found["value"]
        form = "_URLENCODED" if "%" in value or "+" in value else ""
        return found["head"] + self.field(unquote_plus(found["name"]), value, form)

    def _member(self, found: re.Match[str]) -> str:
        return found["head"] + self.field(found["name"], found["value"], "_JSON" if "\\" in found["value"] else "")

    def _part(self, found: re.Match[str]) -> str:
        return found["head"] + self.field(found["name"], found["value"])

    def _unnamed(self, text: str) -> bool:
        """Whether a secret without a name is in the text."""
        return any(value in text for value in self._without_name)


def _label(name: str) -> str:
    """A name that a shell takes; an odd one is as good as none."""
    if name in _OF_THE_SHELL:
        return f"SECRET_{name}"
    return name if _NAME.fullmatch(name) else "SECRET_0"
