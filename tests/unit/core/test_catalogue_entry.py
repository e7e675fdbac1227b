"""The rows under which a thing is found."""

from datetime import UTC, datetime

import pytest

from wxcloudrun.core.catalogue import Entry, folder_terms, own, private, shared, term, trash, visible
from wxcloudrun.core.catalogue_entry import gram_rows, term_rows, text_row

AT = datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


def entry(**changes: object) -> Entry:
    values = {
        "scopes": ["p1"],
        "terms": ["status:1"],
        "text": "Pay\n/x",
        "name": "Pay",
        "position": 4,
        "updated_at": AT,
    }
    return Entry(**(values | changes))  # type: ignore[arg-type]  # values by name


def test_a_thing_is_found_under_each_term_in_each_scope_and_under_all():
    rows = term_rows(7, entry(scopes=["p1", "public"], terms=["status:1", "tag:a"]))
    found = [(row["scope"], row["term"]) for row in rows]
    assert found == [(scope, word) for scope in ("p1", "public") for word in ("*", "status:1", "tag:a")]
    assert {row["item_id"] for row in rows} == {7}


def test_a_term_that_is_given_twice_is_written_once():
    assert [row["term"] for row in term_rows(7, entry(terms=["tag:a", "tag:a"]))] == ["*", "tag:a"]
    assert text_row(7, entry(terms=["tag:a", "tag:a"]))["terms"] == "\ntag:a\n"


def test_names_are_put_in_order_whatever_their_case_by_their_beginning():
    assert term_rows(7, entry(name="ÄPFEL" + "x" * 80))[0]["name_key"] == "äpfel" + "x" * 59


def test_pieces_of_text_are_written_for_each_scope():
    rows = gram_rows(7, entry(scopes=["p1", "public"], text="Pays"))
    assert [(row["scope"], row["gram"]) for row in rows] == [
        ("p1", "ays"),
        ("p1", "pay"),
        ("public", "ays"),
        ("public", "pay"),
    ]


def test_a_text_that_grows_when_its_case_is_forgotten_still_fits():
    assert len(text_row(7, entry(text="ΐ" * 257))["text"]) == 512


def test_an_ordinary_term_is_readable():
    assert term("tag", "smoke test") == "tag:smoke test"


@pytest.mark.parametrize("value", ["x" * 61, "登录" * 40, "ends in a blank ", "two\nlines"])
def test_a_term_that_fits_no_column_goes_in_as_its_hash(value: str):
    word = term("tag", value)
    assert word.startswith("tag:")
    assert len(word) <= 64
    assert word == word.strip() != term("tag", value + "!")
    assert "\n" not in word


def test_a_thing_is_found_in_every_folder_around_it():
    assert folder_terms("a/b/c") == ["folder:a", "folder:a/b", "folder:a/b/c"]
    assert folder_terms("") == []


def test_an_owner_sees_everything_private_and_a_member_their_own():
    assert visible(5, 7, owner=True) == (shared(5), private(5))
    assert visible(5, 7, owner=False) == (shared(5), own(5, 7))


def test_no_two_scopes_are_the_same():
    scopes = [shared(1), shared(11), own(1, 1), own(1, 11), own(11, 1), private(1), private(11)]
    scopes += [trash(scope) for scope in scopes]
    assert len(set(scopes)) == len(scopes)
    assert all(len(trash(own(2**53, 2**53))) <= 48 for _ in scopes)
