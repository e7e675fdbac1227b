"""Environments and variables as clients send and receive them."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, StringConstraints

from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import LINE, PART, EntryName, Version
from wxcloudrun.core.pagination import PageNumber, PageSize
from wxcloudrun.core.shapes import Input, View, example

_NAME = r"^[^\W\d][\w.\-]*$"  # as in the engine: a letter or `_` first, letters of any script
MOST_VARIABLES = 500
EnvironmentName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=LINE)]
BaseUrl = Annotated[str, Field(max_length=2048, pattern=PART, description="What relative URLs are appended to.")]
VariableName = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=_NAME)]
VariableType = Literal["string", "number", "boolean", "json", "secret"]
EnvironmentOrder = Literal["id", "-id", "name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"]


class IsSet(Input):
    """Stands for a secret that is kept: it comes out instead of the value, and sent back it lets the value stay."""

    is_set: Literal[True]


Line = Annotated[str, Field(max_length=8192, pattern=PART)]
Named = Annotated[dict[EntryName, Line | IsSet], Field(max_length=100)]
Spec = Annotated[dict[str, JsonValue], Field(max_length=32)]


class VariableInput(Input):
    """A variable. Text may hold `{{other_name}}`; a secret is taken as it is, and without `value` the old one stays."""

    name: VariableName
    type: VariableType = "string"
    value: JsonValue = None
    description: Annotated[str, Field(max_length=200, pattern=PART)] = ""


Variables = Annotated[
    list[VariableInput], Field(max_length=MOST_VARIABLES, description="In the order in which they are shown.")
]


class Content(Input):
    """What holds for every request to the environment that does not say otherwise; shapes as in a case's request.

    Passwords, keys and tokens come out as `{"is_set": true}`, unless they are `{{references}}` to variables.
    """

    headers: Named = Field(default={}, description="Headers by name.")
    cookies: Named = Field(default={}, description="Cookies by name.")
    auth: Spec | None = Field(None, description="`kind` and what that helper needs; see docs/engine/sending.md.")
    tls: Spec | None = Field(None, description="`verify`, `ca_pem`, `client_cert_pem`, `client_key_pem`.")
    proxy: Annotated[str, Field(max_length=512, pattern=PART)] | IsSet | None = Field(
        None, description="`http://host:port`, `https://host:port` or `socks5://host:port`."
    )
    timeouts: Spec | None = Field(None, description="`connect_ms`, `read_ms`, `total_ms`.")
    rate_per_second: Annotated[float, Field(ge=0.001, le=100_000)] | None = Field(
        None, description="Requests a second at most, from all runs together."
    )
    variables: Variables = []


class EnvironmentMade(Content):
    """A new environment; the first one of a project is its default."""

    model_config = example(
        {
            "name": "test",
            "base_url": "https://shop.example.com/api",
            "variables": [
                {"name": "user", "value": "eve"},
                {"name": "password", "type": "secret", "value": "s3cret-password"},
            ],
        }
    )

    name: EnvironmentName
    base_url: BaseUrl = ""


class EnvironmentChange(Content):
    """The fields of an environment to change; those that are not sent stay, lists and objects change as a whole."""

    model_config = example({"base_url": "https://shop.example.com/api"})

    name: EnvironmentName | None = None
    base_url: BaseUrl | None = None
    version: Version | None = None


class EnvironmentCopied(Input):
    """The name of the copy."""

    model_config = example({"name": "test, copied"})

    name: EnvironmentName


class EnvironmentsQuery(Input):
    """Which environments to list."""

    q: str | None = Field(None, max_length=64, pattern=PART, description="Part of the name, letter by letter.")
    sort: EnvironmentOrder = Field("id", description="Order; `-` means falling.")
    page: PageNumber = 1
    size: PageSize = 20


class EnvironmentLine(View):
    """An environment in a list."""

    id: int
    name: str
    base_url: str
    is_default: bool
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The view of an environment's row."""
        return cls(
            id=row.id,
            name=row.name,
            base_url=row.base_url,
            is_default=row.marked is not None,
            version=row.version,
            created_at=iso(row.created_at),
            updated_at=iso(row.updated_at),
            **more,
        )


class VariableView(View):
    """A variable; of a secret only that it is set."""

    name: str
    type: str
    value: Any
    description: str


class EnvironmentView(EnvironmentLine):
    """An environment."""

    headers: dict[str, Any]
    cookies: dict[str, Any]
    auth: Any
    tls: Any
    proxy: Any
    timeouts: Any
    rate_per_second: float | None
    variables: list[VariableView]


class VariablesPut(Input):
    """All variables of a project, which hold in each of its environments that has no variable of that name."""

    model_config = example({"variables": [{"name": "currency", "value": "CNY"}]})

    variables: Variables
    version: Version | None = None


class VariablesView(View):
    """All variables of a project."""

    variables: list[VariableView]
    version: int
