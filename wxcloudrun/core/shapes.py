"""The two kinds of models at the edge. They are built when first used, so that a start does not pay for them."""

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict


def example(value: JsonDict) -> ConfigDict:
    """The configuration of a model whose documentation shows this value."""
    return ConfigDict(json_schema_extra={"examples": [value]})


class Input(BaseModel):
    """What a client sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class View(BaseModel):
    """What a client is shown."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class Removed(View):
    """What is there no longer."""

    id: int
