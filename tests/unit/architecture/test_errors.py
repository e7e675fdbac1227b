"""Every error of the API has one name and a sentence in each language."""

import importlib
import string
from collections import Counter

import pytest

from tests.unit.architecture.source import modules
from wxcloudrun.core.errors import every_error


def all_errors():
    for name in modules():
        if name.endswith(".errors"):
            importlib.import_module(name)
    return sorted(
        (error for error in every_error() if error.__module__.startswith("wxcloudrun.")), key=lambda e: e.name()
    )


def placeholders(text):
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def test_error_names_are_unique():
    counts = Counter(error.name() for error in all_errors())
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.name())
def test_an_error_speaks_both_languages(error):
    assert error.zh.strip()
    assert error.en.strip()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in error.zh), "zh is not Chinese"
    assert error.en.isascii(), "en is not English"
    assert placeholders(error.zh) == placeholders(error.en)


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.name())
def test_an_error_has_a_status_that_says_who_must_act(error):
    assert 400 <= error.status <= 599
