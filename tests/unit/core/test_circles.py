"""What needs itself is found, whatever else there is."""

from wxcloudrun.core.circles import circular


def test_a_chain_has_no_circle():
    assert circular({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_what_needs_itself_is_told_in_order_and_so_is_what_needs_that():
    assert circular({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d"}, "e": set()}) == ["a", "b", "c", "d"]


def test_names_from_elsewhere_are_known():
    assert circular({"a": {"elsewhere"}}) == []
