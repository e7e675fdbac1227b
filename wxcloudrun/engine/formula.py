"""An expression of the plan, parsed once, with the field it stands in for messages."""

from collections.abc import Mapping
from typing import Any

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.expression import compile_expression
from wxcloudrun.engine.reading import ResponseView


class Formula:
    """A compiled expression; names are written plainly in it, without braces."""

    __slots__ = ("_compiled", "field", "text")

    def __init__(self, text: str, field: str) -> None:
        """Raises `DefinitionError` with the position of the fault."""
        if "{{" in text:
            raise DefinitionError(field, "an expression names variables without braces", text.index("{{"))
        try:
            self._compiled = compile_expression(text)
        except DefinitionError as fault:
            raise DefinitionError(field, fault.reason, fault.position) from None
        self.text = text
        self.field = field

    def evaluate(self, names: Mapping[str, Any], view: ResponseView | None = None) -> Any:
        """Its value; raises `StepError` (expression, variable)."""
        try:
            return self._compiled.evaluate(names, view)
        except StepError as fault:
            raise StepError(
                ErrorClass(fault.error_class), f"{self.field}: {fault.message}", fault.detail
            ) from None
