"""Stored results as they may be answered."""

import json

import pytest

from wxcloudrun.core.shapes import View
from wxcloudrun.features.runs.results import MOST_LISTED, fitting, read_json


class Line(View):
    """Something in a list."""

    text: str


def test_a_list_has_as_many_as_fit():
    lines = [Line(text="订" * 1000)] * 100  # three bytes each
    assert len(fitting(lines)) == MOST_LISTED // len(lines[0].model_dump_json().encode())
    assert fitting(lines[:3]) == lines[:3]


def test_one_that_is_too_long_is_listed_alone():
    assert len(fitting([Line(text="x" * (MOST_LISTED + 1))] * 2)) == 1


@pytest.mark.parametrize(
    ("stored", "shown"), [("\ud83d\ude00", "😀"), ("a\ud800b", "a?b"), ("\udc00", "?"), ("é", "é")]
)
def test_texts_come_out_whole(stored: str, shown: str):
    text = json.dumps({stored: [stored]})
    assert read_json(text) == {shown: [shown]}
    json.dumps(read_json(text), ensure_ascii=False).encode()


def test_numbers_that_json_has_not_are_words():
    assert read_json(json.dumps([float("inf"), float("-inf"), float("nan"), 1.5])) == [
        "Infinity",
        "-Infinity",
        "NaN",
        1.5,
    ]
