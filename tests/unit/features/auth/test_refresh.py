"""Refresh tokens: one successor each, recognised without being stored, made by nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxcloudrun.features.auth.refresh import RefreshTokens

TOKENS = RefreshTokens(b"the server's key")


def test_a_token_is_recognised_with_its_family():
    token = TOKENS.first()
    assert TOKENS.recognise(token.text) == token


def test_a_token_has_one_successor_in_the_same_family():
    token = TOKENS.first()
    first, again = TOKENS.successor(token), TOKENS.successor(token)
    assert first == again
    assert first.family == token.family
    assert first.text != token.text


def test_a_line_of_successors_never_repeats():
    token, seen = TOKENS.first(), set()
    for _ in range(50):
        seen.add(token.text)
        token = TOKENS.successor(token)
    assert len(seen) == 50


def test_families_are_strangers():
    assert TOKENS.first().family != TOKENS.first().family


def test_nobody_without_the_key_makes_or_continues_one():
    other = RefreshTokens(b"another key")
    token = TOKENS.first()
    assert other.recognise(token.text) is None
    assert TOKENS.recognise(other.first().text) is None
    assert TOKENS.recognise(other.successor(token).text) is None


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_changed_part_is_noticed(part):
    parts = TOKENS.first().text.split(".")
    parts[part] = ("A" if parts[part][0] != "A" else "B") + parts[part][1:]
    assert TOKENS.recognise(".".join(parts)) is None


@given(st.text(st.characters(codec="ascii"), max_size=200))
def test_garbage_is_nobodys_token(text):
    assert TOKENS.recognise(text) is None


def test_a_token_is_long_enough_and_does_not_show_itself():
    token = TOKENS.first()
    assert len(token.text) <= 200
    assert len(token.text.split(".")[1]) >= 43, "256 bits"
    assert token.text not in repr(token)
