"""The order of steps: where they may stand, and what a move does to all of them."""

from dataclasses import replace
from random import Random

import pytest

from wxcloudrun.core.errors import InvalidInput
from wxcloudrun.features.scenarios.errors import (
    NestingTooDeep,
    StepHoldsNone,
    StepInItself,
    StepNotFound,
    TooManySteps,
)
from wxcloudrun.features.scenarios.models import Phase
from wxcloudrun.features.scenarios.tree import DEEPEST, MOST_STEPS, Node, Place, Tree, Where

SETUP, STEPS, TEARDOWN = Phase.SETUP, Phase.STEPS, Phase.TEARDOWN


def tree(*lines: tuple[int, int | None, str], phases: dict[int, Phase] | None = None) -> Tree:
    """A tree of (number, parent, kind), all of the phase `steps` unless told otherwise."""
    depths: dict[int | None, int] = {None: -1}
    nodes = []
    for number, parent, kind in lines:
        depths[number] = depths[parent] + 1
        nodes.append(Node(number, parent, (phases or {}).get(number, STEPS), depths[number], kind))
    return Tree(nodes)


def shop() -> Tree:
    """1 setup; 2 group with 3 and parallel 4 with 5; 6; 7 teardown."""
    return tree(
        (1, None, "case"),
        (2, None, "group"),
        (3, 2, "case"),
        (4, 2, "parallel"),
        (5, 4, "case"),
        (6, None, "case"),
        (7, None, "case"),
        phases={1: SETUP, 7: TEARDOWN},
    )


def applied(before: Tree, step_id: int, place: Place) -> Tree:
    """The tree after a move, carried out as the database does it: each row for itself."""
    move = before.move(step_id, place)
    rows = []
    for index, node in enumerate(before._nodes):
        position, row = index, node
        if index in move.touched:
            if move.start <= index < move.end:
                position = index + move.by
                row = replace(row, phase=move.slot.phase, depth=row.depth + move.deeper)
            else:
                position = index + move.others_by
        if node.id == step_id:
            row = replace(row, parent_id=move.slot.parent_id)
        rows.append((position, row))
    assert sorted(position for position, _ in rows) == list(range(len(before)))
    return Tree([row for _, row in sorted(rows, key=lambda one: one[0])])


def numbers(one: Tree) -> list[int]:
    return [node.id for node in one._nodes]


def test_a_tree_as_it_should_be_has_no_faults():
    assert list(shop().faults()) == []


@pytest.mark.parametrize(
    ("broken", "word"),
    [
        ([Node(1, None, STEPS, 1, "case")], "depth"),
        ([Node(1, 9, STEPS, 0, "case")], "inside"),
        ([Node(1, None, TEARDOWN, 0, "case"), Node(2, None, STEPS, 0, "case")], "phase"),
        ([Node(1, None, STEPS, 0, "group"), Node(2, 1, TEARDOWN, 1, "case")], "phase"),
        ([Node(1, None, STEPS, 0, "group"), Node(2, None, STEPS, 0, "case"), Node(3, 1, STEPS, 1, "case")], "inside"),
    ],
)
def test_a_broken_order_is_found(broken: list[Node], word: str):
    assert any(word in fault for fault in Tree(broken).faults())


def test_what_is_inside_a_group_follows_it():
    assert shop().inside(2) == range(1, 5)
    assert shop().inside(4) == range(3, 5)
    assert shop().inside(7) == range(6, 7)


@pytest.mark.parametrize(
    ("place", "position", "parent", "phase", "depth"),
    [
        (Place(), 6, None, STEPS, 0),
        (Place(Where.FIRST), 1, None, STEPS, 0),
        (Place(phase=SETUP), 1, None, SETUP, 0),
        (Place(Where.FIRST, phase=SETUP), 0, None, SETUP, 0),
        (Place(phase=TEARDOWN), 7, None, TEARDOWN, 0),
        (Place(Where.FIRST, parent_id=2), 2, 2, STEPS, 1),
        (Place(Where.LAST, parent_id=2), 5, 2, STEPS, 1),
        (Place(Where.LAST, parent_id=4), 5, 4, STEPS, 2),
        (Place(Where.BEFORE, anchor_id=4), 3, 2, STEPS, 1),
        (Place(Where.AFTER, anchor_id=4), 5, 2, STEPS, 1),
        (Place(Where.AFTER, anchor_id=2), 5, None, STEPS, 0),
        (Place(Where.BEFORE, anchor_id=7), 6, None, TEARDOWN, 0),
    ],
)
def test_a_place_is_between_two_steps(place: Place, position: int, parent: int | None, phase: Phase, depth: int):
    slot = shop().slot(place)
    assert (slot.position, slot.parent_id, slot.phase, slot.depth) == (position, parent, phase, depth)


def test_places_that_are_not_there_are_refused():
    with pytest.raises(StepNotFound):
        shop().slot(Place(Where.AFTER, anchor_id=99))
    with pytest.raises(StepNotFound):
        shop().slot(Place(parent_id=99))
    with pytest.raises(StepHoldsNone):
        shop().slot(Place(parent_id=6))
    with pytest.raises(InvalidInput):
        shop().slot(Place(parent_id=2, phase=TEARDOWN))
    with pytest.raises(InvalidInput):
        shop().slot(Place(Where.AFTER, anchor_id=1, phase=STEPS))


@pytest.mark.parametrize(
    "place",
    [
        Place(parent_id=2),
        Place(parent_id=4),
        Place(Where.BEFORE, anchor_id=5),
        Place(Where.AFTER, anchor_id=2),
    ],
)
def test_a_step_never_goes_into_or_next_to_itself(place: Place):
    with pytest.raises(StepInItself):
        shop().move(2, place)


@pytest.mark.parametrize(
    ("step", "place", "order"),
    [
        (2, Place(), [1, 6, 2, 3, 4, 5, 7]),
        (6, Place(Where.FIRST), [1, 6, 2, 3, 4, 5, 7]),
        (6, Place(Where.FIRST, parent_id=4), [1, 2, 3, 4, 6, 5, 7]),
        (4, Place(Where.AFTER, anchor_id=2), [1, 2, 3, 4, 5, 6, 7]),
        (4, Place(phase=SETUP), [1, 4, 5, 2, 3, 6, 7]),
        (1, Place(phase=TEARDOWN), [2, 3, 4, 5, 6, 7, 1]),
        (7, Place(Where.BEFORE, anchor_id=1), [7, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_move_keeps_everything_else_in_order(step: int, place: Place, order: list[int]):
    after = applied(shop(), step, place)
    assert numbers(after) == order
    assert list(after.faults()) == []


def test_groups_are_nested_so_deep_and_no_deeper():
    chain = tree(*[(number, number - 1 or None, "group") for number in range(1, DEEPEST + 1)], (99, None, "group"))
    assert chain.slot(Place(parent_id=DEEPEST)).depth == DEEPEST
    deeper = tree(*[(number, number - 1 or None, "group") for number in range(1, DEEPEST + 2)], (99, None, "group"))
    with pytest.raises(NestingTooDeep):
        deeper.slot(Place(parent_id=DEEPEST + 1))
    with pytest.raises(NestingTooDeep):
        deeper.move(1, Place(parent_id=99))


def test_there_is_room_up_to_the_limit():
    full = tree(*[(number, None, "case") for number in range(1, MOST_STEPS + 1)])
    full.room(0)
    with pytest.raises(TooManySteps):
        full.room()


@pytest.mark.parametrize("seed", range(20))
def test_after_any_moves_the_order_is_whole(seed: int):
    """Two hundred moves at random; every one that is let through leaves each step there once, in its group."""
    random = Random(seed)
    present = shop()
    done = 0
    for _ in range(200):
        step = random.choice(numbers(present))
        target = random.choice([None, *numbers(present)])
        place = random.choice(
            [
                Place(random.choice([Where.FIRST, Where.LAST]), parent_id=target),
                Place(random.choice([Where.BEFORE, Where.AFTER]), anchor_id=target or 1),
                Place(random.choice([Where.FIRST, Where.LAST]), phase=random.choice(list(Phase))),
            ]
        )
        try:
            after = applied(present, step, place)
        except (StepInItself, StepHoldsNone, NestingTooDeep):
            continue
        assert list(after.faults()) == []
        assert sorted(numbers(after)) == [1, 2, 3, 4, 5, 6, 7]
        own = present.inside(step)
        moved = numbers(present)[own.start : own.stop]
        assert [one for one in numbers(after) if one in moved] == moved
        present, done = after, done + 1
    assert done > 30
