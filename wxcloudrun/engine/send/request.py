"""A request as it is stored in a case: frozen models, JSON in, every placeholder already rendered."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.send.request_auth import AuthSpec, NoAuth
from wxcloudrun.engine.send.request_body import BodySpec, NoBody
from wxcloudrun.engine.send.request_values import Param, Scalar, Spec, Text

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110 section 5.6.2: what a method and a header name are made of."""


def _method(value: str) -> str:
    if not TOKEN.fullmatch(value) or len(value) > 32:
        raise ValueError("a method is one word of letters, digits and !#$%&'*+-.^_`|~, at most 32 long")
    if value.upper() == "CONNECT":
        raise ValueError("CONNECT opens a tunnel and is not a request that can be tested")
    return value.upper()


def _version(value: object) -> object:
    """A version written as a number (1.1, 2) is meant as its text."""
    return str(value) if isinstance(value, int | float) else value


Milliseconds = Annotated[int, Field(gt=0, le=3_600_000)]
HttpVersion = Literal["auto", "1.1", "2"]


class Timeouts(Spec):
    """Milliseconds: until connected (TLS included), between two bytes, and for the step with its redirects."""

    connect_ms: Milliseconds = 10_000
    read_ms: Milliseconds = 30_000
    total_ms: Milliseconds = 60_000


class Redirects(Spec):
    """Whether and how far redirects are followed; `keep_method` keeps POST on 301 and 302."""

    follow: bool = True
    max: Annotated[int, Field(ge=0, le=50)] = 10
    keep_method: bool = False


class Tls(Spec):
    """Certificate checks. `ca_pem` replaces the public authorities; the client's pair goes to the first origin only."""

    verify: bool = True
    ca_pem: str | None = None
    client_cert_pem: str | None = None
    client_key_pem: str | None = None


class RequestSpec(Spec):
    """One request. `url` may be relative to the environment's base URL (see `url.resolve_url`)."""

    method: Annotated[Text, AfterValidator(_method)] = "GET"
    url: Text
    path_params: dict[str, Scalar] = {}
    query: tuple[Param, ...] = ()
    headers: tuple[Param, ...] = ()
    cookies: tuple[Param, ...] = ()
    body: BodySpec = NoBody()
    auth: AuthSpec = NoAuth()
    timeouts: Timeouts = Timeouts()
    redirects: Redirects = Redirects()
    tls: Tls = Tls()
    proxy: Text | None = None
    http_version: Annotated[HttpVersion, BeforeValidator(_version)] = "auto"
    max_body_bytes: Annotated[int, Field(gt=0)] | None = None


def parse_request(data: Mapping[str, Any]) -> RequestSpec:
    """The model of a rendered request; raises `DefinitionError` that names the first field that does not fit."""
    try:
        return RequestSpec.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "request"
    raise DefinitionError(field, first["msg"].removeprefix("Value error, "))
