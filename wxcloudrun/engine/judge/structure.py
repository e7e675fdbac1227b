"""Structural match: an expected document whose parts may be markers, and every place where the actual one differs."""

from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.structure_markers import marker
from wxcloudrun.engine.judge.structure_nodes import ABSENT, MAX_MISMATCHES, Mismatch, Part, Report
from wxcloudrun.engine.judge.structure_operators import OPERATORS, array_of, fields_of, literal
from wxcloudrun.engine.judge.values import MAX_DEPTH, depth

MAX_EXPECTED_DEPTH: Final = 100


@dataclass(frozen=True, slots=True)
class Structure:
    """A compiled expected document."""

    part: Part = field(repr=False)

    def mismatches(self, actual: Any) -> list[Mismatch]:
        """Every place that differs, at most `MAX_MISMATCHES`; none when the document matches."""
        if depth(actual) > MAX_DEPTH:
            return [Mismatch("$", "a document", actual, f"it is nested deeper than {MAX_DEPTH} levels")]
        report = Report()
        self.part(actual, "$", report)
        return report.mismatches[:MAX_MISMATCHES]


def compile_structure(expected: Any, name: str = "expected", *, markers: bool = True) -> Structure:
    """Compile an expected document; with `markers` off every part of it is taken as it is.

    Raises DefinitionError with the path of a marker or operator that does not exist or cannot be compiled.
    """
    if depth(expected) > MAX_EXPECTED_DEPTH:
        raise DefinitionError(name, f"the expected document is nested deeper than {MAX_EXPECTED_DEPTH} levels")
    return Structure(Builder(name, markers).part(expected, "$", partial=False))


@dataclass(frozen=True, slots=True)
class Builder:
    """Turns an expected document into parts; `name` is the field in error messages."""

    name: str
    markers: bool

    def part(self, expected: Any, path: str, *, partial: bool) -> Part:
        """One value at `path`; `partial` objects may have more keys, here and below."""
        if isinstance(expected, dict):
            return self._object(expected, path, partial)
        if isinstance(expected, list):
            items = [self.part(item, f"{path}[{at}]", partial=partial) for at, item in enumerate(expected)]
            return array_of(items)
        if isinstance(expected, str) and self.markers:
            if expected.startswith("#"):
                return marker(expected, lambda reason, at=None: self.refuse(path, reason, at))
            return literal(expected[1:] if expected.startswith("\\#") else expected)
        return literal(expected)

    def _object(self, expected: dict[str, Any], path: str, partial: bool) -> Part:
        operators = [key for key in expected if self.markers and key.startswith("#")]
        if not operators:
            fields = {self._plain(key): (key, value) for key, value in expected.items()}
            parts = {name: self.part(value, f"{path}.{key}", partial=partial) for name, (key, value) in fields.items()}
            return fields_of(parts, exact=not partial)
        if len(operators) < len(expected):
            self.refuse(path, f"{operators[0]} cannot stand beside ordinary keys")
        checks = [self._operator(key, value, path) for key, value in expected.items()]

        def all_hold(actual: Any, at: str, report: Report) -> None:
            for check in checks:
                check(actual, at, report)

        return all_hold

    def _plain(self, key: str) -> str:
        return key[1:] if self.markers and key.startswith("\\#") else key

    def _operator(self, key: str, value: Any, path: str) -> Part:
        build = OPERATORS.get(key)
        if build is None:
            self.refuse(path, f"{key} is no operator; there are {', '.join(OPERATORS)}")
        return build(self, value, f"{path}.{key}")

    def refuse(self, path: str, reason: str, position: int | None = None) -> NoReturn:
        """Raise DefinitionError for the part at `path`."""
        raise DefinitionError(self.name, f"at {path}: {reason}", position)


__all__ = ["ABSENT", "MAX_MISMATCHES", "Mismatch", "Structure", "compile_structure"]
