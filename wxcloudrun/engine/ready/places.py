"""Gives what was compiled from a merged request the places that a person wrote, before anything is told of it."""

from collections.abc import Callable
from typing import Any

from wxcloudrun.engine.errors import DefinitionError, StepError
from wxcloudrun.engine.render.template import Array, Object, Text

type PlaceOf = Callable[[str], str]
"""The place in the plan of a field of the merged request: `headers.0.value`, or `` for the request itself."""


def relocated(tree: Any, where: str, place_of: PlaceOf) -> Any:
    """The same compiled value, whose texts stand below `where`, with their places in the plan."""
    match tree:
        case Text():
            return Text(tree.source, tree.parts, place_of(tree.field.removeprefix(where).removeprefix(".")))
        case Object():
            pairs = [(relocated(key, where, place_of), relocated(item, where, place_of)) for key, item in tree.items]
            return Object(tuple(pairs))
        case Array():
            return Array(tuple([relocated(item, where, place_of) for item in tree.items]))
    return tree


def located(fault: StepError, place_of: PlaceOf) -> StepError:
    """A fault that names a field of the merged request names its place in the plan; any other stays what it is."""
    cause = fault.__cause__
    if isinstance(cause, DefinitionError):
        told = DefinitionError(place_of(cause.field), cause.reason, cause.position)
        fault.message = fault.message.replace(str(cause), str(told), 1)
    return fault
