"""Lists of the catalogue on every database: the same things in the same order as by plain reading, in two questions."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from flask import Flask

from tests.integration.catalogue_bench import AT, COLUMNS, Shelf, anything, expected, shelf, some
from wxcloudrun.core.catalogue import BOUND, Entry, Sort, Wanted, own, private, shared, trash, visible
from wxcloudrun.core.catalogue_entry import gram_rows, term_rows, text_row
from wxcloudrun.core.errors import InvalidInput
from wxcloudrun.core.pagination import cursor

SORTS: tuple[Sort, ...] = get_args(Sort.__value__)
OWNER, MEMBER = visible(1, 1, owner=True), visible(1, 1, owner=False)
FILTERS = [
    (),
    ("status:2",),
    ("tag:smoke",),
    ("folder:a/b",),
    ("tag:nobody has it",),
    ("status:2", "method:GET"),
    ("tag:Smoke", "status:1"),
    ("tag:50%", "tag:a_b"),
    ("method:POST", "tag:慢", "folder:a"),
    ("status:1", "status:2"),
]
TEXTS = ["login", "LOG", "订", "订单", "单 查", "%", "_", "\\", "'", "a_b", "0%", "😀", "ss", "strasse", "i̇", "x", "/v1/订单/1",
         "https://api.example.test/v1/", "orders/29", "not there at all"]  # fmt: skip


@pytest.fixture
def empty_shelf(each_app: Flask) -> Iterator[Shelf]:
    with shelf(each_app, bound=30) as one:
        yield one


@pytest.fixture
def full(empty_shelf: Shelf) -> Shelf:
    """Three hundred things, of which thirty in a scope are looked at for one page."""
    empty_shelf.add(some(random.Random(20), range(1, 301)))
    return empty_shelf


def plain(**changes: object) -> Entry:
    values = {"scopes": [shared(1)], "terms": [], "text": "name", "name": "name", "position": 0, "updated_at": AT}
    return Entry(**(values | changes))  # type: ignore[arg-type]  # values by name


def faults(error: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str, str]]:
    return [(fault.field, fault.reason) for fault in error.value.fields]


def test_every_list_is_what_reading_everything_gives(full: Shelf):
    choice = random.Random(7)
    for sort in SORTS:
        for terms in FILTERS:
            scopes = choice.choice([OWNER, MEMBER, [shared(1)], [own(1, 2)]])
            wanted = Wanted(scopes, terms, sort=sort, size=choice.choice([1, 7, 20, 100]))
            assert full.listed(wanted) == expected(full.entries, wanted), wanted


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_found_letter_by_letter_whatever_its_case(full: Shelf, text: str):
    for terms in ((), ("method:GET",), ("status:3", "tag:smoke")):
        wanted = Wanted(OWNER, terms, text)
        assert full.listed(wanted) == expected(full.entries, wanted), terms
        assert full.listed(replace(wanted, sort="id", size=3)) == sorted(expected(full.entries, wanted)), terms


def test_a_page_takes_at_most_two_questions_and_one_where_one_thing_must_be_true(full: Shelf):
    for wanted, most in [
        (Wanted(OWNER), 1),
        (Wanted(OWNER, ["status:1"], sort="name"), 1),
        (Wanted(OWNER, ["status:1", "method:GET", "tag:smoke"], sort="-updated_at"), 2),
        (Wanted(OWNER, ["status:1"], text="订单 查询"), 2),
        (Wanted(OWNER, text="x"), 2),
    ]:
        full.asked.clear()
        found = full.catalogue.page(wanted, COLUMNS)
        assert len(full.asked) == most, wanted
        assert found.next is not None or found.rows


def test_pages_are_full_but_where_much_was_looked_at_in_vain(full: Shelf):
    *pages, _ = full.pages(Wanted(OWNER, ["status:1"], size=10))
    assert [len(page) for page in pages] == [10] * len(pages)
    in_vain = list(full.pages(Wanted(OWNER, ["status:1", "status:2"], size=10)))
    assert len(in_vain) > 1
    assert not any(in_vain)


def test_a_rare_word_leads_to_its_things_at_once(full: Shelf):
    full.add({1000: plain(terms=["status:1", "tag:once"], text="find the needle")})
    full.add(some(random.Random(3), range(1001, 1101)))
    for terms in (["tag:once", "status:1"], ["status:1", "tag:once"]):
        found = full.catalogue.page(Wanted(OWNER, terms, sort="name"), COLUMNS)
        assert [row.id for row in found.rows] == [1000]
        assert found.next is None
    assert [row.id for row in full.catalogue.page(Wanted(OWNER, text="needle"), COLUMNS).rows] == [1000]


def test_the_last_page_says_so_however_full_it_is(empty_shelf: Shelf):
    empty_shelf.add({number: plain() for number in range(1, 15)})
    assert [len(page) for page in empty_shelf.pages(Wanted([shared(1)], size=7))] == [7, 7]
    assert [len(page) for page in empty_shelf.pages(Wanted([shared(1)], text="name", size=14))] == [14]


def test_a_page_goes_no_farther_than_the_scope_that_was_looked_at_least_far(empty_shelf: Shelf):
    """Else a scope with much in it would be read to where one with little in it ends."""
    dense = {number: plain(terms=[f"tag:{number % 2}"]) for number in range(100, 300)}
    sparse = {number: plain(scopes=[private(1)], terms=[f"tag:{number % 2}"]) for number in range(1, 100)}
    empty_shelf.add(dense | sparse)
    pages = list(empty_shelf.pages(Wanted(OWNER, ["tag:0", "tag:1"])))
    assert not any(pages)
    assert len(pages) >= 100 / empty_shelf.bound


def test_the_rarer_of_two_words_leads(empty_shelf: Shelf):
    empty_shelf.add(
        {number: plain(terms=["often", "seldom"] if number % 7 == 0 else ["often"]) for number in range(1, 300)}
    )
    for terms in (["often", "seldom"], ["seldom", "often"]):
        assert len(list(empty_shelf.pages(Wanted([shared(1)], terms, size=100)))) == 2  # 42 things, thirty at a time


def test_pages_are_full_where_a_fifth_of_what_leads_has_the_other_word_too(each_app: Flask):
    with shelf(each_app, bound=BOUND) as one:
        both = {
            number: ["even"] * (number % 2 == 0) + ["other"] * (number % 2 or number % 10 == 0)
            for number in range(1, 601)
        }
        one.add({number: plain(terms=terms) for number, terms in both.items()})
        found = [len(page) for page in one.pages(Wanted([shared(1)], ["even", "other"], size=20))]
        assert found[:3] == [20, 20, 20]
        assert sum(found) == 60


def test_who_asks_on_finds_what_is_far_behind(empty_shelf: Shelf):
    """Pages of two words that are together once are empty but for one, and there are few of them."""
    last = {1: plain(terms=["tag:0", "tag:1"])}
    empty_shelf.add(last | {number: plain(terms=[f"tag:{number % 2}"]) for number in range(2, 301)})
    pages = list(empty_shelf.pages(Wanted([shared(1)], ["tag:0", "tag:1"])))
    assert [page for page in pages if page] == [[1]]
    assert len(pages) <= 150 / empty_shelf.bound + 1


def test_a_word_that_begins_like_another_is_another(empty_shelf: Shelf):
    words = [["tag:a", "tag:bc"], ["tag:ab", "tag:b"], ["tag:a", "tag:b"], ["xtag:a", "tag:b"], ["tag:A", "tag:b"]]
    empty_shelf.add({number: plain(terms=terms) for number, terms in enumerate(words, 1)})
    for terms in (["tag:a", "tag:b"], ["tag:b", "tag:a"]):
        assert empty_shelf.listed(Wanted([shared(1)], terms)) == [3]


def test_what_comes_and_goes_between_two_pages_neither_repeats_nor_hides_anything(full: Shelf):
    choice = random.Random(11)
    for sort in SORTS:
        wanted = Wanted(OWNER, ["method:GET"], sort=sort, size=5)
        before, listed, cursor_ = set(expected(full.entries, wanted)), [], None
        while True:
            found = full.catalogue.page(replace(wanted, cursor=cursor_), COLUMNS)
            listed += [row.id for row in found.rows]
            cursor_ = found.next
            if cursor_ is None:
                break
            new = max(full.entries) + 1
            full.add({new: replace(anything(choice), terms=["method:GET"])})
            if len(listed) % 3 == 0:
                full.remove(listed[-1])
        stayed = before & set(full.entries)
        assert len(listed) == len(set(listed))
        assert stayed <= set(listed)
        full.remove(*(number for number in full.entries if number > 300))
        full.add(some(choice, set(range(1, 301)) - set(full.entries)))


def test_nobody_lists_what_is_private_to_another(full: Shelf):
    for wanted in (Wanted(MEMBER), Wanted(MEMBER, ["status:1", "method:GET"]), Wanted(MEMBER, text="订单")):
        listed = full.listed(wanted)
        assert listed
        assert not any(own(1, 2) in full.entries[number].scopes for number in listed)


def test_a_thing_goes_to_the_trash_and_comes_back(full: Shelf):
    entry = full.entries[5]
    away = [trash(scope) for scope in entry.scopes]
    full.put(5, replace(entry, scopes=away))
    assert 5 not in full.listed(Wanted(OWNER))
    assert 5 not in full.listed(Wanted(OWNER, text=entry.name[:3]))
    assert full.listed(Wanted(away[-1:], text=entry.name[:3])) == [5]
    full.put(5, entry)
    assert 5 in full.listed(Wanted(OWNER))


def test_things_of_the_same_name_time_and_place_are_told_apart_by_their_number(empty_shelf: Shelf):
    empty_shelf.add({number: plain() for number in range(1, 40)})
    for sort in SORTS:
        wanted = Wanted([shared(1)], sort=sort, size=7)
        assert empty_shelf.listed(wanted) == expected(empty_shelf.entries, wanted)


def test_moments_a_microsecond_apart_are_kept_apart(empty_shelf: Shelf):
    moments = {number: plain(updated_at=AT + timedelta(microseconds=number % 3)) for number in range(1, 10)}
    empty_shelf.add(moments)
    wanted = Wanted([shared(1)], sort="-updated_at", size=1)
    assert empty_shelf.listed(wanted) == expected(moments, wanted)


@pytest.mark.parametrize("sort", SORTS)
def test_a_cursor_of_another_order_is_refused(full: Shelf, sort: Sort):
    mark = full.catalogue.page(Wanted(OWNER, sort=sort), COLUMNS).next
    for other in set(SORTS) - {sort}:
        with pytest.raises(InvalidInput) as error:
            full.catalogue.page(Wanted(OWNER, sort=other, cursor=mark), COLUMNS)
        assert faults(error) == [("cursor", "invalid")]


@pytest.mark.parametrize(
    ("sort", "mark"),
    [
        ("-id", ""),
        ("-id", "nonsense"),
        ("-id", cursor(3)),
        ("-id", cursor("-id", "3")),
        ("-id", cursor("-id", 2**60)),
        ("position", cursor("position", 2**31, 1)),
        ("position", cursor("position", 1)),
        ("name", cursor("name", 1, 1)),
        ("name", cursor("name", "a\x00", 1)),
        ("updated_at", cursor("updated_at", "2025", 1)),
    ],
)
def test_a_cursor_that_no_list_gave_is_refused(full: Shelf, sort: Sort, mark: str):
    with pytest.raises(InvalidInput) as error:
        full.catalogue.page(Wanted(OWNER, sort=sort, cursor=mark), COLUMNS)
    assert faults(error) == [("cursor", "invalid")]


@pytest.mark.parametrize(("sort", "places"), [("-id", 1), ("name", 2), ("position", 2), ("-updated_at", 2)])
def test_a_cursor_from_the_ends_of_the_world_harms_nothing(full: Shelf, sort: Sort, places: int):
    for number in (-(2**53) + 1, 2**53 - 1):
        key = {"name": "\U0010ffff" * 500, "position": max(min(number, 2**31 - 1), -(2**31) + 1)}.get(sort, number)
        mark = cursor(sort, *([key] if places == 2 else []), number)
        full.catalogue.page(Wanted(OWNER, sort=sort, cursor=mark), COLUMNS)
        full.catalogue.page(Wanted(OWNER, ["status:1", "method:GET"], sort=sort, cursor=mark), COLUMNS)


@pytest.mark.parametrize("sort", sorted(set(SORTS) - {"id", "-id"}))
def test_a_search_has_no_order_but_by_age(full: Shelf, sort: Sort):
    with pytest.raises(InvalidInput) as error:
        full.catalogue.page(Wanted(OWNER, text="a", sort=sort), COLUMNS)
    assert faults(error) == [("sort", "not_with_q")]


def written(shelf_: Shelf) -> list[set[tuple[object, ...]]]:
    """What must be in the tables."""
    made = (term_rows, gram_rows, lambda number, entry: [text_row(number, entry)])
    return [
        {tuple(row.values()) for number, entry in shelf_.entries.items() for row in rows(number, entry)}
        for rows in made
    ]


def test_after_any_changes_the_same_is_written_as_if_all_were_new(empty_shelf: Shelf):
    choice = random.Random(5)
    empty_shelf.add(some(choice, range(1, 41)))
    for _ in range(60):
        number = choice.randint(1, 40)
        entry = anything(choice)
        kept = {name: getattr(empty_shelf.entries[number], name) for name in choice.sample(entry.__slots__, 3)}
        empty_shelf.put(number, replace(entry, **kept))
    assert empty_shelf.rows() == written(empty_shelf)
    empty_shelf.remove(3, 4, 5)
    empty_shelf.put(6, plain(text="a", name=""))
    empty_shelf.put(6, plain(text="ab", name=""))
    empty_shelf.put(6, plain(text="", terms=["tag:a"], name=""))
    assert empty_shelf.rows() == written(empty_shelf)


def test_many_things_are_written_anew_together(empty_shelf: Shelf):
    empty_shelf.add(some(random.Random(1), range(1, 61)))
    empty_shelf.entries.update(some(random.Random(2), range(1, 61)))
    empty_shelf.asked.clear()
    with empty_shelf.session.begin():
        empty_shelf.catalogue.put_all(empty_shelf.entries)
    assert empty_shelf.rows() == written(empty_shelf)


def test_writing_costs_the_same_statements_however_much_it_is(empty_shelf: Shelf):
    first, second = plain(text="one name"), plain(text="another name", terms=["tag:a"], position=9)
    for numbers in (range(100, 101), range(101, 150)):
        empty_shelf.asked.clear()
        empty_shelf.add(some(random.Random(1), numbers))
        assert sum(one.startswith("INSERT INTO case_") for one in empty_shelf.asked) == 3
    empty_shelf.add({1: first})
    for entry, most in [(first, 1), (second, 7), (replace(second, scopes=[private(1), own(1, 1)]), 5)]:
        empty_shelf.asked.clear()
        empty_shelf.put(1, entry)
        assert len(empty_shelf.asked) <= most, empty_shelf.asked
    empty_shelf.asked.clear()
    with empty_shelf.session.begin():
        empty_shelf.catalogue.put_all(some(random.Random(1), range(100, 150)))
    assert len([one for one in empty_shelf.asked if "case_" in one]) == 6
