"""What the counter's clients send."""

from typing import Literal

from pydantic import Field

from wxcloudrun.core.shapes import Input, example


class CountChange(Input):
    """A change of the counter."""

    model_config = example({"action": "inc"})

    action: Literal["inc", "clear"] = Field(description="`inc` adds one, `clear` sets to zero.")
