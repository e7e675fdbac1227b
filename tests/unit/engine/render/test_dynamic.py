"""Dynamic variables repeat by their seed."""

import re
from datetime import UTC, datetime

import pytest

from wxcloudrun.engine.errors import StepError
from wxcloudrun.engine.render.dynamic import DYNAMIC, USAGE, Draw


class Still:
    """A clock that stands still."""

    def now(self):
        return datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)

    def monotonic(self):
        return 0.0


def drawn(name, *arguments, seed="s"):
    return Draw(seed, Still()).value(name, arguments)


@pytest.mark.parametrize("name", sorted(DYNAMIC))
def test_every_dynamic_variable_gives_the_same_value_for_the_same_seed(name):
    value = drawn(name, *(["a", "b"] if name == "$randomChoice" else []))
    assert value == drawn(name, *(["a", "b"] if name == "$randomChoice" else []))
    assert value is not None


@pytest.mark.parametrize("name", sorted(set(DYNAMIC) - {"$randomChoice"}))
def test_random_variables_differ_between_seeds(name):
    values = {drawn(name, seed=str(number)) for number in range(30)}
    assert (len(values) > 1) == name.startswith(("$random", "$uuid", "$guid"))


def test_values_have_the_form_their_names_promise():
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", drawn("$uuid"))
    assert drawn("$timestamp") == 1772600767
    assert drawn("$timestampMs") == 1772600767890
    assert drawn("$isoTimestamp") == "2026-03-04T05:06:07.890Z"
    assert drawn("$isoTimestamp", "+1d") == "2026-03-05T05:06:07.890Z"
    assert drawn("$date") == "2026-03-04"
    assert drawn("$date", "%d.%m.%Y", "-1w") == "25.02.2026"
    assert 1 <= drawn("$randomInt", "1", "3") <= 3
    assert re.fullmatch(r"[A-Za-z]{12}", drawn("$randomString", "12"))
    assert re.fullmatch(r"1[3-9]\d{9}", drawn("$randomMobileNumber"))
    assert drawn("$randomChoice", "red", "green") in ("red", "green")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("$randomInt", ("x",)),
        ("$randomInt", ("5", "1")),
        ("$randomInt", ("1", "2", "3")),
        ("$timestamp", ("tomorrow",)),
        ("$timestamp", ("+999999999999d",)),
        ("$randomChoice", ()),
        ("$randomString", ("-1",)),
        ("$randomString", ("1000000000",)),
    ],
)
def test_arguments_that_do_not_fit_are_an_error_that_shows_how_to_write_it(name, arguments):
    with pytest.raises(StepError) as caught:
        drawn(name, *arguments)
    assert USAGE[name] in caught.value.message


def test_an_unknown_name_is_an_error():
    with pytest.raises(StepError, match="no dynamic variable"):
        drawn("$nothing")
