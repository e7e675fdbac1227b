"""JSON Schema checks, drafts 4 to 2020-12: no network, no files, linear patterns, bounded work."""

import json
import re
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import jsonschema_rs

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.allowance import MAX_VISITS, OverdrawnError, current
from wxcloudrun.engine.judge.patterns import without_surrogates
from wxcloudrun.engine.judge.schema_cost import SchemaCost
from wxcloudrun.engine.judge.values import MAX_DEPTH, children, depth, shown_text

MAX_SCHEMA: Final = 500_000
"""Characters of a schema written as JSON."""

MAX_SCHEMA_DEPTH: Final = 100
MAX_ERRORS: Final = 20
"""Errors that a report lists."""

_MAX_EVALUATIONS = 20_000_000
_MAX_WORK = 4_000_000  # values x evaluations of each: about a second, in which nobody can interrupt the library
_MAX_LISTED_WORK = 100_000  # to list the faults takes far longer than to find that there is one
_MAX_LISTED_WORDS = 1_000_000  # values x entries of `enum`, which a fault repeats
_MAX_BACKTRACKED = 20_000  # characters: about a second where patterns look around or back
_MESSAGE = 2_000
_MAX_CALLS = 5_000
_CACHED = 256
_BACKTRACKING = re.compile(r"\(\?(?:[=!>(]|<[=!])|\\[1-9k]")
_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=20_000, size_limit=1 << 20, dfa_size_limit=1 << 20)
_DRAFTS = {
    "http://json-schema.org/draft-04/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
}


class SchemaTooCostlyError(ValueError):
    """The schema and the depth of this data would make too much work."""


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One place that does not fit: JSON pointers into the data and into the schema, and what is wrong."""

    instance_path: str
    schema_path: str
    message: str


class Schema:
    """A compiled schema."""

    def __init__(self, validator: Any, cost: SchemaCost, backtracks: bool) -> None:
        self._validator = validator
        self._cost = cost
        self._backtracks = backtracks

    def is_valid(self, data: Any) -> bool:
        """Whether the data fits; raises SchemaTooCostlyError."""
        self._vet(data)
        return bool(self._validator.is_valid(_clean(data)))

    def errors(self, data: Any) -> list[SchemaError]:
        """The first `MAX_ERRORS` faults, none when the data fits; raises SchemaTooCostlyError."""
        values, work = self._vet(data)
        data = _clean(data)
        if self._validator.is_valid(data):
            return []
        if work > _MAX_LISTED_WORK or values * self._cost.words > _MAX_LISTED_WORDS:
            return [SchemaError("", "", "the data does not fit (schema and data are too large to list the faults)")]
        errors: list[SchemaError] = []
        for error in self._validator.iter_errors(data):
            errors.append(_told(error))
            if len(errors) == MAX_ERRORS:
                break
        return errors

    def _vet(self, data: Any) -> tuple[int, int]:
        """How many values the data has, and how often one of them may be looked at in all."""
        levels = depth(data)
        if levels > MAX_DEPTH:
            raise SchemaTooCostlyError(f"the data is nested deeper than {MAX_DEPTH} levels")
        evaluations, calls = self._cost.at(levels)
        if evaluations > _MAX_EVALUATIONS or calls > _MAX_CALLS:
            raise SchemaTooCostlyError(f"the schema's references multiply too much for data of {levels} levels")
        values = _values(data)
        work = values * evaluations
        if work > _MAX_WORK:
            raise SchemaTooCostlyError(
                f"the data has {values} values, each to be looked at up to {evaluations} times; "
                f"together that may be {_MAX_WORK}"
            )
        if self._backtracks and _characters(data) > _MAX_BACKTRACKED:
            raise SchemaTooCostlyError(
                f"the schema's patterns look around or back, which is for at most {_MAX_BACKTRACKED} characters of data"
            )
        try:
            current().spend(values)
        except OverdrawnError:
            raise SchemaTooCostlyError(f"the step's checks together look at more than {MAX_VISITS} values") from None
        return values, work


class _Cache:
    """The schemas used last, by their text."""

    def __init__(self) -> None:
        self._schemas: OrderedDict[str, Schema] = OrderedDict()
        self._lock = Lock()

    def get(self, text: str) -> Schema | None:
        with self._lock:
            found = self._schemas.get(text)
            if found is not None:
                self._schemas.move_to_end(text)
            return found

    def put(self, text: str, schema: Schema) -> None:
        with self._lock:
            self._schemas[text] = schema
            if len(self._schemas) > _CACHED:
                self._schemas.popitem(last=False)


_CACHE = _Cache()


def compile_schema(schema: Any, field: str = "expected", formats: bool | None = None) -> Schema:
    """Compile a schema by the draft its `$schema` names, 2020-12 without one.

    `format` is asserted in drafts 4 to 7 and in a schema without `$schema`; from 2019-09 on it only annotates, as
    those drafts say. `formats` decides it for any schema.
    Raises DefinitionError with the JSON pointer of the fault, also for references that leave the document.
    """
    if not isinstance(schema, dict | bool):
        raise DefinitionError(field, "a JSON Schema is an object, true or false")
    if depth(schema) > MAX_SCHEMA_DEPTH:
        raise DefinitionError(field, f"the schema is nested deeper than {MAX_SCHEMA_DEPTH} levels")
    try:
        text = json.dumps(schema, default=str)
    except (TypeError, ValueError) as error:
        raise DefinitionError(field, f"the schema is no JSON: {error}") from error
    if len(text) > MAX_SCHEMA:
        raise DefinitionError(field, f"the schema has {len(text)} characters; {MAX_SCHEMA} are allowed")
    if formats is None and not (isinstance(schema, dict) and "$schema" in schema):
        formats = True
    key = f"{formats} {text}"
    compiled = _CACHE.get(key)
    if compiled is None:
        compiled = _compiled(schema, field, formats)
        _CACHE.put(key, compiled)
    return compiled


def _compiled(schema: Any, field: str, formats: bool | None) -> Schema:
    _refuse_unknown_draft(schema, field)
    cost = SchemaCost(schema)
    if cost.at(0)[0] > _MAX_EVALUATIONS or cost.at(0)[1] > _MAX_CALLS:
        raise DefinitionError(field, "the schema's references multiply too much")
    try:
        validator = jsonschema_rs.validator_for(
            schema, retriever=_refuse, pattern_options=_PATTERNS, validate_formats=formats
        )
    except jsonschema_rs.ValidationError as error:
        raise _refused(field, error) from error
    except (ValueError, TypeError) as error:
        raise DefinitionError(field, f"the schema cannot be used: {_one_line(str(error))}") from error
    return Schema(validator, cost, _backtracks(schema))


def _refuse_unknown_draft(schema: Any, field: str) -> None:
    draft = schema.get("$schema") if isinstance(schema, dict) else None
    if draft is not None and (not isinstance(draft, str) or draft.rstrip("#") not in _DRAFTS):
        raise DefinitionError(field, f"at /$schema: {draft} is not a draft known here (4, 6, 7, 2019-09, 2020-12)")


def _refuse(uri: str) -> Any:
    raise LookupError(f"{uri} is outside the schema; nothing is fetched")


def _refused(field: str, error: Any) -> DefinitionError:
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Referencing):
        return DefinitionError(field, f"a reference leaves the schema or leads nowhere: {_one_line(error.message)}")
    pointer = _pointer(error.instance_path)
    return DefinitionError(field, f"at {pointer or '/'}: {_one_line(error.message)}")


def _values(data: Any) -> int:
    """How many values the data has, itself included."""
    count = 1
    level = [data]
    while level:
        containers = [one for one in level if isinstance(one, dict | list)]
        count += sum(map(len, containers))
        level = [child for one in containers for child in children(one) if isinstance(child, dict | list)]
    return count


def _characters(data: Any) -> int:
    """Characters of all texts and keys; counts no further than what is too much."""
    count = 0
    stack = [data]
    while stack and count <= _MAX_BACKTRACKED:
        one = stack.pop()
        if isinstance(one, str):
            count += len(one)
        elif isinstance(one, dict):
            stack += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            stack += one
    return count


def _backtracks(schema: Any) -> bool:
    """Whether a pattern of the schema needs more than linear time: look-around or a back-reference."""
    stack = [schema]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            patterns = [one.get("pattern"), *(one["patternProperties"] if _has_map(one, "patternProperties") else ())]
            if any(isinstance(text, str) and _BACKTRACKING.search(text) for text in patterns):
                return True
            stack += one.values()
        elif isinstance(one, list):
            stack += one
    return False


def _has_map(schema: dict[str, Any], name: str) -> bool:
    return isinstance(schema.get(name), dict)


def _told(error: Any) -> SchemaError:
    return SchemaError(_pointer(error.instance_path), _pointer(error.schema_path), _one_line(error.message[:_MESSAGE]))


def _pointer(parts: list[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def _one_line(text: str) -> str:
    return shown_text(" ".join(text.split()), 300)


def _clean(data: Any) -> Any:
    """The data without lone surrogates, which the library cannot take; the same object when it has none."""
    if isinstance(data, str):
        return data if data.isascii() else without_surrogates(data)
    if isinstance(data, dict) and not _ascii_only(data):
        return {_clean(key): _clean(value) for key, value in data.items()}
    if isinstance(data, list) and not _ascii_only(data):
        return [_clean(value) for value in data]
    return data


def _ascii_only(data: Any) -> bool:
    level = [data]
    while level:
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below += [*one.keys(), *one.values()]
            elif isinstance(one, list):
                below += one
            elif isinstance(one, str) and not one.isascii():
                return False
        level = below
    return True
