"""Pages of a list: numbered ones for small lists, cursors for lists that grow."""

import base64
import json
from typing import Annotated, Any

from pydantic import Field

from wxcloudrun.core import json_body
from wxcloudrun.core.errors import FieldFault, InvalidInput
from wxcloudrun.core.shapes import View

PageNumber = Annotated[int, Field(ge=1, le=10_000, description="Page, counted from 1.")]
PageSize = Annotated[int, Field(ge=1, le=100, description="Items on a page.")]
Cursor = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$", description="`next` of the list before.")]


class Page[T](View):
    """One page of a small list."""

    items: list[T]
    page: int
    size: int
    total: int


class Slice[T](View):
    """One stretch of a growing list; `next` continues it, null at its end."""

    items: list[T]
    next: str | None


def cursor(*position: int | str) -> str:
    """An opaque mark of where the next stretch begins."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def position(mark: str | None, kinds: tuple[type, ...]) -> tuple[Any, ...] | None:
    """What `cursor` was given, or None without a mark. Raises InvalidInput for anything it did not write."""
    if mark is None:
        return None
    fault = InvalidInput(fields=(FieldFault("cursor", "invalid"),))
    try:
        values = json_body.parse(base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)))
    except ValueError:
        raise fault from None
    fits = isinstance(values, list) and len(values) == len(kinds)
    if not fits or not all(_is(value, kind) for value, kind in zip(values, kinds, strict=True)):
        raise fault
    return tuple(values)


def _is(value: object, kind: type) -> bool:
    """Of that kind and, if a number, one that every database takes."""
    return type(value) is kind and (not isinstance(value, int) or abs(value) < 2**53)
