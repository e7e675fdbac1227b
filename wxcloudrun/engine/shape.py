"""What every model of a plan has in common: frozen, no unknown fields, JSON values only; and what does not fit it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeAliasType, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wxcloudrun.engine.errors import DefinitionError

NAME_PATTERN = r"^[^\W\d][\w.\-]*$"

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=128)]
"""A variable's name: a letter or `_`, then letters, digits, `_`, `-`, `.`; letters of any script."""

Reference = str | int | None
"""The caller's own id of a thing; the engine only hands it back."""

MAX_FAULTS: Final = 20
"""Faults of one plan that are told; of the rest only their number."""


class Part(BaseModel):
    """A piece of a plan."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Faults(DefinitionError):
    """Everything that is wrong with a plan, in its order; `field`, `reason` and `position` are those of the first."""

    def __init__(self, faults: Sequence[DefinitionError], shown: Sequence[str] = ()) -> None:
        """`shown` are the same faults as a person reads them, when that is more than their own words."""
        first = faults[0]
        super().__init__(first.field, first.reason, first.position)
        texts = [*(shown or [str(one) for one in faults])][:MAX_FAULTS]
        if len(faults) > MAX_FAULTS:
            texts.append(f"and {len(faults) - MAX_FAULTS} more")
        self.args = ("\n".join(texts).replace("\n", "\n  "),)
        self.faults = tuple(faults)


def shape_faults(
    model: type[BaseModel], error: ValidationError, skip: Callable[[object], bool] | None = None
) -> list[DefinitionError]:
    """What pydantic found, each place once, named as it stands in the JSON and told without Python's words.

    Values for which `skip` is true are left out.
    """
    places: dict[str, list[Any]] = {}
    models: dict[str, type[BaseModel] | None] = {}
    ways: dict[tuple[int | str, ...], tuple[list[int], type[BaseModel] | None]] = {}
    for fault in error.errors(include_url=False):
        if skip is not None and skip(fault["input"]):
            continue
        location = fault["loc"]
        way = tuple(part if isinstance(part, str) else 0 for part in location)  # the entries of an array look alike
        if way not in ways:
            ways[way] = _way(model, location)
        kept, holder = ways[way]
        names = [str(location[at]) for at in kept]
        if fault["type"] in ("union_tag_invalid", "union_tag_not_found"):
            names.append(fault["ctx"]["discriminator"].strip("'"))
        field = ".".join(names) or "plan"
        places.setdefault(field, []).append(fault)
        models[field] = holder
    return [DefinitionError(field, _reason(faults, models[field])) for field, faults in places.items()]


def closest(wanted: object, known: Iterable[str]) -> str:
    """`; closest: name`, or nothing when no name is like the wanted one."""
    names = list(known)
    match = get_close_matches(str(wanted).lower(), names, 1, 0.55)
    match = match or [name for name in names if len(name) > 1 and str(wanted).lower().startswith(name)]
    return f"; closest: {match[0]}" if match else ""


def _way(model: type[BaseModel], location: Sequence[int | str]) -> tuple[list[int], type[BaseModel] | None]:
    """Where the names a person wrote stand among pydantic's own of alternatives; and the model that holds the last."""
    kept: list[int] = []
    shape: Any = model
    holder: type[BaseModel] | None = None
    for at, part in enumerate(location):
        shape = _bare(shape)
        members = _members(shape)
        if len(members) > 1:
            shape = _chosen(members, str(part))
            continue
        shape = _bare(members[0])
        kept.append(at)
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            holder = shape
            shape = _field(shape, str(part))
        else:
            inner = get_args(shape)
            shape = inner[-1 if get_origin(shape) is dict else 0] if inner else None
    if kept and location[kept[-1]] == "[key]":
        kept.pop()
    return kept, holder


def _bare(shape: Any) -> Any:
    while True:
        if isinstance(shape, TypeAliasType):
            shape = shape.__value__
        elif get_origin(shape) is Annotated:
            shape = get_args(shape)[0]
        else:
            return shape


def _members(shape: Any) -> list[Any]:
    """The alternatives of a union besides null; any other shape is its only one."""
    if get_origin(shape) not in (Union, UnionType):
        return [shape]
    return [one for one in get_args(shape) if one is not type(None)]


def _chosen(members: list[Any], tag: str) -> Any:
    """The model of a union that a tag means; None among plain values, below which nothing more is named."""
    for member in members:
        shape = _bare(member)
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            words = (_words(field.annotation) for name, field in shape.model_fields.items() if name in ("kind", "do"))
            if any(tag in one for one in words):
                return shape
    return next((one for one in map(_bare, members) if tag.startswith("list") and get_origin(one) is list), None)


def _words(shape: Any) -> list[str]:
    if get_origin(shape) is not Literal:
        return []
    return [str(one.value) if isinstance(one, Enum) else str(one) for one in get_args(shape)]


def _field(model: type[BaseModel], name: str) -> Any:
    for key, field in model.model_fields.items():
        if name in (key, field.alias):
            return field.annotation
    return None


_EXPECTED: Final = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "tuple_type": "an array",
    "list_type": "an array",
    "none_required": "null",
    "invalid_key": "a text",
}
_BOUNDS: Final = {
    "greater_than_equal": ("ge", "the number must be at least {}"),
    "greater_than": ("gt", "the number must be greater than {}"),
    "less_than_equal": ("le", "the number must be at most {}"),
    "less_than": ("lt", "the number must be less than {}"),
    "string_too_short": ("min_length", "the text must have at least {} characters"),
    "string_too_long": ("max_length", "the text must have at most {} characters"),
    "too_short": ("min_length", "at least {} entries are needed"),
    "too_long": ("max_length", "at most {} entries are allowed"),
}


def _reason(faults: list[Any], holder: type[BaseModel] | None) -> str:
    """One sentence for one place; alternatives that ask for different types are named together."""
    telling = [one for one in faults if one["type"] not in _EXPECTED]
    if telling:
        return _told(telling[0], holder)
    wanted = list(dict.fromkeys(_EXPECTED[one["type"]] for one in faults))
    if "a number" in wanted and "a whole number" in wanted:
        wanted.remove("a whole number")
    return f"expected {_either(wanted)}, got {kind_in_words(faults[0]['input'])}"


def _told(fault: Mapping[str, Any], holder: type[BaseModel] | None) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in _BOUNDS:
        name, sentence = _BOUNDS[kind]
        return sentence.format(context[name]).replace("least 1 characters", "least 1 character")
    if kind in _WITH_WORDS:
        return _WITH_WORDS[kind](fault, context, holder)
    if kind in ("missing", "union_tag_not_found"):
        return "this field is missing"
    return str(fault["msg"]).removeprefix("Value error, ").replace("Input should be", "it must be")


def _unknown_field(fault: Mapping[str, Any], _: Mapping[str, Any], holder: type[BaseModel] | None) -> str:
    known = sorted(_known(holder))
    name = fault["loc"][-1]
    return f"there is no field `{name}` here{closest(name, known) or f'; there are {", ".join(known)}'}"


def _wrong_text(_: Mapping[str, Any], context: Mapping[str, Any], __: object) -> str:
    if context["pattern"] == NAME_PATTERN:
        return "a name begins with a letter or `_`; letters, digits, `_`, `-` and `.` follow"
    return f"the text does not fit the pattern {context['pattern']}"


def _known(holder: type[BaseModel] | None) -> Iterator[str]:
    for name, field in holder.model_fields.items() if holder is not None else ():
        yield field.alias or name


def _closest_part(step: object) -> str:
    parts = ("case", "scenario", "steps", "parallel", "wait_ms")
    names = [key for key in step if key not in parts] if isinstance(step, dict) else []
    return next((f"; `{name}` is none{found}" for name in names if (found := closest(name, parts))), "")


def _no_such_word(given: object, expected: str) -> str:
    words = [word for word in expected.replace("'", "").replace(" or ", ", ").split(", ") if word]
    shown = f"`{given[:40]}`" if isinstance(given, str) else f"{kind_in_words(given)}" if _plain(given) else str(given)
    if len(words) == 1:
        return f"{shown} is not {words[0]}, which it must be"
    return f"{shown} is none of {', '.join(words)}{closest(given, words) if isinstance(given, str) else ''}"


def _plain(value: object) -> bool:
    return value is None or isinstance(value, dict | list | tuple)


def kind_in_words(value: object) -> str:
    """What a person calls a JSON value: `a text`, `an array`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case int() | float() | Decimal():
            return "a number"
        case dict():
            return "an object"
        case list() | tuple():
            return "an array"
    return "something that is no JSON"


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


_WITH_WORDS: Final[dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], type[BaseModel] | None], str]]] = {
    "extra_forbidden": _unknown_field,
    "string_pattern_mismatch": _wrong_text,
    "json_invalid": lambda fault, context, holder: f"not JSON: {context['error']}",
    "enum": lambda fault, context, holder: _no_such_word(fault["input"], str(context["expected"])),
    "literal_error": lambda fault, context, holder: _no_such_word(fault["input"], str(context["expected"])),
    "union_tag_invalid": lambda fault, context, holder: _no_such_word(context["tag"], str(context["expected_tags"])),
    "step_kind": lambda fault, context, holder: f"{fault['msg']}{_closest_part(fault['input'])}",
}
