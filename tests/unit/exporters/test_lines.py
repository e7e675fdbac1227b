"""JSON on lines of its own."""

import pytest

from wxcloudrun.exporters.page.lines import spread


def test_each_member_has_a_line_and_every_number_stays_as_it_was_written():
    text = '{"id":12345678901234567890,"n":1.50,"a":[],"o":{},"l":[1,{"k":"x, {y}: \\"z\\""}],"n":1e3}'
    assert spread(text).splitlines() == [
        "{",
        '  "id": 12345678901234567890,',
        '  "n": 1.50,',
        '  "a": [],',
        '  "o": {},',
        '  "l": [',
        "    1,",
        "    {",
        '      "k": "x, {y}: \\"z\\""',
        "    }",
        "  ],",
        '  "n": 1e3',
        "}",
    ]


@pytest.mark.parametrize(
    "text", ["", "{", "<html>", "[1,\n2]", '{"a":1}tail', "[" * 900 + "]" * 900, "[" * 5000 + "]" * 5000, "12"]
)
def test_what_is_no_json_has_lines_or_would_get_long_stays_as_it_came(text: str):
    assert spread(text) == text
