"""The order of a scenario's steps: one number through the whole of it, groups opened, and what a change moves.

Steps stand in the order in which they are shown: those of the setup first, then the steps, then the teardown, each
group directly before what is inside it. A step's position is its index in that order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wxcloudrun.core.errors import FieldFault, InvalidInput
from wxcloudrun.features.scenarios.errors import (
    NestingTooDeep,
    StepHoldsNone,
    StepInItself,
    StepNotFound,
    TooManySteps,
)
from wxcloudrun.features.scenarios.models import Phase
from wxcloudrun.features.scenarios.schemas import Placed

MOST_STEPS: Final = 500
DEEPEST: Final = 8  # groups around a step
_ONE_PLACE: Final = "name one place: `before`, `after`, or `to` with `parent_id` or `phase`"
HOLDERS: Final = frozenset({"group", "parallel"})


class Where(StrEnum):
    """On which side of what a step is put."""

    FIRST = "first"
    LAST = "last"
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Node:
    """A step as far as order goes."""

    id: int
    parent_id: int | None
    phase: Phase
    depth: int
    kind: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody wants a step: beside `anchor_id`, or first or last inside a parent or, without one, in a phase."""

    where: Where = Where.LAST
    anchor_id: int | None = None
    parent_id: int | None = None
    phase: Phase | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A place between two steps: the position a step gets there, and what it is then part of."""

    position: int
    parent_id: int | None
    phase: Phase
    depth: int


@dataclass(frozen=True, slots=True)
class Move:
    """Steps `start` to `end` (not counted) go to the slot, whose position is told as before the move."""

    start: int
    end: int
    slot: Slot
    deeper: int  # how many more groups are around them then

    @property
    def size(self) -> int:
        """How many steps move."""
        return self.end - self.start

    @property
    def by(self) -> int:
        """How far they move."""
        target = self.slot.position
        return target - self.end if target >= self.end else target - self.start

    @property
    def touched(self) -> range:
        """Positions at which something changes."""
        target = self.slot.position
        return range(min(self.start, target), max(self.end, target))

    @property
    def others_by(self) -> int:
        """How far those make room that are between."""
        return -self.size if self.slot.position >= self.end else self.size


class Tree:
    """The steps of one scenario, in order."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self._at = {node.id: index for index, node in enumerate(nodes)}

    def __len__(self) -> int:
        return len(self._nodes)

    def inside(self, step_id: int) -> range:
        """Positions of a step and of everything inside it. Raises StepNotFound."""
        start = self._index(step_id)
        depth = self._nodes[start].depth
        after = (index for index in range(start + 1, len(self)) if self._nodes[index].depth <= depth)
        return range(start, next(after, len(self)))

    def slot(self, place: Place) -> Slot:
        """Raises StepNotFound, StepHoldsNone, NestingTooDeep, InvalidInput for a phase that is not the parent's."""
        slot = self._slot(place)
        if slot.depth > DEEPEST:
            raise NestingTooDeep(values={"limit": DEEPEST})
        return slot

    def room(self, more: int = 1) -> None:
        """Raises TooManySteps where so many more do not fit."""
        if len(self) + more > MOST_STEPS:
            raise TooManySteps(values={"limit": MOST_STEPS})

    def move(self, step_id: int, place: Place) -> Move:
        """What moving a step with everything inside it to that place means. Raises as `slot` does, and StepInItself."""
        own = self.inside(step_id)
        if any(one is not None and self._index(one) in own for one in (place.anchor_id, place.parent_id)):
            raise StepInItself
        slot = self.slot(place)
        deeper = slot.depth - self._nodes[own.start].depth
        if max(self._nodes[index].depth for index in own) + deeper > DEEPEST:
            raise NestingTooDeep(values={"limit": DEEPEST})
        return Move(own.start, own.stop, slot, deeper)

    def home(self, step_id: int) -> Node:
        """The step itself. Raises StepNotFound."""
        return self._nodes[self._index(step_id)]

    def faults(self) -> Iterator[str]:
        """What is wrong with the order; nothing in a scenario that is as it should be."""
        open_: list[Node] = []
        phase = Phase.SETUP
        for index, node in enumerate(self._nodes):
            while open_ and open_[-1].id != node.parent_id:
                open_.pop()
            parent = open_[-1] if open_ else None
            if (parent.id if parent else None) != node.parent_id:
                yield f"step {node.id} at {index} does not stand inside step {node.parent_id}"
            if node.depth != len(open_):
                yield f"step {node.id} at {index} has depth {node.depth} and not {len(open_)}"
            if node.phase < phase or (parent is not None and parent.phase is not node.phase):
                yield f"step {node.id} at {index} has phase {node.phase.name}"
            phase = max(phase, node.phase)
            if node.kind in HOLDERS:
                open_.append(node)

    def _slot(self, place: Place) -> Slot:
        if place.anchor_id is not None:
            anchor = self.home(place.anchor_id)
            _same_phase(place.phase, anchor.phase)
            own = self.inside(anchor.id)
            position = own.start if place.where is Where.BEFORE else own.stop
            return Slot(position, anchor.parent_id, anchor.phase, anchor.depth)
        if place.parent_id is not None:
            parent = self.home(place.parent_id)
            if parent.kind not in HOLDERS:
                raise StepHoldsNone
            _same_phase(place.phase, parent.phase)
            own = self.inside(parent.id)
            position = own.start + 1 if place.where is Where.FIRST else own.stop
            return Slot(position, parent.id, parent.phase, parent.depth + 1)
        phase = place.phase or Phase.STEPS
        past = phase if place.where is Where.FIRST else phase + 1
        later = (index for index, node in enumerate(self._nodes) if node.phase >= past)
        return Slot(next(later, len(self)), None, phase, 0)

    def _index(self, step_id: int) -> int:
        index = self._at.get(step_id)
        if index is None:
            raise StepNotFound
        return index


def _same_phase(wanted: Phase | None, given: Phase) -> None:
    """What is inside a group, or beside a step, is of its phase."""
    if wanted not in {None, given}:
        detail = f"what stands there is of the phase `{given.name.lower()}`; leave `phase` out"
        raise InvalidInput(fields=(FieldFault("phase", "not_of_that_place", detail=detail),))


def place_of(placed: Placed) -> Place:
    """The place that somebody named. Raises InvalidInput where it is more than one."""
    named = [name for name in ("before", "after", "to") if getattr(placed, name) is not None]
    if len(named) > 1:
        raise InvalidInput(fields=(FieldFault(named[1], "more_than_one_place", detail=_ONE_PLACE),))
    if named and named[0] != "to":
        if placed.parent_id is not None:
            raise InvalidInput(fields=(FieldFault("parent_id", "more_than_one_place", detail=_ONE_PLACE),))
        where = Where.BEFORE if named == ["before"] else Where.AFTER
        return Place(where, getattr(placed, named[0]), None, _phase(placed))
    return Place(Where(placed.to or "last"), None, placed.parent_id, _phase(placed))


def _phase(placed: Placed) -> Phase | None:
    return None if placed.phase is None else Phase[placed.phase.upper()]
