"""Patterns in linear time."""

import random
import time

import pytest

from tests.pace import soon
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.patterns import PatternTooCostlyError, compile_iregexp, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "position", "words"),
    [
        ("a(?=b)", 1, "look-ahead"),
        ("a(?!b)", 1, "negative look-ahead"),
        ("(?<=a)b", 0, "look-behind"),
        ("(a)\\1", 3, "back-references"),
        ("ab(c", 3, "a `(` is not closed"),
        ("a[b", 1, "a `\\[` is not closed"),
        ("x[z-a]", 2, "no range or class"),
        ("a**", 1, "repeats what is repeated already"),
        ("a{2,1}", 1, "repeats too often"),
        ("\\d\\Z", 2, "no escape that RE2 knows"),
        ("a\ud800", 1, "surrogate"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused_with_its_position(pattern, position, words):
    with pytest.raises(DefinitionError, match=words.replace(")", "\\)").replace("(", "\\(")) as caught:
        compile_pattern(pattern)
    assert caught.value.position == position


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_patterns_that_blow_up_elsewhere_end_at_once(pattern):
    with soon(2):
        compile_pattern(pattern).search("a" * 50_000 + "!")


def test_a_large_pattern_is_refused_and_one_too_large_for_the_text_too():
    with pytest.raises(DefinitionError, match="too large"):
        compile_pattern("(?:[ab]{30}c{30}){30}" * 40)
    with pytest.raises(DefinitionError, match="4000 are allowed"):
        compile_pattern("a" * 4_001)
    with pytest.raises(PatternTooCostlyError):
        compile_pattern("(a|b)*a(a|b){900}$").search("ab" * 1_000_000)


def test_text_with_nul_and_lone_surrogates_is_searched():
    assert compile_pattern("b").search("a\x00\ud800b😀") is not None
    assert compile_pattern("😀$").search("a\ud83d\ude00") is not None


def test_groups_are_numbered_and_named():
    pattern = compile_pattern("(?P<key>\\w)=(\\w)")
    assert (pattern.groups, pattern.names) == (2, {"key": 1})


@pytest.mark.parametrize(
    ("pattern", "text", "whole"),
    [
        ("a.c", "abc", True),
        ("a.c", "a\nc", False),
        ("a.c", "a\rc", False),
        ("[.]", "b", False),
        ("\\.", "b", False),
        ("a\\[.\\]", "a[x]", True),
        ("\\p{Lu}+", "ÄB", True),
        ("a.c", "a😀c", True),
    ],
)
def test_iregexp_dots_match_any_character_but_line_ends(pattern, text, whole):
    compiled = compile_iregexp(pattern)
    assert compiled is not None
    assert compiled.full_match(text) is whole


@pytest.mark.parametrize("pattern", ["(", "\\1", "(?=a)", "a{,2", "[[:alpha:", "\ud800"])
def test_what_is_no_iregexp_compiles_to_nothing(pattern):
    assert compile_iregexp(pattern) is None


@pytest.mark.parametrize("text", ["(a|b)*a(a|b){300}c", "[ab]*a[ab]{900}c", "(a|aa)+$"])
def test_a_search_takes_about_a_second_at_most(text):
    pattern = compile_pattern(text)
    letters = "".join(random.Random(1).choices("ab", k=20_000_000))
    longest = letters[: 150_000_000 // pattern._size]
    start = time.thread_time()
    pattern.search(longest)
    assert time.thread_time() - start < 2.5
    with pytest.raises(PatternTooCostlyError, match="it may search"):
        pattern.search("ab" * (len(longest) // 2 + 1))


def test_replacing_is_for_texts_of_ordinary_length():
    assert compile_pattern("a").replace("a" * 200_000, "b") == "b" * 200_000
    with pytest.raises(PatternTooCostlyError, match="200000 are allowed"):
        compile_pattern("a").replace("a" * 200_001, "b")
