"""The two kinds of models at the edge. They are built when first used, so that a start does not pay for them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer, SerializationInfo
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


def _in_the_readers_language(sentence: str, info: SerializationInfo[Any]) -> str:
    if (info.context or {}).get("language") != "zh":
        return sentence
    from wxcloudrun.core.sentences import warning_in_chinese  # noqa: PLC0415 - a start does not pay for the sentences

    return warning_in_chinese(sentence)


# A warning, kept in English; a reply tells it in the language of who reads it (`success` in core/http/reply.py).
Advice = Annotated[str, PlainSerializer(_in_the_readers_language, return_type=str)]
