"""The shapes of a request's body, as stored in a case; turned into bytes by `body.py`."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from wxcloudrun.engine.send.request_values import Param, Scalar, Spec, Text


class Content(Spec):
    """Bytes of a file: `content` in base64, or `blob`, a reference that the caller's blob source resolves."""

    content: str | None = None
    blob: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.content is None) == (self.blob is None):
            raise ValueError("give either content (base64) or blob, not both and not neither")
        return self


class FileContent(Content):
    """A file inside a multipart body; `name` is the file name the server sees."""

    name: Text
    content_type: Text | None = None


class Part(Spec):
    """One part of a multipart body: a plain value or a file. A disabled part is not sent."""

    name: Text
    value: Scalar = None
    file: FileContent | None = None
    content_type: Text | None = None
    enabled: bool = True

    @model_validator(mode="after")
    def _value_or_file(self) -> Self:
        if self.value is not None and self.file is not None:
            raise ValueError("a part holds a value or a file, not both")
        return self


class NoBody(Spec):
    """No body at all; POST, PUT and PATCH then say `Content-Length: 0`."""

    kind: Literal["none"] = "none"


class JsonBody(Spec):
    """Any JSON value, written compactly."""

    kind: Literal["json"]
    value: Any = None


class UrlencodedBody(Spec):
    """A form: names and values in order, repeated names kept, spaces as `+`."""

    kind: Literal["urlencoded"]
    fields: tuple[Param, ...] = ()


class MultipartBody(Spec):
    """multipart/form-data, or the multipart type the user's Content-Type header names."""

    kind: Literal["multipart"]
    parts: tuple[Part, ...] = ()


class RawBody(Spec):
    """Text sent as it stands, in the charset of the Content-Type."""

    kind: Literal["raw"]
    text: Text = ""
    content_type: Text = "text/plain; charset=utf-8"


class BinaryBody(Content):
    """Bytes sent as they stand."""

    kind: Literal["binary"]
    content_type: Text = "application/octet-stream"


class GraphqlBody(Spec):
    """A GraphQL operation, sent as JSON over HTTP (query, variables, operationName)."""

    kind: Literal["graphql"]
    query: Text
    variables: dict[str, Any] = {}
    operation_name: Text | None = None


BodySpec = Annotated[
    NoBody | JsonBody | UrlencodedBody | MultipartBody | RawBody | BinaryBody | GraphqlBody,
    Field(discriminator="kind"),
]
