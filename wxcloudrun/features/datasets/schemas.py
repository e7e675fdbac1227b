"""Datasets as clients send and receive them."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, StringConstraints

from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import LINE, PART, EntryName, RowNumber, Version
from wxcloudrun.core.pagination import PageNumber, PageSize
from wxcloudrun.core.shapes import Input, View, example
from wxcloudrun.features.environments.schemas import VariableName

Key = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=LINE),
    Field(description="By it a step chooses the dataset; unique in the case."),
]
DatasetName = Annotated[str, Field(max_length=128, pattern=PART)]
Values = Annotated[dict[VariableName, JsonValue], Field(max_length=500)]
Entries = Annotated[dict[EntryName, JsonValue], Field(max_length=200)]


class DatasetContent(Input):
    """What a dataset gives; any JSON value keeps its type. Text may hold `{{placeholders}}`.

    Passwords, keys and tokens in `query`, `headers` and `cookies` come out as `{"is_set": true}`, unless they are
    `{{references}}` to variables; sent back like that they stay.
    """

    variables: Values = Field(default={}, description="Variables by name.")
    query: Entries = Field(default={}, description="Query arguments by name; null takes the case's own away.")
    headers: Entries = Field(default={}, description="Headers by name; null takes the case's own away.")
    cookies: Entries = Field(default={}, description="Cookies by name; null takes the case's own away.")
    body: JsonValue = Field(default=None, description="Merged into the case's body.")
    replace_body: dict[str, JsonValue] | None = Field(None, description="A whole body in place of the case's.")
    expected: Entries = Field(default={}, description="Values of `{{expected.name}}` in assertions.")


class DatasetMade(DatasetContent):
    """A new dataset, at the end of the list. Without `key` one is made from the name."""

    model_config = example({"key": "card", "name": "paid by card", "body": {"by": "card"}, "expected": {"status": 201}})

    key: Key | None = None
    name: DatasetName = ""
    enabled: bool = Field(default=True, description="Disabled datasets are never used.")
    is_default: bool = Field(default=False, description="Makes it the case's default one.")


class DatasetChange(DatasetContent):
    """The fields of a dataset to change; those that are not sent stay, objects change as a whole."""

    model_config = example({"body": {"by": "card"}, "expected": {"status": 201}})

    key: Key | None = None
    name: DatasetName | None = None
    enabled: bool | None = None
    version: Version | None = None


class DatasetCopied(Input):
    """What the copy is called; without `key` one is made from the name."""

    model_config = example({"key": "card-2"})

    key: Key | None = None
    name: DatasetName | None = None


class DatasetMoved(Input):
    """Where a dataset goes: one of the three."""

    model_config = example({"to": "first"})

    before: RowNumber | None = Field(None, description="Number of the dataset that it shall stand before.")
    after: RowNumber | None = Field(None, description="Number of the dataset that it shall stand behind.")
    to: Literal["first", "last"] | None = None


class DatasetsQuery(Input):
    """Which datasets to list, in their order."""

    page: PageNumber = 1
    size: PageSize = 20


class ImportOptions(Input):
    """The fields beside the file."""

    mode: Literal["append", "replace", "merge"] = Field("append", description="`merge` goes by key.")
    dry_run: bool = Field(default=False, description="Tell what would come, and keep nothing.")


class DatasetShown(View):
    """What a dataset gives, and how it is called."""

    key: str
    name: str
    enabled: bool
    is_default: bool
    variables: dict[str, Any]
    query: dict[str, Any]
    headers: dict[str, Any]
    cookies: dict[str, Any]
    body: Any
    replace_body: dict[str, Any] | None
    expected: dict[str, Any]


class DatasetView(DatasetShown):
    """A dataset."""

    id: int
    position: int
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: Any, content: dict[str, Any]) -> Self:
        """The view of a dataset's row, with marks in place of credentials."""
        names = ("id", "key", "name", "enabled", "position", "version")
        return cls(
            **{name: getattr(row, name) for name in names},
            **content,
            is_default=row.marked is not None,
            created_at=iso(row.created_at),
            updated_at=iso(row.updated_at),
        )


class NoDefault(View):
    """Which dataset is the default one no more; null where none was."""

    id: int | None


class ImportedDataset(DatasetShown):
    """A dataset of the file as it is, or with `dry_run` as it would be, in the case."""

    change: Literal["added", "changed", "unchanged"]


class ImportView(View):
    """What an import did, or with `dry_run` would do; `items` are the first 20 datasets of the file."""

    dry_run: bool
    added: int
    changed: int
    removed: int
    total: int
    items: list[ImportedDataset]
