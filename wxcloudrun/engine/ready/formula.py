"""An expression of the plan, parsed once, with the field it stands in for messages."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from wxcloudrun.engine.errors import DefinitionError, StepError
from wxcloudrun.engine.judge.expression import compile_expression
from wxcloudrun.engine.judge.expression_parser import Name
from wxcloudrun.engine.judge.reading import ResponseView


class Formula:
    """A compiled expression; names are written plainly in it, without braces."""

    __slots__ = ("_compiled", "field", "text")

    def __init__(self, text: str, field: str) -> None:
        """Raises `DefinitionError` with the position of the fault."""
        if "{{" in text:
            raise DefinitionError(field, "an expression names variables without braces", text.index("{{"))
        self._compiled = compile_expression(text, field)
        self.text = text
        self.field = field

    @property
    def names(self) -> set[str]:
        """The variables it mentions."""
        return set(_names(self._compiled.tree))

    def evaluate(self, names: Mapping[str, Any], view: ResponseView | None = None) -> Any:
        """Its value; raises `StepError` (expression, variable) that names the field."""
        try:
            return self._compiled.evaluate(names, view)
        except StepError as fault:
            raise StepError(fault.error_class, f"{self.field}: {fault.message}", fault.detail) from None

    def holds(self, names: Mapping[str, Any], view: ResponseView | None = None) -> bool:
        """Whether its value counts as true; raises as `evaluate`."""
        try:
            return self._compiled.holds(names, view)
        except StepError as fault:
            raise StepError(fault.error_class, f"{self.field}: {fault.message}", fault.detail) from None


def _names(tree: Any) -> Iterator[str]:
    if isinstance(tree, Name):
        yield tree.name
    elif isinstance(tree, tuple):
        for part in tree:
            yield from _names(part)
    elif is_dataclass(tree):
        for one in fields(tree):
            yield from _names(getattr(tree, one.name))
