"""A request's specification -> a request ready to be sent: URL, headers, body and credentials checked and built."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.record import record
from wxcloudrun.engine.send.auth import basic_value, secrets_of
from wxcloudrun.engine.send.body import BlobSource, Payload, build_body
from wxcloudrun.engine.send.draft import Draft, Pairs
from wxcloudrun.engine.send.hosts import authority
from wxcloudrun.engine.send.request import TOKEN, RequestSpec, Tls
from wxcloudrun.engine.send.request_auth import AuthSpec, BasicAuth, InheritAuth, NoAuth, OAuth2ClientCredentials
from wxcloudrun.engine.send.request_body import MultipartBody
from wxcloudrun.engine.send.request_values import Param, scalar_text
from wxcloudrun.engine.send.url import Url, parse_url, resolve_url

_FORBIDDEN_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FORBIDDEN_IN_COOKIE = re.compile(r"[\x00-\x1f\x7f;]")
_SESSION = re.compile(r"sess|sid$|auth|token|jwt|secret|key$|csrf|xsrf", re.IGNORECASE)
_SHORTEST = 8  # what was not marked as secret and is shorter may be an ordinary word
_NO_TLS = Tls()
_HALF = "the text holds half of a surrogate pair"
_PROXY = re.compile(r"(?:(http|https|socks5)://)?(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class ProxyAddress:
    """A proxy before it is vetted."""

    scheme: str
    url: Url

    @property
    def text(self) -> str:
        """Without credentials, as libcurl wants it."""
        return f"{self.scheme}://{authority(self.url.host, self.url.port)}"

    @property
    def credentials(self) -> str | None:
        """`user:password`, or None."""
        return None if self.url.username is None else f"{self.url.username}:{self.url.password}"


@record(frozen=True, slots=True)
class Lasting:
    """What of a request changes neither with its URL nor with its body: checked and built once for all of them."""

    headers: Pairs
    suppressed: frozenset[str]
    content_type: str | None
    cookies: Pairs
    proxy: ProxyAddress | None
    secrets: tuple[str, ...]


@record(frozen=True, slots=True)
class PreparedRequest:
    """A request that can be sent, any number of times. `secrets` must be registered with the masking before it is."""

    spec: RequestSpec
    draft: Draft
    auth: AuthSpec
    proxy: ProxyAddress | None
    secrets: tuple[str, ...]
    lasting: Lasting


def build_request(
    spec: RequestSpec,
    base_url: str | None = None,
    blobs: BlobSource | None = None,
    lasting: Lasting | None = None,
) -> PreparedRequest:
    """Checks and builds all that needs no network. Raises `DefinitionError`.

    Credentials in the URL become basic auth when no helper is chosen, and leave the URL in any case. `lasting` comes
    from an earlier request from which this one differs in nothing but its URL and its body.
    """
    if lasting is None:
        _refuse_unencodable(spec)
    url = resolve_url(base_url, spec.url, spec.path_params, spec.query)
    lasting = lasting or _lasting(spec)
    payload = build_body(spec.body, lasting.content_type, blobs)
    if payload is not None and spec.method == "HEAD":
        raise DefinitionError("body", "a HEAD request has no body")
    headers = _with_content_type(spec, lasting, payload)
    auth = _auth(spec.auth, url)
    secrets = lasting.secrets if auth is spec.auth else (*_secrets_of(auth), *lasting.secrets)
    draft = Draft(spec.method, _bare(url), headers, lasting.suppressed, lasting.cookies, payload, spec.tls)
    return PreparedRequest(spec, draft, auth, lasting.proxy, secrets, lasting)


def _lasting(spec: RequestSpec) -> Lasting:
    headers, suppressed = _headers(spec.headers)
    content_type = next((value for name, value in headers if name.lower() == "content-type"), None)
    proxy = _proxy(spec.proxy)
    secrets = (*_secrets_of(spec.auth), *_secrets(spec, proxy))
    return Lasting(headers, suppressed, content_type, tuple(_cookies(spec.cookies)), proxy, secrets)


def _refuse_unencodable(spec: RequestSpec) -> None:
    """Half of a surrogate pair, which a server's JSON may bring in, has no bytes; the other parts see to themselves."""
    for name, value in spec.path_params.items():
        if isinstance(value, str) and not _encodable(value):
            raise DefinitionError(f"path_params.{name}", _HALF)
    for part, values in (("auth", spec.auth), ("tls", spec.tls)):
        if type(values) is NoAuth or values == _NO_TLS:
            continue
        for name, value in values:
            if isinstance(value, str) and not _encodable(value):
                raise DefinitionError(f"{part}.{name}", _HALF)
    if isinstance(spec.auth, OAuth2ClientCredentials) and not all(map(_encodable, spec.auth.extra.values())):
        raise DefinitionError("auth.extra", _HALF)
    if spec.proxy and not _encodable(spec.proxy):
        raise DefinitionError("proxy", _HALF)


def _headers(params: Iterable[Param]) -> tuple[Pairs, frozenset[str]]:
    headers, suppressed = [], set()
    for index, param in enumerate(params):
        if not param.enabled:
            continue
        check_header(f"headers.{index}", param.name, param.value)
        if param.value is None:
            suppressed.add(param.name.lower())
        else:
            headers.append((param.name, scalar_text(param.value).strip(" \t")))
    return tuple(headers), frozenset(suppressed)


def check_header(field: str, name: str, value: object) -> None:
    """Refuses what would end a header and begin another one. Raises `DefinitionError`."""
    if not _is_token(name):
        raise DefinitionError(f"{field}.name", "a header's name is one word of letters, digits and !#$%&'*+-.^_`|~")
    if isinstance(value, str) and not (value.isascii() and value.isprintable()):
        found = _FORBIDDEN_IN_VALUE.search(value)
        if found:
            raise DefinitionError(f"{field}.value", "a line break or control character in a header", found.start())
        if not _encodable(value):
            raise DefinitionError(f"{field}.value", _HALF)


@lru_cache(maxsize=1024)
def _is_token(name: str) -> bool:
    return TOKEN.fullmatch(name) is not None


def _encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _with_content_type(spec: RequestSpec, lasting: Lasting, payload: Payload | None) -> Pairs:
    """The user's type stays; a multipart type without a boundary is completed, since nobody could read it."""
    if payload is None or "content-type" in lasting.suppressed:
        return lasting.headers
    if lasting.content_type is None:
        check_header("body.content_type", "Content-Type", payload.content_type)
        return (*lasting.headers, ("Content-Type", payload.content_type))
    if isinstance(spec.body, MultipartBody):
        return tuple(
            [
                (name, payload.content_type if name.lower() == "content-type" else value)
                for name, value in lasting.headers
            ]
        )
    return lasting.headers


def _cookies(params: Iterable[Param]) -> Iterable[tuple[str, str]]:
    for index, param in enumerate(params):
        if not param.enabled:
            continue
        value = "" if param.value is None else scalar_text(param.value)
        if not TOKEN.fullmatch(param.name):
            raise DefinitionError(f"cookies.{index}.name", "a cookie's name is one word without spaces, ; and =")
        if _FORBIDDEN_IN_COOKIE.search(value) or not _encodable(value):
            raise DefinitionError(f"cookies.{index}.value", "a cookie's value holds no ; and no control characters")
        yield param.name, value


def _auth(auth: AuthSpec, url: Url) -> AuthSpec:
    if isinstance(auth, NoAuth | InheritAuth) and url.username is not None:
        return BasicAuth(kind="basic", username=url.username, password=url.password)
    return auth


def _bare(url: Url) -> Url:
    if url.username is None:
        return url
    return Url(url.scheme, url.host, url.port, url.path, url.query)


def _proxy(text: str | None) -> ProxyAddress | None:
    if not text:
        return None
    found = _PROXY.fullmatch(text.strip())
    if found is None or "://" in found[2]:
        raise DefinitionError("proxy", "a proxy is written http://host:port, https://host:port or socks5://host:port")
    url = parse_url("http://" + found[2], "proxy")
    if "\x00" in f"{url.username}{url.password}":
        raise DefinitionError("proxy", "the user name and the password of a proxy hold no NUL character")
    return ProxyAddress((found[1] or "http").lower(), url)


def _secrets_of(auth: AuthSpec) -> list[str]:
    found = list(secrets_of(auth))
    if isinstance(auth, BasicAuth):
        found.append(basic_value(auth.username, auth.password).removeprefix("Basic "))
    return found


def _secrets(spec: RequestSpec, proxy: ProxyAddress | None) -> list[str]:
    """Those that stand elsewhere than in the auth helper."""
    found = []
    if proxy is not None and proxy.url.password:
        found.append(proxy.url.password)
    if spec.tls.client_key_pem:
        found.append(spec.tls.client_key_pem)
    for param in spec.headers:
        if _carries_credentials(param.name) and isinstance(param.value, str):
            found.extend(_credentials(param.value))
    for param in spec.cookies:
        if isinstance(param.value, str) and len(param.value) >= _SHORTEST and _SESSION.search(param.name):
            found.append(param.value)
    return found


@lru_cache(maxsize=1024)
def _carries_credentials(name: str) -> bool:
    return name.lower() in ("authorization", "proxy-authorization", "x-api-key", "x-auth-token")


def _credentials(value: str) -> list[str]:
    """What is secret in a header written by hand: all behind the scheme, and the password of basic auth."""
    scheme, _, rest = value.strip().partition(" ")
    credential = rest.strip() or scheme
    found = [credential] if len(credential) >= _SHORTEST else []
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(credential, validate=True).decode()
        except ValueError:
            return found
        password = pair.partition(":")[2]
        found += [password] if len(password) >= _SHORTEST else []
    return found
