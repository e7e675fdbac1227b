"""URLs: taken apart, joined to a base, filled with path parameters and queries, and written back in one spelling."""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from urllib.parse import quote, unquote, urljoin

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.record import record
from wxcloudrun.engine.send.hosts import authority, canonical_host
from wxcloudrun.engine.send.request_values import Param, Scalar, scalar_text

DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLACE = re.compile(r"\{([A-Za-z_][\w.-]*)\}|(?<=/):([A-Za-z_]\w*)(?=/|$)")
_PLAIN_PATH = re.compile(r"/?[A-Za-z0-9_.~-][A-Za-z0-9_.~/-]*")
_UNENCODED_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH_SAFE = "/:@!$&'()*+,;=~%"
_QUERY_SAFE = _PATH_SAFE + "?"


@record(frozen=True)
class Url:
    """A URL whose parts are canonical: ASCII host, number as port, path and query percent-encoded exactly once."""

    scheme: str
    host: str
    port: int
    path: str
    query: str | None = None
    username: str | None = None
    password: str = ""

    @cached_property
    def origin(self) -> tuple[str, str, int]:
        """RFC 6454: scheme, host and port; credentials never leave it."""
        return self.scheme, self.host, self.port

    @cached_property
    def authority(self) -> str:
        """What the Host header says."""
        return authority(self.host, self.port, DEFAULT_PORTS[self.scheme])

    @property
    def target(self) -> str:
        """Path and query, as in the request line."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @cached_property
    def text(self) -> str:
        """The whole URL, without credentials and fragment."""
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def shown(self) -> str:
        """For messages: no credentials and no query, since both may hold secrets."""
        return f"{self.authority}{self.path}"

    def with_query(self, added: str) -> "Url":
        """The same URL with more query after what it has."""
        if not added:
            return self
        query = f"{self.query}&{added}" if self.query else added
        return Url(self.scheme, self.host, self.port, self.path, query, self.username, self.password)


def resolve_url(
    base_url: str | None, url: str, path_params: Mapping[str, Scalar] | None = None, query: Iterable[Param] = ()
) -> Url:
    """The URL a request goes to. Raises `DefinitionError`.

    - An absolute `url` ignores the base. Anything else is *appended* to the base's path with one slash between (as
      with OpenAPI servers, unlike RFC 3986): `https://h/api` and `/users` make `https://h/api/users`.
    - `{name}` in the path, or a whole segment `:name`, takes the value of that path parameter, wholly encoded. A
      `{name}` without a value is an error; a `:name` without one stays as it is.
    - The query is the base's, then the URL's, then the list's, in order, repeated names kept. Values of the list are
      raw and are encoded; what is already encoded in a URL stays. A null value is the name without `=`.
    - Fragments are dropped. Credentials before `@` end in `username` and `password`, not in the text.
    """
    parsed = _with_parameters(base_url, url, path_params) if path_params else _plain_url(base_url, url)
    return parsed.with_query(query_text(query)) if query else parsed


def _with_parameters(base_url: str | None, url: str, params: Mapping[str, Scalar]) -> Url:
    return parse_url(_filled(_joined(base_url, url.strip()), params))


@lru_cache(maxsize=1024)
def _plain_url(base_url: str | None, url: str) -> Url:
    """Ids make new paths all the time: one that is written as it is sent goes to the end of the base's path."""
    if not base_url or _PLAIN_PATH.fullmatch(url) is None:
        return _with_parameters(base_url, url, {})
    root = _root(base_url)
    path = root.path + url.lstrip("/")
    return Url(root.scheme, root.host, root.port, path, root.query, root.username, root.password)


@lru_cache(maxsize=64)
def _root(base_url: str) -> Url:
    """The base with a slash at the end of its path."""
    return _with_parameters(base_url, "/", {})


@lru_cache(maxsize=1024)
def parse_url(text: str, field: str = "url") -> Url:
    """An absolute http or https URL, taken apart. Raises `DefinitionError`, which never repeats the URL."""
    if _CONTROL.search(text):
        raise DefinitionError(field, "the URL holds a line break or another control character")
    scheme, rest = _scheme(text, field)
    rest = rest.partition("#")[0]
    place, path, query = _pieces(rest)
    if "\\" in place:
        raise DefinitionError(field, "the host part of the URL holds a backslash")
    userinfo, at, hostport = place.rpartition("@")
    host, port = _host_and_port(hostport, scheme, field)
    username, _, password = userinfo.partition(":")
    return Url(
        scheme,
        host,
        port,
        _encoded(path, _PATH_SAFE, field) or "/",
        None if query is None else _encoded(query, _QUERY_SAFE, field),
        unquote(username) if at else None,
        unquote(password),
    )


def follow(current: Url, location: str) -> Url:
    """Where a Location header leads, RFC 3986 section 5. Raises `DefinitionError` when that is nowhere."""
    return parse_url(urljoin(current.text, location.strip()), "location")


def query_text(params: Iterable[Param]) -> str:
    """Names and values as a query: percent-encoded in UTF-8, a space as %20."""
    return "&".join(_pair(param, index) for index, param in enumerate(params) if param.enabled)


def _pair(param: Param, index: int) -> str:
    try:
        name = quote(param.name, safe="~")
        return name if param.value is None else f"{name}={quote(scalar_text(param.value), safe='~')}"
    except UnicodeEncodeError:
        raise DefinitionError(f"query.{index}", "the text holds half of a surrogate pair") from None


def _joined(base_url: str | None, url: str) -> str:
    if _SCHEME.match(url):
        return url
    if not base_url:
        raise DefinitionError("url", "the URL is relative and the environment has no base URL")
    base = base_url.strip()
    if url.startswith("//"):
        return base.partition("//")[0] + url
    head, _, base_query = base.partition("#")[0].partition("?")
    path, mark, own_query = url.partition("#")[0].partition("?")
    joined = f"{head.rstrip('/')}/{path.lstrip('/')}" if path else head
    queries = [text for text in (base_query, own_query) if text]
    return joined + ("?" + "&".join(queries) if queries else mark)


def _filled(url: str, params: Mapping[str, Scalar]) -> str:
    """Path parameters are looked for after the authority and before the query only."""
    start = url.find("/", url.find("://") + 3) if "://" in url else -1
    if start < 0:
        return url
    end = min((at for at in (url.find("?", start), url.find("#", start)) if at >= 0), default=len(url))
    return url[:start] + _PLACE.sub(lambda found: _parameter(found, params), url[start:end]) + url[end:]


def _parameter(found: re.Match[str], params: Mapping[str, Scalar]) -> str:
    braced, colon = found.groups()
    name = braced or colon
    if params.get(name) is None:
        if colon and name not in params:
            return found.group()
        raise DefinitionError(f"path_params.{name}", "the path asks for this parameter and it has no value")
    return quote(scalar_text(params[name]), safe="~")


def _scheme(text: str, field: str) -> tuple[str, str]:
    found = _SCHEME.match(text)
    scheme = found.group(1).lower() if found else ""
    if scheme not in DEFAULT_PORTS:
        raise DefinitionError(field, "the URL must begin with http:// or https://; no other scheme is sent")
    rest = text[len(scheme) + 1 :]
    if not rest.startswith("//"):
        raise DefinitionError(field, "two slashes and a host must follow the scheme")
    return scheme, rest[2:]


def _pieces(rest: str) -> tuple[str, str, str | None]:
    before, mark, query = rest.partition("?")
    place, slash, path = before.partition("/")
    return place, slash + path, query if mark else None


def _host_and_port(text: str, scheme: str, field: str) -> tuple[str, int]:
    bracket = text.rfind("]")
    colon = text.find(":", bracket + 1)
    host, digits = (text, "") if colon < 0 else (text[:colon], text[colon + 1 :])
    if not host:
        raise DefinitionError(field, "the URL has no host")
    if not digits:
        return canonical_host(host, field), DEFAULT_PORTS[scheme]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5 and 0 < int(digits) < 65536):
        raise DefinitionError(field, "the port is not a number from 1 to 65535")
    return canonical_host(host, field), int(digits)


def _encoded(text: str, safe: str, field: str) -> str:
    """Percent-encoded once: an escape that is already there stays, a lone percent sign becomes %25."""
    try:
        return quote(_UNENCODED_PERCENT.sub("%25", text), safe=safe)
    except UnicodeEncodeError:
        raise DefinitionError(field, "the URL holds half of a surrogate pair") from None
