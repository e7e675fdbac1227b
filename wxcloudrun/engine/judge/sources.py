"""Where a value is read from: every source of extractions and assertions, compiled to a reader."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from pydantic import Field

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.filter_kinds import FilterError
from wxcloudrun.engine.judge.filter_query import namespace_pairs
from wxcloudrun.engine.judge.filter_text import group_number, search
from wxcloudrun.engine.judge.filters import Filter, Pipeline, compile_filters
from wxcloudrun.engine.judge.jmes import compile_jmespath
from wxcloudrun.engine.judge.jsonpath import compile_jsonpath
from wxcloudrun.engine.judge.nearness import listed_names
from wxcloudrun.engine.judge.outcome import Found, Missing, Unreadable
from wxcloudrun.engine.judge.patterns import compile_pattern
from wxcloudrun.engine.judge.reading import ResponseView
from wxcloudrun.engine.judge.values import shown_text
from wxcloudrun.engine.judge.xpath import compile_xpath
from wxcloudrun.engine.response import Cookie
from wxcloudrun.engine.shape import Part


class Source(StrEnum):
    """What a value is read from; the comment says what `argument` is."""

    STATUS = "status"
    HEADER = "header"  # its name
    COOKIE = "cookie"  # its name, or `name[Attribute]`
    JSONPATH = "jsonpath"  # an RFC 9535 path
    JMESPATH = "jmespath"  # an expression
    XPATH = "xpath"  # an XPath 1.0 expression
    REGEX = "regex"  # a pattern, searched in the body
    BODY = "body"  # the whole body as text
    HEAD = "head"  # its beginning; optionally the number of characters
    DURATION = "duration"  # milliseconds; optionally a phase
    SIZE = "size"  # bytes of the decoded body
    SHA256 = "sha256"  # of the decoded body
    VARIABLE = "variable"  # its name
    URL = "url"  # after redirects
    VERSION = "version"  # of HTTP
    PEER = "peer"  # address and port that answered
    REDIRECTS = "redirects"  # how many were followed
    CERTIFICATE = "certificate"  # optionally one field of it


class Sourced(Part):
    """The fields that say where a value comes from, shared by extractions and assertions."""

    argument: str = ""
    group: int | str | None = None  # of a regex: number or name; without it the first group, else the whole match
    namespaces: dict[str, str] = Field(default={}, max_length=50)  # prefixes of an XPath
    filters: tuple[Filter, ...] = ()


type Variables = Mapping[str, Any]
type Reader = Callable[[ResponseView, Variables], Found | Missing]

_READ_AT_ONCE: Final = frozenset(Source) - {Source.JSONPATH, Source.JMESPATH, Source.XPATH, Source.REGEX}
_PHASES: Final = ("resolve", "connect", "tls", "send", "wait", "receive", "total")
_ATTRIBUTES: Final[dict[str, Callable[[Cookie], Any]]] = {
    "value": lambda cookie: cookie.value,
    "domain": lambda cookie: cookie.domain,
    "path": lambda cookie: cookie.path,
    "expires": lambda cookie: cookie.expires,
    "secure": lambda cookie: cookie.secure,
    "httponly": lambda cookie: cookie.http_only,
    "samesite": lambda cookie: cookie.same_site,
}


def has_placeholder(value: Any) -> bool:
    """Whether a text anywhere in a JSON value holds `{{`, so that it means something only after rendering."""
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, str) and "{{" in one:
            return True
        if isinstance(one, dict):
            stack += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple):
            stack += one
    return False


def compile_reader(source: Source, spec: Sourced, *, templated: bool = False) -> Reader:
    """A function that reads the source and applies the filters; it raises Unreadable when it cannot be read.

    Raises DefinitionError (`argument`, `group`, `namespaces`, `filters.0.args.1`). With `templated` the parts that
    hold placeholders are left for the run; such a reader is not meant to be used.
    """
    if templated and has_placeholder([spec.argument, spec.group, spec.namespaces]):
        read: Reader = _status
    else:
        read = _BUILDERS[source](spec)
    pipeline = compile_filters(spec.filters, skip=has_placeholder if templated else None)
    return _filtered(read, pipeline) if pipeline.filters else read


def reads_quickly(spec: "Sourced") -> bool:
    """Whether reading it takes no longer than parsing the body: no search, no query that visits many places."""
    source = getattr(spec, "source", None)
    if source is Source.JSONPATH:
        return not has_placeholder(spec.argument) and compile_jsonpath(spec.argument).singular
    return source in _READ_AT_ONCE


def _filtered(read: Reader, pipeline: Pipeline) -> Reader:
    return lambda view, variables: pipeline.apply(read(view, variables))


def _required(spec: Sourced, what: str) -> str:
    if not spec.argument:
        raise DefinitionError("argument", f"{what} is missing")
    return spec.argument


def _status(view: ResponseView, _: Variables) -> Found:
    return Found(view.response.status, "status")


def _plain(name: str, get: Callable[[ResponseView], Any]) -> Callable[[Sourced], Reader]:
    def build(spec: Sourced) -> Reader:
        if spec.argument:
            raise DefinitionError("argument", f"{name} takes no argument")

        def read(view: ResponseView, _: Variables) -> Found | Missing:
            value = get(view)
            return Missing(f"there is no {name}") if value is None else Found(value, name)

        return read

    return build


def _header(spec: Sourced) -> Reader:
    name = _required(spec, "the header's name")

    def read(view: ResponseView, _: Variables) -> Found | Missing:
        values = view.response.header_values(name)
        if values:
            return Found(values[0] if len(values) == 1 else list(values), f"header {name}")
        names = (key for key, _ in view.response.headers)
        return Missing(f"there is no header {name}", nearest=listed_names("headers", name, names))

    return read


def _cookie(spec: Sourced) -> Reader:
    name, bracket, rest = _required(spec, "the cookie's name").partition("[")
    attribute = rest.rstrip("]").lower() if bracket else "value"
    if bracket and (not rest.endswith("]") or attribute not in _ATTRIBUTES):
        known = "Value, Domain, Path, Expires, Secure, HttpOnly, SameSite"
        raise DefinitionError("argument", f"a cookie's attribute is one of {known}", len(name) + 1)
    get = _ATTRIBUTES[attribute]

    def read(view: ResponseView, _: Variables) -> Found | Missing:
        cookies = view.response.cookies
        cookie = next((one for one in reversed(cookies) if one.name == name), None)
        if cookie is None:
            near = listed_names("cookies", name, (one.name for one in cookies))
            return Missing(f"the response sets no cookie {name}", nearest=near)
        value = get(cookie)
        if value is None or (value == "" and attribute != "value"):
            return Missing(f"the cookie {name} has no {attribute}")
        return Found(value, f"cookie {spec.argument}")

    return read


def _jsonpath(spec: Sourced) -> Reader:
    read = compile_jsonpath(_required(spec, "the path")).read
    return lambda view, _: read(view.json())


def _jmespath(spec: Sourced) -> Reader:
    read = compile_jmespath(_required(spec, "the expression")).read
    return lambda view, _: read(view.json("JMESPath"))


def _xpath(spec: Sourced) -> Reader:
    text = _required(spec, "the expression")
    read = compile_xpath(text, namespace_pairs(dict(spec.namespaces))).read
    return lambda view, _: read(view.document())


def _regex(spec: Sourced) -> Reader:
    pattern = compile_pattern(_required(spec, "the pattern"))
    group = group_number(pattern, spec.group)

    def read(view: ResponseView, _: Variables) -> Found | Missing:
        text = view.text()
        try:
            found = search(pattern, text)
        except FilterError as error:
            raise Unreadable(str(error)) from error
        if found is None or found.group(group) is None:
            begins = f"the body begins with {shown_text(text, 60)}" if text else "the body is empty"
            return Missing(f"{pattern.text} matches nothing", nearest=begins)
        return Found(found.group(group), f"line {text.count(chr(10), 0, found.start()) + 1}")

    return read


def _head(spec: Sourced) -> Reader:
    if spec.argument and not (spec.argument.isascii() and spec.argument.isdigit() and len(spec.argument) < 10):
        raise DefinitionError("argument", "head takes a number of characters")
    count = int(spec.argument) if spec.argument else None
    return lambda view, _: Found(view.head(count), "head")


def _duration(spec: Sourced) -> Reader:
    phase = spec.argument or "total"
    if phase not in _PHASES:
        raise DefinitionError("argument", f"a phase is one of {', '.join(_PHASES)}")
    return lambda view, _: Found(round(getattr(view.response.timing, f"{phase}_ms"), 3), f"duration {phase}")


def _variable(spec: Sourced) -> Reader:
    name = _required(spec, "the variable's name")

    def read(_: ResponseView, variables: Variables) -> Found | Missing:
        if name in variables:
            return Found(variables[name], f"variable {name}")
        return Missing(f"the variable {name} has no value", nearest=listed_names("variables", name, variables))

    return read


def _certificate(spec: Sourced) -> Reader:
    name = spec.argument

    def read(view: ResponseView, _: Variables) -> Found | Missing:
        certificate = view.response.certificate
        if certificate is None:
            return Missing("there is no certificate: the connection was not TLS")
        if not name:
            return Found(dict(certificate), "certificate")
        if name in certificate:
            return Found(certificate[name], f"certificate {name}")
        near = listed_names("fields", name, certificate)
        return Missing(f"the certificate has no {name}", nearest=near)

    return read


_BUILDERS: Final[dict[Source, Callable[[Sourced], Reader]]] = {
    Source.STATUS: _plain("status", lambda view: view.response.status),
    Source.HEADER: _header,
    Source.COOKIE: _cookie,
    Source.JSONPATH: _jsonpath,
    Source.JMESPATH: _jmespath,
    Source.XPATH: _xpath,
    Source.REGEX: _regex,
    Source.BODY: _plain("body", ResponseView.text),
    Source.HEAD: _head,
    Source.DURATION: _duration,
    Source.SIZE: _plain("size", lambda view: view.response.body.size),
    Source.SHA256: _plain("sha256", lambda view: view.response.body.sha256),
    Source.VARIABLE: _variable,
    Source.URL: _plain("url", lambda view: view.response.url),
    Source.VERSION: _plain("version", lambda view: view.response.http_version),
    Source.PEER: _plain("peer", lambda view: view.response.peer),
    Source.REDIRECTS: _plain("redirects", lambda view: len(view.response.hops)),
    Source.CERTIFICATE: _certificate,
}
