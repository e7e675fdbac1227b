"""Two answers beside each other: places that came, went or have another type, and nothing that only data changed."""

import pytest

from wxcloudrun.analysis.shapes import Shape, shape_changes, shape_of


def shape(value) -> Shape:
    found = shape_of(value)
    assert found is not None
    return found


def changes(then, now):
    return [str(one) for one in shape_changes(shape(then), shape(now))]


def test_places_that_came_went_or_changed_their_type_are_told():
    then = {"data": {"price": 1, "items": [{"id": 1}, {"name": "a"}], "old": {"deep": [1]}}}
    now = {"data": {"price": "1", "items": [{"name": "b"}], "more": {"deep": 1}}}
    assert changes(then, now) == [
        "$.data.price: number -> string",
        "$.data.items[].id: missing now",
        "$.data.old: missing now",
        "$.data.more: new (object)",
    ]


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ({"a": 1}, {"a": 2.5}),
        ({"a": [1, 2]}, {"a": [3]}),
        ([{"id": 1}, {"id": 2, "b": 1}], [{"id": 1, "b": 1}]),
        ({"users": {"17": {"n": 1}}}, {"users": {"18": {"n": 2}, "19": {"n": 3}}}),
        ({"users": {"17": {"n": 1}}}, {"users": {}}),
        ({"days": {"2026-01-02": 1}}, {"days": {"2026-01-03": 1}}),
        ({"a": True, "b": 1}, {"b": 1, "a": False}),
        ({"a": [{"id": 1}]}, {"a": []}),
        (None, None),
    ],
)
def test_other_data_of_the_same_shape_is_no_change(then, now):
    assert changes(then, now) == []
    assert changes(now, then) == []


def test_null_is_told_apart_from_types_and_hides_what_is_below():
    assert changes({"a": {"b": 1}}, {"a": None}) == ["$.a: object -> null"]
    assert changes({"a": None}, {"a": {"b": 1}}) == ["$.a: null -> object"]
    assert changes([{"a": 1}], [{"a": 1}, {"a": None}]) == ["$[].a: number -> number | null"]
    assert [one.change for one in shape_changes(shape({"a": 1}), shape({"a": None}))] == ["nullable"]
    assert [one.change for one in shape_changes(shape({"a": 1}), shape({"a": True}))] == ["type"]


def test_lists_of_several_types_and_odd_names_have_their_places():
    assert changes([1], [1, "a"]) == ["$[]: number -> number | string"]
    assert changes({"a b": {"金额": 1}}, {"a b": {"金额": "1"}}) == ["$['a b'].金额: number -> string"]
    assert changes({"a": [1]}, {"a": {"b": 1}}) == ["$.a: array -> object"]
    assert changes(1, "x") == ["$: number -> string"]


def test_a_long_path_is_cut():
    [found] = shape_changes(shape({"k" * 999: 1}), shape({"k" * 999: ""}))
    assert (len(found.path), found.path[:4]) == (200, "$.kk")


def test_what_is_too_large_or_too_deep_has_no_shape():
    assert shape_of({f"k{number}x": 1 for number in range(2001)}) is None
    assert shape_of({f"k{number}x": 1 for number in range(2000)}) is not None
    assert shape_of([{"k": number} for number in range(9000)]) is not None
    deep: object = 1
    for _ in range(80):
        deep = [deep]
    assert shape_of(deep) is None
