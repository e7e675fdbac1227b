"""The small values a request is written with: names, scalars and text that may arrive as numbers."""

import json
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

type Scalar = str | int | float | bool | None


def scalar_text(value: Scalar) -> str:
    """A value as it is written into a URL, a header or a form: booleans and null as in JSON, numbers plainly."""
    if isinstance(value, str):
        return value
    return json.dumps(value)


def _as_text(value: object) -> object:
    return scalar_text(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_as_text)]
"""Text in which a rendered placeholder may have left a number or a boolean."""


class Spec(BaseModel):
    """A piece of a stored definition: frozen, and an unknown key is an error rather than ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Param(Spec):
    """A name and its value; the list keeps order and repeated names. A disabled one is not sent.

    A null value means: in a query and in a form, the name without `=`; in cookies, an empty value; in headers, that
    this header is not sent at all, not even by default.
    """

    name: Text
    value: Scalar = None
    enabled: bool = True
