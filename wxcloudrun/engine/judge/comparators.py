"""Compares what was read with what is expected: every comparator, one rule for equality, order and patterns."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.kinds import KINDS
from wxcloudrun.engine.judge.structure import MAX_EXPECTED_DEPTH, compile_structure
from wxcloudrun.engine.judge.values import (
    a_type,
    as_text,
    depth,
    equal,
    is_json,
    is_number,
    number_less,
    numbers_equal,
    type_name,
)
from wxcloudrun.engine.judge.verdicts import HOLDS, Check, Verdict, cannot, fits_schema, fits_structure, matches, said


class Comparator(StrEnum):
    """How actual and expected are compared. Each can be turned round with `not`."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    IN = "in"
    NOT_IN = "not_in"
    MATCHES = "matches"
    NOT_MATCHES = "not_matches"
    EXISTS = "exists"
    NOT_EXISTS = "not_exists"
    EMPTY = "empty"
    NOT_EMPTY = "not_empty"
    TYPE = "type"
    LENGTH = "length"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    BETWEEN = "between"
    SCHEMA = "schema"
    STRUCTURE = "structure"


_OPPOSITES: Final = {
    Comparator.NE: Comparator.EQ,
    Comparator.NOT_CONTAINS: Comparator.CONTAINS,
    Comparator.NOT_IN: Comparator.IN,
    Comparator.NOT_MATCHES: Comparator.MATCHES,
    Comparator.NOT_EXISTS: Comparator.EXISTS,
    Comparator.NOT_EMPTY: Comparator.EMPTY,
}
_PLACES_SHOWN = 20
_VALUES_LISTED = 300_000


def plain(comparator: Comparator) -> tuple[Comparator, bool]:
    """The comparator without its `not_`, and whether it was turned round: `ne` is (`eq`, True)."""
    opposite = _OPPOSITES.get(comparator)
    return (comparator, False) if opposite is None else (opposite, True)


def compile_check(comparator: Comparator, expected: Any, field: str = "expected") -> Check:
    """The comparison with `expected`, for a comparator without `not_` (see `plain`).

    Raises DefinitionError when `expected` is nothing this comparator can work with.
    """
    if not is_json(expected):
        raise DefinitionError(field, "the expected value is no JSON (NaN, infinity, or nested too deep)")
    return _BUILDERS[comparator](expected, field)


def _eq(expected: Any, _: str) -> Check:
    # the places of a difference in something deeper or larger are not looked for
    listed = depth(expected) <= MAX_EXPECTED_DEPTH and is_json(expected, _VALUES_LISTED)

    def check(actual: Any) -> Verdict:
        if equal(actual, expected):
            return HOLDS
        if isinstance(expected, dict | list) and isinstance(actual, dict | list) and listed:
            faults = compile_structure(expected, markers=False).mismatches(actual)
            places = tuple(f"{fault.path}: {fault.reason}" for fault in faults[:_PLACES_SHOWN])
            return Verdict(False, f"{len(faults)} places differ" if len(faults) > 1 else "1 place differs", places)
        return Verdict(False, _differs(actual, expected))

    return check


def _differs(actual: Any, expected: Any) -> str:
    if type_name(actual) == type_name(expected):
        return ""
    return f"{a_type(actual)} is never equal to {a_type(expected)}"


def _ordered(holds: Callable[[bool, bool], bool]) -> Callable[[Any, str], Check]:
    def build(expected: Any, field: str) -> Check:
        if not (is_number(expected) or isinstance(expected, str)):
            raise DefinitionError(field, f"only numbers and texts have an order, not {type_name(expected)}")

        def check(actual: Any) -> Verdict:
            if isinstance(expected, str):
                if not isinstance(actual, str):
                    return cannot(f"{a_type(actual)} and a string have no order")
                return Verdict(holds(actual < expected, actual == expected))
            if not is_number(actual):
                return cannot(f"{a_type(actual)} and a number have no order")
            return Verdict(holds(number_less(actual, expected), numbers_equal(actual, expected)))

        return check

    return build


def _between(expected: Any, field: str) -> Check:
    if not isinstance(expected, list) or len(expected) != 2:
        raise DefinitionError(field, "between takes an array of two: [least, most]")
    least = _ordered(lambda less, same: not less)(expected[0], field)
    most = _ordered(lambda less, same: less or same)(expected[1], field)
    if isinstance(expected[0], str) != isinstance(expected[1], str):
        raise DefinitionError(field, "both ends of between are numbers, or both are texts")
    if _ordered(lambda less, same: not less and not same)(expected[1], field)(expected[0]).holds:
        raise DefinitionError(field, "between takes the smaller end first: [least, most]")

    def check(actual: Any) -> Verdict:
        first = least(actual)
        return first if not first.holds else most(actual)

    return check


def _contains(expected: Any, _: str) -> Check:
    text = as_text(expected)

    def check(actual: Any) -> Verdict:
        match actual:
            case str():
                return Verdict(text in actual) if text is not None else cannot("a text contains only texts")
            case list():
                return Verdict(any(equal(item, expected) for item in actual))
            case dict() if isinstance(expected, dict):
                return Verdict(all(key in actual and equal(actual[key], expected[key]) for key in expected))
            case dict():
                return Verdict(text is not None and text in actual)
        return cannot(f"{a_type(actual)} contains nothing")

    return check


def _in(expected: Any, field: str) -> Check:
    if not isinstance(expected, str | list | dict):
        raise DefinitionError(field, "in takes an array, a text or an object")

    def check(actual: Any) -> Verdict:
        if isinstance(expected, list):
            return Verdict(any(equal(actual, item) for item in expected))
        text = as_text(actual)
        return cannot(f"{a_type(actual)} is in no {type_name(expected)}") if text is None else Verdict(text in expected)

    return check


def _exists(expected: Any, _: str) -> Check:
    return lambda actual: HOLDS


def _empty(expected: Any, _: str) -> Check:
    def check(actual: Any) -> Verdict:
        if actual is None or isinstance(actual, str | list | dict):
            return Verdict(not actual)
        return cannot(f"{a_type(actual)} is neither empty nor not")

    return check


def _type(expected: Any, field: str) -> Check:
    names = [expected] if isinstance(expected, str) else expected
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name in KINDS for name in names):
        raise DefinitionError(field, f"type takes one or several of {', '.join(KINDS)}")
    tests = [KINDS[name] for name in names]
    return lambda actual: said(any(test(actual) for test in tests), lambda: f"it is {a_type(actual)}")


def _length(expected: Any, field: str) -> Check:
    if type(expected) is not int or expected < 0:
        raise DefinitionError(field, "length takes a whole number that is not negative")

    def check(actual: Any) -> Verdict:
        if not isinstance(actual, str | list | dict):
            return cannot(f"{a_type(actual)} has no length")
        return said(len(actual) == expected, lambda: f"the length is {len(actual)}")

    return check


def _affix(test: Callable[[str, str], bool]) -> Callable[[Any, str], Check]:
    def build(expected: Any, field: str) -> Check:
        wanted = as_text(expected)
        if wanted is None:
            raise DefinitionError(field, f"a text is expected here, not {type_name(expected)}")

        def check(actual: Any) -> Verdict:
            text = as_text(actual)
            return cannot(f"{a_type(actual)} is no text") if text is None else Verdict(test(text, wanted))

        return check

    return build


_BUILDERS: dict[Comparator, Callable[[Any, str], Check]] = {
    Comparator.EQ: _eq,
    Comparator.LT: _ordered(lambda less, same: less),
    Comparator.LE: _ordered(lambda less, same: less or same),
    Comparator.GT: _ordered(lambda less, same: not less and not same),
    Comparator.GE: _ordered(lambda less, same: not less),
    Comparator.CONTAINS: _contains,
    Comparator.IN: _in,
    Comparator.MATCHES: matches,
    Comparator.EXISTS: _exists,
    Comparator.EMPTY: _empty,
    Comparator.TYPE: _type,
    Comparator.LENGTH: _length,
    Comparator.STARTS_WITH: _affix(str.startswith),
    Comparator.ENDS_WITH: _affix(str.endswith),
    Comparator.BETWEEN: _between,
    Comparator.SCHEMA: fits_schema,
    Comparator.STRUCTURE: fits_structure,
}
