"""Filters inside placeholders: `{{name | base64_encode}}`, `{{list | join ","}}`; the same as in extractions."""

import json
import re
from functools import lru_cache
from typing import Any

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.judge.filters import CompiledFilter, compile_filter
from wxcloudrun.engine.judge.outcome import Missing, Unreadable

_NAME = re.compile(r"\s*([a-z_][a-z0-9_]*)\s*")
_ARGUMENT = re.compile(r"""\s*,?\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,"']+)""")


@lru_cache(maxsize=1024)
def compile_placeholder_filter(text: str, field: str = "filter") -> CompiledFilter:
    """A filter as it is written after `|`: its name, then arguments as JSON or plain words.

    Raises `DefinitionError` for an unknown name or wrong arguments.
    """
    found = _NAME.match(text)
    if found is None:
        raise DefinitionError(field, f"`{text}` is not a filter; write its name after `|`")
    arguments = [_value(one[1]) for one in _ARGUMENT.finditer(text, found.end())]
    return compile_filter(found[1], arguments, field)


def filtered(value: Any, text: str, field: str) -> Any:
    """The value after one filter; raises `StepError` (variable)."""
    try:
        changed = compile_placeholder_filter(text, field).apply(value)
    except Unreadable as fault:
        raise StepError(ErrorClass.VARIABLE, f"{field}: {fault.reason}") from None
    except DefinitionError as fault:
        raise StepError(ErrorClass.VARIABLE, str(fault)) from None
    if isinstance(changed, Missing):
        raise StepError(ErrorClass.VARIABLE, f"{field}: filter `{text}` found nothing: {changed.reason}")
    return changed


def _value(text: str) -> Any:
    if text.startswith("'"):
        return text[1:-1]
    try:
        return json.loads(text)
    except ValueError:
        return text
