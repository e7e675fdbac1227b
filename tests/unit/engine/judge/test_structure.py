"""The structural match with markers."""

import pytest
from hypothesis import given

from tests.pace import soon
from tests.unit.engine.judge.test_values import json_values
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.structure import MAX_MISMATCHES, compile_structure


def reasons(expected, actual):
    return [f"{one.path}: {one.reason}" for one in compile_structure(expected).mismatches(actual)]


GOOD = {
    "#string": "", "#number": 1.5, "#integer": 2.0, "#boolean": False, "#null": None, "#array": [], "#object": {},
    "#date": "2026-02-28", "#datetime": "2026-02-28T10:00:00.123456789+08:00", "#uuid": "5F0C1B86-7a52-4c57-9a4e-0a3b7d0f2c11",
    "#email": "a.b@c.example", "#ipv4": "10.0.0.1", "#ipv6": "::1", "#url": "https://a.example:8080/x?y", "#notnull": 0,
    "#notempty": " ", "#present": None, "#ignore": [1], "#regex ^a.c$": "abc",
}  # fmt: skip
BAD = {
    "#string": 1, "#number": True, "#integer": 1.5, "#boolean": 0, "#null": "", "#array": {}, "#object": [],
    "#date": "2026-02-30", "#datetime": "2026-02-28", "#uuid": "5f0c1b86", "#email": "a@b", "#ipv4": "10.0.0.256",
    "#ipv6": "1.2.3.4", "#url": "a.example/x", "#notnull": None, "#notempty": [], "#regex ^a.c$": "abcd",
}  # fmt: skip


@pytest.mark.parametrize(("marker", "value"), GOOD.items())
def test_a_marker_holds_for_its_kind(marker, value):
    assert reasons({"k": marker}, {"k": value}) == []
    assert reasons({"k": "#" + marker}, {"k": value}) == []


@pytest.mark.parametrize(("marker", "value"), BAD.items())
def test_a_marker_fails_for_another_kind_and_names_the_path(marker, value):
    assert [one.partition(":")[0] for one in reasons({"k": [marker]}, {"k": [value]})] == ["$.k[0]"]


def test_absent_and_optional_keys():
    assert reasons({"a": "#absent", "b": "##string", "c": "##string", "d": "#ignore"}, {"c": None}) == []
    assert reasons({"a": "#absent"}, {"a": None}) == ["$.a: expected it to be absent, got null"]
    assert reasons({"a": "#string", "b": "#present"}, {}) == [
        "$.a: expected #string, but it is absent",
        "$.b: expected #present, but it is absent",
    ]


def test_objects_are_exact_unless_said_otherwise():
    assert reasons({"name": 1}, {"name": 1, "nme": 2}) == ["$.nme: the key is not expected; closest: name"]
    assert reasons({"#contains": {"a": {"b": 1}}}, {"a": {"b": 1, "c": 2}, "d": 3}) == [
        "$.a.c: the key is not expected"
    ]
    assert reasons({"#partial": {"a": {"b": 1}}}, {"a": {"b": 1, "c": 2}, "d": 3}) == []


def test_every_mismatch_is_named():
    assert reasons({"a": 1, "b": [1, 2, 3], "c": {"d": "x"}}, {"a": "1", "b": [1, 5], "c": 7}) == [
        '$.a: expected 1, got "1" (string)',
        "$.b: expected 3 items, got 2",
        "$.b[1]: expected 2, got 5",
        "$.c: expected an object, but it is 7 (number)",
    ]
    assert len(reasons([0] * 200, [1] * 200)) == MAX_MISMATCHES


def test_operators_on_arrays():
    assert reasons({"#each": {"id": "#integer"}}, [{"id": 1}, {"id": "x"}]) == [
        '$[1].id: expected #integer, got "x" (string)'
    ]
    assert reasons({"#contains": [3, "#string"]}, [1, "a", 3]) == []
    assert reasons({"#contains": [4]}, [1, 3]) == ["$: no item matches 4"]
    assert reasons({"#contains": 3}, [1, 3]) == []
    assert reasons({"#contains": "b"}, "abc") == []
    assert reasons({"#contains": "b"}, ["b"]) == []
    assert reasons({"#length": [1, 2]}, [1, 2, 3]) == ["$: expected length 1 to 2, got 3"]
    assert reasons({"#one_of": ["#string", 1]}, 2) == ['$: expected one of ["#string", 1], but got 2']
    assert reasons({"a": {"#not": "x"}}, {}) == ['$.a: expected anything but "x", but it is absent']


def test_any_order_finds_a_pairing_that_a_greedy_search_would_miss():
    assert reasons({"#any_order": ["#number", "#integer", 1]}, [1, 2, 1.5]) == []
    assert reasons({"#any_order": ["#ignore", "#number", "#string", 5]}, [5, 5, "x", None]) == []
    assert reasons({"#any_order": ["#number", 1]}, ["x", 1]) == ["$: no item is left that matches 1"]
    assert reasons({"#any_order": [1, 1]}, [1]) == ["$: expected 2 items, got 1", "$: no item is left that matches 1"]


def test_a_hash_is_written_with_a_backslash():
    assert reasons({"\\#key": "\\#fff"}, {"#key": "#fff"}) == []
    assert reasons("\\x", "\\x") == []


@pytest.mark.parametrize(
    ("expected", "place", "position"),
    [
        ({"a": ["#strng"]}, "at $.a[0]:", 0),
        ("#", "at $:", 0),
        ("#fff", "at $:", 0),
        ("###string", "at $:", 0),
        ("# string", "at $:", 0),
        ("#string x", "at $:", 8),
        ("#regex", "at $:", 6),
        ("#regex a(b", "at $:", 9),
        ("##regex (?=a)", "at $:", 8),
        ({"b": {"#foo": 1}}, "at $.b:", None),
        ({"#each": 1, "b": 2}, "at $:", None),
        ({"#any_order": 1}, "at $.#any_order:", None),
        ({"#length": -1}, "at $.#length:", None),
        ({"#length": [1]}, "at $.#length:", None),
        ({"#one_of": []}, "at $.#one_of:", None),
        ({"#each": {"x": "#nope"}}, "at $.#each.x:", 0),
    ],
)
def test_a_malformed_marker_is_refused_with_its_place(expected, place, position):
    with pytest.raises(DefinitionError) as caught:
        compile_structure(expected)
    assert caught.value.reason.startswith(place)
    assert caught.value.position == position


def test_a_document_nested_too_deep_is_refused_on_either_side():
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(DefinitionError, match="deeper than 100"):
        compile_structure(deep)
    assert "deeper than 512" in reasons("#array", deep)[0]


def test_large_unordered_arrays_end_in_time():
    with soon(20):
        items = [{"id": n} for n in range(600)]
        assert reasons({"#any_order": [{"id": "#integer"}] * 599 + [{"id": 5}]}, items) == []


@given(json_values)
def test_any_document_matches_itself_without_markers(value):
    assert compile_structure(value, markers=False).mismatches(value) == []


@given(json_values, json_values)
def test_comparing_any_two_documents_ends_with_a_list(one, other):
    assert isinstance(compile_structure(one, markers=False).mismatches(other), list)
