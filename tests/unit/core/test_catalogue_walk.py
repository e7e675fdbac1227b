"""The questions of a catalogue, as each database is asked."""

import pytest
from sqlalchemy.dialects import mysql, postgresql, sqlite

from wxcloudrun.core.catalogue_walk import Order, Tables, page_statement, reach_statement
from wxcloudrun.features.cases.models import Case, CaseGram, CaseTerm, CaseText

DIALECTS = {"mysql": mysql.dialect(), "postgresql": postgresql.dialect(), "sqlite": sqlite.dialect()}


def tables(dialect: str) -> Tables:
    return Tables(CaseTerm.__table__, CaseGram.__table__, CaseText.__table__, Case.__table__, dialect)  # type: ignore[arg-type]


def page(dialect: str, order: Order, **changes: object) -> str:
    shape = {"walked": ("term",), "probes": 0, "text": False, "ends": False, "size": 20} | changes
    columns = (Case.__table__.c.name,)
    return str(page_statement(tables(dialect), order, columns=columns, **shape).compile(dialect=DIALECTS[dialect]))


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
def test_a_place_in_the_list_is_one_comparison_of_rows(dialect: str):
    assert ".name_key, case_terms.item_id) < (" in page(dialect, Order("name_key", True, True))


def test_mysql_sees_a_range_only_in_separate_comparisons():
    statement = page("mysql", Order("name_key", True, True))
    assert "case_terms.name_key < %s OR case_terms.name_key = %s AND case_terms.item_id < %s" in statement


@pytest.mark.parametrize(
    ("key", "index"),
    [
        (None, "PRIMARY"),
        ("position", "ix_case_terms_scope_term_position_item_id"),
        ("name_key", "ix_case_terms_scope_term_name_key_item_id"),
        ("updated_at", "ix_case_terms_scope_term_updated_at_item_id"),
    ],
)
def test_mysql_is_told_the_index_that_has_the_order(key: str | None, index: str):
    assert f"case_terms FORCE INDEX ({index})" in page("mysql", Order(key, False, False))


def test_other_databases_are_told_nothing():
    assert "FORCE" not in page("postgresql", Order(None, True, False)) + page("sqlite", Order(None, True, False))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_looked_for_is_found_letter_by_letter(dialect: str):
    statement = page(dialect, Order(None, True, False), walked=("gram", "term"), probes=2, text=True, ends=True)
    assert "LIKE" not in statement
    assert statement.count("strpos(" if dialect == "postgresql" else "instr(") == 6


@pytest.mark.parametrize("dialect", DIALECTS)
def test_all_that_a_thing_must_have_takes_one_look_at_its_row(dialect: str):
    statement = page(dialect, Order("updated_at", True, True), walked=("term", "term"), probes=3, ends=True)
    assert statement.count("FROM case_texts") == 2, "one in each scope, however many words there are"


def test_the_same_question_is_made_once():
    order = Order(None, True, False)
    first, second = (reach_statement(tables("sqlite"), order, ("gram",), 1, 200) for _ in range(2))
    assert first is second


def test_limits_stand_in_the_statement_where_a_planner_sees_them():
    assert "LIMIT 21" in page("postgresql", Order(None, True, False))
    reach = reach_statement(tables("postgresql"), Order(None, True, False), ("term",), 1, 200)
    assert "OFFSET 199" in str(reach.compile(dialect=DIALECTS["postgresql"]))
