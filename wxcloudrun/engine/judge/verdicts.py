"""What comparing gives, and the comparators that need a compiled document: a pattern, a schema, a structure."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.patterns import PatternTooCostlyError, compile_pattern
from wxcloudrun.engine.judge.schema import SchemaTooCostlyError, compile_schema
from wxcloudrun.engine.judge.structure import compile_structure
from wxcloudrun.engine.judge.values import a_type, as_text, brief, counted


class Verdict(NamedTuple):
    """Whether a comparison holds; None when it cannot be made at all, which `not` does not turn into a pass.

    `reason` says what differs; `places` names the places inside the value, bounded.
    """

    holds: bool | None
    reason: str = ""
    places: Sequence[str] = ()


HOLDS: Final = Verdict(True)
FAILS: Final = Verdict(False)

type Check = Callable[[Any], Verdict]


def cannot(reason: str) -> Verdict:
    """The comparison cannot be made, and why."""
    return Verdict(None, reason)


def said(holds: bool, reason: Callable[[], str]) -> Verdict:
    """The verdict; the reason is asked for only when it does not hold."""
    return HOLDS if holds else Verdict(False, reason())


def matches(expected: Any, field: str) -> Check:
    """A pattern is found in a text."""
    if not isinstance(expected, str):
        raise DefinitionError(field, "matches takes a pattern as text")
    pattern = compile_pattern(expected, field)

    def check(actual: Any) -> Verdict:
        text = as_text(actual)
        if text is None:
            return cannot(f"{a_type(actual)} is matched by no pattern")
        try:
            found = pattern.search(text)
        except PatternTooCostlyError as error:
            return cannot(str(error))
        if found is None:
            return FAILS
        line = text.count("\n", 0, found.start()) + 1
        return Verdict(True, "", (f"line {line}: {brief(found.group())}",))

    return check


def fits_schema(expected: Any, field: str) -> Check:
    """The value fits a JSON Schema."""
    schema = compile_schema(expected, field)

    def check(actual: Any) -> Verdict:
        try:
            errors = schema.errors(actual)
        except SchemaTooCostlyError as error:
            return cannot(str(error))
        places = tuple(
            f"{error.instance_path or '/'}: {error.message} (schema {error.schema_path})" for error in errors
        )
        return Verdict(False, f"{counted(len(errors), 'fault')}: {places[0]}", places) if errors else HOLDS

    return check


def fits_structure(expected: Any, field: str) -> Check:
    """The value matches a document with markers."""
    structure = compile_structure(expected, field)

    def check(actual: Any) -> Verdict:
        faults = structure.mismatches(actual)
        places = tuple(f"{fault.path}: {fault.reason}" for fault in faults)
        return (
            Verdict(False, f"{counted(len(faults), 'mismatch', 'mismatches')}: {places[0]}", places)
            if faults
            else HOLDS
        )

    return check
