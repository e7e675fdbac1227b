"""Reading the JSON of control requests: the right type, or a sentence that says what is wrong."""

import json
from dataclasses import Field, fields, is_dataclass, replace
from enum import StrEnum
from types import UnionType
from typing import Any, get_args, get_type_hints

from wxcloudrun.simulator.wire import Call, ControlError, Json


def body_of(call: Call) -> Json:
    """The JSON object in the body; no body is an empty object."""
    if not call.body.strip():
        return {}
    try:
        document = json.loads(call.body)
    except ValueError as error:
        raise ControlError("the body is no JSON") from error
    if not isinstance(document, dict):
        raise ControlError("the body is no JSON object")
    return document


def text(body: Json, name: str, default: str | None = None) -> str:
    """A text; raises ControlError if it is missing without a default, or something else."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise ControlError(f"{name}: a text is wanted")
    return value


def optional_text(body: Json, name: str) -> str | None:
    """A text, or None if there is none."""
    return None if body.get(name) is None else text(body, name)


def whole(body: Json, name: str, default: int) -> int:
    """A whole number."""
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ControlError(f"{name}: a whole number is wanted")
    return value


def number(body: Json, name: str) -> float:
    """A number; it has to be there."""
    value = body.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ControlError(f"{name}: a number is wanted")
    return value


def word[Word: StrEnum](kind: type[Word], value: object, name: str) -> Word:
    """One of an enum's words."""
    known = [member.value for member in kind]
    if value not in known:
        raise ControlError(f"{name}: one of {', '.join(known)} is wanted")
    return kind(value)


def changed[Record](record: Record, body: Json, without: tuple[str, ...] = ()) -> Record:
    """The dataclass record with the fields that the body names; raises ControlError for unknown names and types."""
    if not is_dataclass(record) or isinstance(record, type):
        raise TypeError("a dataclass record is wanted")
    known: dict[str, Field[Any]] = {field.name: field for field in fields(record) if field.name not in without}
    hints = get_type_hints(type(record))
    values = {}
    for name, value in body.items():
        if name not in known:
            raise ControlError(f"{name}: there is no such field; known are {', '.join(known)}")
        values[name] = _fitting(name, value, hints[name])
    return replace(record, **values)


def _fitting(name: str, value: Any, hint: Any) -> Any:
    options = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if value is None and type(None) in options:
        return None
    wanted = next(option for option in options if option is not type(None))
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return word(wanted, value, name)
    if get_args(wanted)[1:] == (...,) and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(wanted, type) or type(value) is not wanted:
        raise ControlError(f"{name}: {getattr(wanted, '__name__', 'list of texts')} is wanted")
    return value
