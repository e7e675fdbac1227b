"""What the counter's clients send."""

from typing import Literal

from pydantic import Field

from wxcloudrun.core.shapes import Input


class CountChange(Input):
    """A change of the counter."""

    action: Literal["inc", "clear"] = Field(description="`inc` adds one, `clear` sets to zero.")
