"""Differences of two documents: few, true, in bounded time, and without a credential."""

import json

import pytest

from tests.pace import soon
from wxcloudrun.core.credentials import MARK
from wxcloudrun.core.difference import MOST_CHANGES, Hidden, difference


def told(before, after):
    found = difference(before, after)
    assert not found.cut
    return [(one.path, one.kind, one.before, one.after) for one in found.changes]


def check(name, expected=1):
    return {"name": name, "target": "body", "comparator": "equals", "expected": expected}


def test_equal_documents_differ_in_nothing_whatever_the_order_of_members():
    assert told({"a": 1, "b": [{"c": 1, "d": 2}]}, {"b": [{"d": 2, "c": 1}], "a": 1}) == []


def test_members_are_told_one_by_one():
    before = {"name": "a", "request": {"url": "/a", "timeout": 1}, "gone": [1]}
    after = {"name": "b", "request": {"url": "/a", "timeout": 2}, "new": {"x": None}}
    assert told(before, after) == [
        ("name", "changed", "a", "b"),
        ("request.timeout", "changed", 1, 2),
        ("gone", "removed", [1], None),
        ("new", "added", None, {"x": None}),
    ]


def test_an_item_put_at_the_top_is_one_that_was_added():
    old = [check("a"), check("b"), check("c")]
    assert told({"assertions": old}, {"assertions": [check("new"), *old]}) == [
        ("assertions.0", "added", None, check("new"))
    ]
    assert told([check("new"), *old], old) == [("0", "removed", check("new"), None)]


def test_a_changed_item_is_looked_into_also_beside_one_that_was_put_in():
    old = [check("a"), check("b"), check("c")]
    new = [check("a"), check("new"), check("b", 2), check("c")]
    assert told(old, new) == [("1", "added", None, check("new")), ("2.expected", "changed", 1, 2)]
    assert told(old, [check("x"), *old[1:]]) == [("0.name", "changed", "a", "x")]


def test_an_item_without_a_name_is_looked_into_in_its_place():
    def line(path, expected):
        return {"target": "body", "path": path, "expected": expected}

    old = [line("$.a", 1), line("$.b", 1), line("$.c", 1)]
    assert told(old, [line("$.a", 1), line("$.b", 2), line("$.c", 1)]) == [("1.expected", "changed", 1, 2)]
    assert told(old, old[:1] + old[2:]) == [("1", "removed", line("$.b", 1), None)]


@pytest.mark.parametrize(
    ("before", "after"), [(1, True), (0, False), (1, 1.0), (None, ""), ("1", 1), ([], {}), ({}, None), (2, {"x": 2})]
)
def test_what_json_tells_apart_is_different(before, after):
    assert [kind for _, kind, _, _ in told({"a": before}, {"a": after})] == ["changed"]


def test_none_is_a_value_and_a_missing_member_is_not():
    assert told({"a": None}, {}) == [("a", "removed", None, None)]
    assert told({}, {"a": None}) == [("a", "added", None, None)]


def test_what_becomes_empty_lost_each_of_its_parts():
    assert told({"a": [1], "b": {"c": 1}}, {"a": [], "b": {}}) == [
        ("a.0", "removed", 1, None),
        ("b.c", "removed", 1, None),
    ]


def test_a_credential_is_compared_and_never_shown():
    def entry(value):
        return {"headers": [{"name": "X", "value": "1"}, {"name": "Authorization", "value": value}]}

    assert told(entry(Hidden("CANARY-1")), entry(Hidden("CANARY-1"))) == []
    assert told(entry(Hidden("CANARY-1")), entry(Hidden("CANARY-2"))) == [("headers.1.value", "changed", MARK, MARK)]
    assert told(entry(Hidden("CANARY-1")), entry("{{token}}")) == [("headers.1.value", "changed", MARK, "{{token}}")]
    assert told({}, entry(Hidden("CANARY-1")))[0][3] == entry(MARK)["headers"]
    long = {"token": Hidden("CANARY-1"), "text": "x" * 5000}
    assert "CANARY" not in str(difference({}, {"a": long, "b": [long]}))
    assert "CANARY" not in repr(Hidden("CANARY-1"))


def test_of_long_texts_the_place_is_shown_where_they_part():
    same = "x" * 50_000
    ((path, _, before, after),) = told({"body": same + "old" + same}, {"body": same + "new" + same})
    assert path == "body"
    assert before.startswith("[49940 characters]xxx")
    assert ("xold" in before, "xnew" in after) == (True, True)
    assert before.endswith("characters]")
    assert max(len(before), len(after)) < 1100


def test_a_long_value_is_cut_and_says_so():
    ((_, _, _, after),) = told({}, {"body": {"a": ["x" * 900] * 9}})
    assert after.startswith('{"a": ["xxx')
    assert after.endswith("characters]")
    assert len(after) < 1100


def test_more_differences_than_anybody_reads_are_cut():
    found = difference({}, {str(number): number for number in range(MOST_CHANGES + 1)})
    assert (len(found.changes), found.cut) == (MOST_CHANGES, True)
    assert not difference({}, {str(number): number for number in range(MOST_CHANGES)}).cut


def test_the_whole_answer_is_bounded():
    long = {f"{number} {'n' * 3000}": "x" * 990 for number in range(400)}
    found = difference({}, long)
    assert found.cut
    assert len(str(found)) < 300_000


_HOSTILE = {
    "no item is the same": ([f"a{number}" for number in range(200)], [f"b{number}" for number in range(200)]),
    "every item is the same but the ends": (["a", *["x"] * 198, "b"], ["c", *["x"] * 200, "d"]),
    "half of them are the same": (
        [value for number in range(100) for value in ("x", f"a{number}")],
        [value for number in range(100) for value in ("x", f"b{number}")],
    ),
    "thousands": (
        [value for number in range(20_000) for value in ("x", f"a{number}")],
        [value for number in range(20_000) for value in ("x", f"b{number}")],
    ),
    "many lists": (
        [[value for number in range(100) for value in ("x", f"a{number}{row}")] for row in range(100)],
        [[value for number in range(100) for value in ("x", f"b{number}{row}")] for row in range(100)],
    ),
    "objects of one kind": (
        [{"value": f"a{number}"} for number in range(5000)],
        [{"value": f"b{number}"} for number in range(5001)],
    ),
    "turned round": ([*range(2000)], [*reversed(range(2000))]),
    "long texts": (["a" * 100_000 + "x"] * 5, ["a" * 100_000 + "y"] * 5),
}


@pytest.mark.parametrize("case", _HOSTILE)
def test_hostile_lists_are_compared_in_bounded_time(case):
    before, after = _HOSTILE[case]
    with soon(5):
        found = difference(before, after)
        assert found.changes


def test_deep_documents_are_compared_in_one_pass():
    def nested(leaf, depth=60):
        for _ in range(depth):
            leaf = [leaf, ["x"] * 2000]
        return leaf

    with soon(3):
        assert told(nested(1), nested(2)) == [(".".join("0" * 60), "changed", 1, 2)]


@pytest.mark.parametrize("length", [300, 20_000])
def test_one_item_is_found_also_in_a_long_list_of_few_kinds(length):
    """Far too much work to align, were it not the same at both ends."""
    before = [number % 3 for number in range(length)]
    after = [*before[: length // 2], "new", *before[length // 2 :]]
    assert told(before, after) == [(str(length // 2), "added", None, "new")]


def test_no_item_is_too_common_to_be_aligned():
    before = [number % 3 for number in range(300)]
    after = [*before[:10], "new", *before[10:-10], "other", *before[-10:]]
    assert [(kind, new) for _, kind, _, new in told(before, after)] == [("added", "new"), ("added", "other")]


def test_applying_the_differences_gives_the_later_list():
    """Each index says where in which document: removing and adding by them leads from the one to the other."""
    before, after = list("abcdefgh"), list("xbdefyghz")
    result = dict(enumerate(before))
    changes = difference(before, after).changes
    kept = [
        value for index, value in result.items() if ("removed", str(index)) not in {(c.kind, c.path) for c in changes}
    ]
    for change in changes:
        index = int(change.path)
        if change.kind == "added":
            kept.insert(index, change.after)
        elif change.kind == "changed":
            kept[index] = change.after
    assert kept == after
    assert json.dumps([change.path for change in changes])
