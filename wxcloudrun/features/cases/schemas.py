"""Cases as clients send and receive them."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import LINE, PART, TEXT, RowNumber, Version
from wxcloudrun.core.shapes import Advice, Input, View, example

_PIECE = r"[^\x00-\x1f\x7f\s/]([^\x00-\x1f\x7f/]*[^\x00-\x1f\x7f\s/])?"
_OBJECTS = "as an object, or as a list of `{name, value, enabled}`, which alone can repeat a name"

CaseName = Annotated[
    str, StringConstraints(min_length=1, max_length=128, pattern=LINE), Field(description="Unique in its folder.")
]
Folder = Annotated[
    str,
    StringConstraints(max_length=255, pattern=f"^({_PIECE}(/{_PIECE}){{0,9}})?$"),
    Field(description="`a/b/c`, at most 10 deep; empty at the top.", examples=["orders/refunds"]),
]
Tag = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=32, pattern=r'^[^\x00-\x1f\x7f\s"\\]([^\x00-\x1f\x7f"\\]*[^\x00-\x1f\x7f\s"\\])?$'
    ),
]
Tags = Annotated[list[Tag], Field(max_length=20, examples=[["smoke", "orders"]])]
StatusName = Literal["draft", "debugging", "done", "deprecated"]
VisibilityName = Literal["private", "project", "public"]
Description = Annotated[str, Field(max_length=2000, pattern=TEXT)]
Position = Annotated[int, Field(ge=-(2**31) + 1, le=2**31 - 1, description="What the order `position` goes by.")]
Expression = Annotated[str, Field(max_length=4096, pattern=TEXT)]
Object = dict[str, JsonValue]


class RequestInput(Input):
    """A request. Any value may be text with `{{placeholders}}`; what each field may hold: docs/engine/sending.md.

    Passwords, keys, tokens and cookies come out as `{"is_set": true}`, unless they are `{{references}}` to variables;
    sent back like that they stay. A body is test data, and comes out as it is.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "method": "POST",
                    "url": "/orders/{shop}",
                    "path_params": {"shop": 7},
                    "query": {"dry": "{{dry}}"},
                    "headers": [{"name": "Accept", "value": "application/json"}],
                    "body": {"kind": "json", "value": {"sku": "a", "count": 2}},
                    "auth": {"kind": "bearer", "token": "{{token}}"},
                }
            ]
        }
    )

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2048,
            pattern=TEXT,
            description="Absolute, or appended to the environment's base URL. Credentials do not belong here.",
        ),
    ]
    method: Annotated[str, Field(max_length=128, pattern=TEXT)] = "GET"
    path_params: Object = Field({}, description="Values of `{name}` or `:name` in the path, by name.")
    query: JsonValue = Field([], description=f"Query arguments, {_OBJECTS}.")
    headers: JsonValue = Field([], description=f"Headers, {_OBJECTS}. A null value: not sent, not even by default.")
    cookies: JsonValue = Field([], description=f"Cookies, {_OBJECTS}.")
    body: Object = Field(
        {"kind": "none"},
        description="`kind` and its own fields: `none`; `json`: `value`; `urlencoded`: `fields`; `multipart`: `parts`"
        " of `{name, value}` or `{name, file: {name, blob or content}}`; `raw`: `text`, `content_type`; `binary`:"
        " `blob` or `content` (base64), `content_type`; `graphql`: `query`, `variables`, `operation_name`. `blob` is"
        " the number of a file of the project, as text.",
    )
    auth: Object = Field(
        {"kind": "none"},
        description="`kind` and its own fields: `none`, `inherit` (the environment's), `basic`, `bearer`, `api_key`,"
        " `digest`, `oauth2_client_credentials`, `aws_v4`, `hmac`.",
    )
    timeouts: Object = Field({}, description="`connect_ms`, `read_ms`, `total_ms`.")
    redirects: Object = Field({}, description="`follow`, `max`, `keep_method`.")
    tls: Object = Field({}, description="`verify`, `ca_pem`, `client_cert_pem`, `client_key_pem`.")
    proxy: JsonValue = Field(
        None, description="`http://host:port`, `https://host:port` or `socks5://host:port`; null: the environment's."
    )
    http_version: JsonValue = Field("auto", description="`auto`, `1.1` or `2`.")
    max_body_bytes: JsonValue = Field(None, description="Of the response, at most.")


class CaseParts(Input):
    """What a case says beside its request; shapes as in docs/engine.md and docs/engine/checks.md."""

    folder: Folder = ""
    description: Description = ""
    tags: Tags = []
    status: StatusName = "draft"
    visibility: VisibilityName = Field(
        "project",
        description="`private`: its creator and the project's owners; `public`: every verified user may read and copy.",
    )
    creator_only: bool = Field(default=False, description="Nobody but its creator may run it.")
    owner_id: RowNumber | None = Field(None, description="A member; who makes it, unless this says otherwise.")
    position: Position = 0
    expected: Object = Field({}, description="Values of `{{expected.name}}`; a dataset's lie over them.")
    extractions: Annotated[list[Object], Field(max_length=200)] = Field(
        [],
        description="Values taken from the response: `name`, `source`, `argument`, `filters`, `scope`, `required`,"
        " `default`, `secret`.",
        examples=[[{"name": "order", "source": "jsonpath", "argument": "$.id"}]],
    )
    assertions: Annotated[list[Object], Field(max_length=200)] = Field(
        [],
        description="What has to hold: `source`, `argument`, `filters` or an `expression`; `comparator`, `not`,"
        " `expected`; `name`, `message`, `enabled`.",
        examples=[
            [
                {"source": "status", "comparator": "eq", "expected": 201},
                {"source": "jsonpath", "argument": "$.items[*].sku", "comparator": "contains", "expected": "a"},
                {"expression": "len(json.items) > 1"},
            ]
        ],
    )
    before: Annotated[list[Object], Field(max_length=50)] = Field(
        [],
        description="Actions before the request: `do` is `set`, `compute`, `sign`, `wait` or `log`.",
        examples=[[{"do": "set", "name": "trace", "value": "{{$uuid}}"}]],
    )
    after: Annotated[list[Object], Field(max_length=50)] = Field([], description="Actions after the response.")
    idempotent: bool = Field(default=False, description="May be sent again when nobody knows whether it arrived.")
    idempotency_header: Annotated[str, Field(max_length=128, pattern=PART)] | None = Field(
        None, description="Header with the same value in every attempt, such as `Idempotency-Key`."
    )
    condition: Expression | None = Field(None, description="An expression over variables; false skips the case.")
    retry: Object | None = Field(
        None,
        description="When to send again: `on`, `statuses`, `error_classes`, `attempts`, `interval_ms`, `backoff`,"
        " `max_interval_ms`, `jitter`, `retry_after`. Not together with `poll`.",
    )
    poll: Object | None = Field(
        None,
        description="Until when to send: `until`, `fail_if` (expressions), `interval_ms`, `timeout_ms`,"
        " `through_errors`.",
    )
    dataset: Object = Field(
        {"mode": "default"},
        description="Which datasets a step uses unless it says otherwise: `mode` (`none`, `default`, `one`, `all`,"
        " `random`, `limit`), `key` for `one`, `count` for `random` and `limit`.",
    )


class CaseMade(CaseParts):
    """A new case."""

    model_config = example(
        {
            "name": "Make an order",
            "folder": "orders",
            "request": {"method": "POST", "url": "/orders", "body": {"kind": "json", "value": {"sku": "a"}}},
            "extractions": [{"name": "order", "source": "jsonpath", "argument": "$.id"}],
            "assertions": [{"source": "status", "comparator": "eq", "expected": 201}],
        }
    )

    name: CaseName
    request: RequestInput


class CaseChange(CaseParts):
    """The fields of a case to change; those that are not sent stay, lists and objects change as a whole."""

    model_config = example({"status": "done", "tags": ["smoke"]})

    name: CaseName | None = None
    request: RequestInput | None = None
    version: Version | None = None


class CaseDraft(CaseChange):
    """A case that is not saved. With `case_id` what is not sent, and what marks stand for, comes from that case."""

    model_config = example(
        {
            "request": {"method": "GET", "url": "https://shop.example.com/api/orders/{{order}}"},
            "assertions": [{"source": "status", "comparator": "eq", "expected": 200}],
        }
    )

    case_id: RowNumber | None = None


class Origin(View):
    """What a case is a copy of."""

    id: int
    version: int | None


class CaseLine(View):
    """A case in a list."""

    id: int
    project_id: int
    name: str
    folder: str
    method: str
    url: str
    tags: list[str]
    status: StatusName
    visibility: VisibilityName
    creator_only: bool
    creator_id: int
    owner_id: int
    owner: str | None = Field(description="Nickname.")
    position: int
    run_count: int
    version: int
    origin: Origin | None
    deleted_at: str | None = Field(description="Since when it lies in the trash; null: it does not.")
    created_at: str
    updated_at: str
    may_edit: bool = Field(description="Whether who asks may change it.")
    may_run: bool = Field(description="Whether who asks may run it.")

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The view of a case's row."""
        same = (
            "id", "project_id", "name", "folder", "method", "url", "creator_only", "creator_id", "owner_id", "owner",
            "position", "run_count", "version",
        )  # fmt: skip
        copied = row.origin_id is not None
        return cls(
            **{name: getattr(row, name) for name in same},
            tags=json.loads(row.tags),
            status=row.status.name.lower(),
            visibility=row.visibility.name.lower(),
            origin=Origin(id=row.origin_id, version=row.origin_version) if copied else None,
            deleted_at=None if row.deleted_at is None else iso(row.deleted_at),
            created_at=iso(row.created_at),
            updated_at=iso(row.updated_at),
            **more,
        )


class CaseShown(View):
    """What a case says. Credentials in it are marks: `{"is_set": true}`."""

    description: str
    request: dict[str, Any]
    expected: dict[str, Any]
    extractions: list[Any]
    assertions: list[Any]
    before: list[Any]
    after: list[Any]
    idempotent: bool
    idempotency_header: str | None
    condition: str | None
    retry: Any
    poll: Any
    dataset: dict[str, Any]


class CaseView(CaseShown, CaseLine):
    """A case. Credentials in it are marks: `{"is_set": true}`."""

    creator: str | None = Field(description="Nickname.")


class CaseSaved(CaseView):
    """A case as it is kept now, and names in it that nothing known gives a value."""

    warnings: list[Advice]


class CaseChecked(View):
    """A draft that can be saved; the warnings are names in it that nothing known gives a value."""

    warnings: list[Advice]
