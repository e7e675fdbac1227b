"""A body as a model: every fault has its field, and JSON's numbers are JSON's."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from wxcloudrun.core.errors import InvalidInput
from wxcloudrun.core.http.binding import printable, validated


class Left(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["left"]
    number: int


class Right(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["right"]
    number: int


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: int | None = None
    numbers: list[Annotated[int, Field(le=100)]] = []
    either: int | str | None = None
    side: Annotated[Left | Right, Field(discriminator="kind")] | None = None
    flag: bool = False


def _fields(value: object) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        validated(Body, value, strict=True)
    return [fault.field for fault in caught.value.fields]


def test_a_whole_number_with_a_point_is_an_integer_at_any_depth():
    sent = {"number": 1.0, "numbers": [1, 2.0, 3.0]}
    body = validated(Body, sent, strict=True)
    assert (body.number, body.numbers) == (1, [1, 2, 3])
    assert all(type(number) is int for number in body.numbers)
    assert sent == {"number": 1.0, "numbers": [1, 2.0, 3.0]}, "what was sent is left alone"


@pytest.mark.parametrize("value", [1.5, "1", True, [], 1e308])
def test_anything_else_is_no_integer(value):
    if value == 1e308:
        assert _fields({"numbers": [value]}) == ["numbers.0"]
    else:
        assert _fields({"number": value}) == ["number"]


def test_a_number_in_a_union_is_refused_like_any_other_fault():
    assert _fields({"side": {"kind": "left", "number": 1.5}})
    assert _fields({"either": 1.5})
    assert _fields({"side": {"kind": "left", "number": 1.0, "more": 1}})
    assert _fields({"either": 1.0})


def test_every_fault_is_named_by_its_dotted_path():
    assert _fields({"numbers": [1, "x", 101], "more": 1, "flag": 1}) == ["numbers.1", "numbers.2", "flag", "more"]
    assert _fields([]) == ["body"]


def test_a_hostile_name_is_cut_and_harmless():
    assert printable("a\x00\u202e\n" + "x" * 100) == "a???" + "x" * 60
    assert len(_fields({f"field{number}": 1 for number in range(1000)})) == 50
