"""What every model of a plan has in common: frozen, no unknown fields, JSON values only."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

NAME_PATTERN = r"^[^\W\d][\w.\-]*$"

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=128)]
"""A variable's name: a letter or `_`, then letters, digits, `_`, `-`, `.`; letters of any script."""

Reference = str | int | None
"""The caller's own id of a thing; the engine only hands it back."""


class Part(BaseModel):
    """A piece of a plan."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
