"""Pieces of text: whatever holds a text has the pieces that are asked for."""

from hypothesis import given
from hypothesis import strategies as st

from wxcloudrun.core.grams import LONGEST, asked, folded, grams

TEXT = st.text(st.sampled_from("abAB %_\\'\"/订单查询😀ßİ1."), max_size=40)


@given(before=TEXT, middle=TEXT, after=TEXT)
def test_a_text_has_every_piece_that_is_asked_for_something_in_it(before: str, middle: str, after: str):
    assert set(asked(folded(middle))) <= grams(folded(before + middle + after))


@given(TEXT)
def test_no_piece_is_longer_than_its_column_or_ends_in_a_blank(text: str):
    assert all(0 < len(piece) <= LONGEST and not piece.endswith(" ") for piece in grams(folded(text)))


def test_ascii_is_found_by_three_characters_and_chinese_by_one():
    assert grams("abcd") == {"abc", "bcd"}
    assert grams("订单") == {"订", "单", "订单"}
    assert grams("a订b") == {"订", "a订", "订b", "a订b"}


def test_no_piece_reaches_over_the_end_of_a_line():
    assert grams("abc\ndef") == {"abc", "def"}


def test_short_ascii_has_no_pieces_to_ask_for():
    assert asked("ab") == []
    assert asked("") == []


def test_every_character_of_a_searched_text_is_in_a_piece():
    assert asked("abcde") == ["abc", "cde"]
    assert asked("abcdefghij") == ["abcdef", "defghi", "efghij"]


def test_a_text_of_six_characters_is_one_piece_however_common_its_parts_are():
    assert asked("000123") == ["000123"]
    assert "000123" in grams("reads order 000123")


def test_a_long_text_asks_for_a_dozen_pieces_from_its_beginning_to_its_end():
    text = "".join(chr(0x4E00 + number) for number in range(200))
    pieces = asked(text)
    assert len(pieces) == 12
    assert (pieces[0], pieces[-1]) == (text[:6], text[-6:])


def test_a_piece_that_repeats_is_asked_for_once():
    assert asked("aaaaaaaaa") == ["aaaaaa"]
