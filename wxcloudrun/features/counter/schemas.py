"""What the counter's clients send."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class CountChange(BaseModel):
    """A change of the counter."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["inc", "clear"] = Field(description="`inc` adds one, `clear` sets to zero.")
