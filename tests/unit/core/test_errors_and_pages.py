"""Errors are told apart by name and speak two languages; cursors come back as they went out or are refused."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

import wxcloudrun.app  # noqa: F401 - every feature's errors
from wxcloudrun.core.clock import iso
from wxcloudrun.core.columns import UtcDateTime
from wxcloudrun.core.container import Container
from wxcloudrun.core.errors import ApiError, BodyTooLarge, InvalidInput, NotFound, every_error
from wxcloudrun.core.ids import request_id
from wxcloudrun.core.pagination import cursor, position

ERRORS = sorted(every_error(), key=lambda kind: kind.name())


def test_no_two_causes_share_a_name():
    names = Counter(kind.name() for kind in set(ERRORS))
    assert [name for name, count in names.items() if count > 1] == []
    assert len(names) > 20


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.name())
def test_every_error_has_a_truthful_status_and_both_languages(kind: type[ApiError]):
    assert 400 <= kind.status <= 599
    assert re.fullmatch(r"[a-z][a-z0-9_]*", kind.name())
    assert re.search("[\u4e00-\u9fff]", kind.zh)
    assert not re.search("[\u4e00-\u9fff]", kind.en)


def test_the_sentence_says_the_numbers():
    error = BodyTooLarge(values={"limit": 1024})
    assert "1024" in error.message("zh")
    assert "1024" in error.message("en")


def test_the_name_is_the_class_in_words():
    assert NotFound.name() == "not_found"
    assert BodyTooLarge.name() == "body_too_large"


def test_a_cursor_comes_back_as_it_went_out():
    assert position(cursor(17, "a"), (int, str)) == (17, "a")
    assert position(None, (int,)) is None


@given(st.text(alphabet="ABCDEFabcdef0123456789_-", max_size=40))
def test_a_made_up_cursor_is_refused_as_the_callers_fault(mark):
    try:
        values = position(mark, (int,))
    except InvalidInput as error:
        values = error.fields[0].field
    assert values == "cursor" or type(values[0]) is int


@pytest.mark.parametrize("mark", ["", "W10", "WzFd" * 30, cursor("a"), cursor(1, 2), cursor(2**70), "bnVsbA", "AAAA"])
def test_a_cursor_of_another_shape_is_refused(mark):
    with pytest.raises(InvalidInput):
        position(mark, (int,))


def test_a_callers_request_id_is_kept_only_where_it_is_harmless():
    assert request_id("abc-DEF_123.4") == "abc-DEF_123.4"
    for hostile in ("short", "x" * 65, "a b c d e f", 'a"b"c"d"e', "line\nbreak\n", "日本語日本語日本語", None):
        made = request_id(hostile)
        assert made != hostile
        assert re.fullmatch("[0-9a-f]{32}", made)


def test_time_is_utc_with_z_and_naive_time_is_refused():
    moment = datetime(2030, 1, 2, 3, 4, 5, 678_901, timezone(timedelta(hours=8)))
    assert iso(moment) == "2030-01-01T19:04:05.678Z"
    column, dialect = UtcDateTime(), sqlite.dialect()
    stored = column.process_bind_param(moment, dialect)
    assert column.process_result_value(stored, dialect) == moment
    assert stored == datetime(2030, 1, 1, 19, 4, 5, 678_901)
    with pytest.raises(ValueError, match="naive"):
        column.process_bind_param(datetime(2030, 1, 1), dialect)
    assert column.process_result_value(column.process_bind_param(None, dialect), dialect) is None
    assert column.process_bind_param(datetime(2030, 1, 1, tzinfo=UTC), dialect) == datetime(2030, 1, 1)


def test_a_part_is_made_once_and_a_later_recipe_wins():
    container, made = Container(), []
    container.provide(list, lambda: made.append(1) or [len(made)])
    assert container.get(list) is container.get(list)
    assert made == [1]
    container.provide(list, lambda: ["another"])
    assert container.get(list) == ["another"]
    assert container.knows(list)
    assert not container.knows(dict)
