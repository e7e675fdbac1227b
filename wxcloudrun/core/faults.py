"""What is wrong with input that does not fit its model, in words that tell what to write instead."""

import difflib
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from wxcloudrun.core.errors import MOST_FAULTS
from wxcloudrun.core.fields import FILLED, LINE, PART, TEXT

USUAL: Final = {  # what to do about reasons that explain themselves nowhere else
    "missing": "this field is needed",
    "given_twice": "give it once",
    "not_set": "nothing is kept here that `is_set` could stand for; send the value itself",
    "not_a_member": "name a member of the project",
    "same_project": "name another project",
    "not_with_q": "leave `sort` or `q` out",
    "invalid": "send it as it was given, or leave it out",
    "not_declared": "the scenario declares no such input; leave it out",
    "too_large": "make it shorter",
    "not_a_name": "a name begins with a letter or `_`; letters, digits, `_`, `-` and `.` follow",
    "not_a_text": "a text is expected",
    "nul_character": "take the NUL character out",
    "empty": "send something that is not empty",
    "not_an_object": "an object is expected",
}
_SENTENCES: Final = {  # by pydantic's names; none of them repeats the input
    "missing": USUAL["missing"],
    "literal_error": "write one of {expected}",
    "string_type": "a text is expected",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
    "string_pattern_mismatch": "the text has to fit {pattern}",
    "int_type": "a whole number is expected",
    "int_parsing": "a whole number is expected",
    "bool_type": "true or false is expected",
    "bool_parsing": "true or false is expected",
    "list_type": "a list is expected",
    "dict_type": "an object is expected",
    "model_type": "an object is expected",
    "model_attributes_type": "an object is expected",
    "too_long": "at most {max_length} entries",
    "too_short": "at least {min_length} entries",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} at most",
}
_UNKNOWN: Final = "extra_forbidden"
_OUR_OWN: Final = "value_error"  # of a model that looks at several fields together; its words are for people
_IN_WORDS: Final = {  # patterns that nobody should have to read
    LINE: "one line without control characters, and no blank at either end",
    FILLED: "one line without control characters",
    PART: "one line without control characters",
    TEXT: "there may be no NUL character in it",
}


def faults_of(
    model: type[BaseModel], value: Any, error: ValidationError
) -> Iterator[tuple[tuple[int | str, ...], str, str | None]]:
    """Path, reason and sentence of each fault, 50 at most; of the value nothing is told but names of fields."""
    for item in error.errors(include_input=False, include_url=False)[:MOST_FAULTS]:
        place, reason, more = _place(value, item["loc"]), item["type"], item.get("ctx", {})
        yield place, reason, _unknown(model, place) if reason == _UNKNOWN else _sentence(model, place, reason, more)


def _place(value: Any, path: Sequence[int | str]) -> tuple[int | str, ...]:
    """The path without what names no place in the value: the branch of a union, or that it is about a key."""
    place: list[int | str] = []
    for index, part in enumerate(path):
        if part == "[key]":
            continue
        if isinstance(value, Mapping) and (part in value or index == len(path) - 1):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part] if part < len(value) else None
        else:
            continue
        place.append(part)
    return tuple(place)


def _sentence(model: type[BaseModel], place: Sequence[int | str], reason: str, more: Mapping[str, Any]) -> str | None:
    if reason == _OUR_OWN:
        return str(more["error"])
    known = _SENTENCES.get(reason)
    if known is None:
        return None
    if more.get("pattern") in _IN_WORDS:
        return _IN_WORDS[more["pattern"]]
    told = known.format_map(more)
    field = _field(model, place) if reason == "string_pattern_mismatch" else None
    return f"{told}: {field.description}" if field is not None and field.description else told


def _unknown(model: type[BaseModel], place: Sequence[int | str]) -> str:
    """That there is no such field, and which one may have been meant."""
    holder = _holder(model, place)
    names = () if holder is None else tuple(holder.model_fields)
    near = difflib.get_close_matches(str(place[-1])[:64], names, 1) if place else ()
    return f"there is no field of this name here; closest: {near[0]}" if near else "there is no field of this name here"


def _field(model: type[BaseModel], place: Sequence[int | str]) -> FieldInfo | None:
    """The field at the path, or the one that holds the list or object in which the path ends."""
    names = [part for part in place if isinstance(part, str)]
    holder = _holder(model, place)
    return (
        None
        if holder is None
        else next((holder.model_fields[one] for one in names if one in holder.model_fields), None)
    )


def _holder(model: type[BaseModel], place: Sequence[int | str]) -> type[BaseModel] | None:
    """The model that the path's last part is a field of."""
    inner: type[BaseModel] | None = model
    for part in place[:-1]:
        field = inner.model_fields.get(str(part)) if inner is not None else None
        if field is not None:
            inner = _model_in(field.annotation) or inner
    return inner


def _model_in(kind: Any) -> type[BaseModel] | None:
    """The first model in an annotation such as `list[Model] | None`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next((found for one in typing.get_args(kind) if (found := _model_in(one)) is not None), None)
