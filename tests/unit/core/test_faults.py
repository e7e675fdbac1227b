"""What is wrong with input is told so that one knows what to write, and nothing of the input is repeated."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wxcloudrun.core.faults import faults_of


class Inner(BaseModel):
    """Something inside."""

    model_config = ConfigDict(extra="forbid")
    method: str = Field("GET", pattern="^[A-Z]+$", description="In capitals.")


class Outer(BaseModel):
    """Something."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=3, min_length=1)
    state: Literal["draft", "done"] = "draft"
    tags: list[str] = Field([], max_length=1)
    inner: Inner | None = None
    several: list[Inner] = []
    number: int = Field(1, ge=1, le=5)
    switch: bool = False
    either: Annotated[int, Field(ge=0)] | Annotated[str, Field(max_length=2)] = 0
    names: dict[Annotated[str, Field(pattern="^[a-z]+$")], int] = {}


def told(value: object) -> dict[str, str | None]:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(value, strict=True)
    faults = {".".join(map(str, place)): detail for place, _, detail in faults_of(Outer, value, caught.value)}
    assert "CANARY" not in str(faults.values())
    return faults


@pytest.mark.parametrize(
    ("value", "field", "detail"),
    [
        ({}, "name", "this field is needed"),
        ({"name": "CANARY"}, "name", "at most 3 characters"),
        ({"name": ""}, "name", "at least 1 characters"),
        ({"name": 5}, "name", "a text is expected"),
        ({"name": "a", "state": "CANARY"}, "state", "write one of 'draft' or 'done'"),
        ({"name": "a", "tags": "CANARY"}, "tags", "a list is expected"),
        ({"name": "a", "tags": ["a", "b"]}, "tags", "at most 1 entries"),
        ({"name": "a", "number": 9}, "number", "5 at most"),
        ({"name": "a", "number": 0}, "number", "1 or more"),
        ({"name": "a", "number": "CANARY"}, "number", "a whole number is expected"),
        ({"name": "a", "switch": "CANARY"}, "switch", "true or false is expected"),
        ({"name": "a", "inner": "CANARY"}, "inner", "an object is expected"),
        ({"name": "a", "inner": {"method": "CANARY-"}}, "inner.method", "the text has to fit ^[A-Z]+$: In capitals."),
        ({"name": "a", "nam": 1}, "nam", "there is no field of this name here; closest: name"),
        (
            {"name": "a", "several": [{"metod": 1}]},
            "several.0.metod",
            "there is no field of this name here; closest: method",
        ),
        ({"name": "a", "either": "CANARY"}, "either", "at most 2 characters"),
        ({"name": "a", "names": {"B": 1}}, "names.B", "the text has to fit ^[a-z]+$"),
        ({"name": "a", "zzzz": 1}, "zzzz", "there is no field of this name here"),
    ],
)
def test_a_fault_says_what_to_write(value: object, field: str, detail: str):
    assert told(value)[field] == detail


def test_what_has_no_sentence_has_none():
    class Odd(BaseModel):
        """With a kind of value of its own."""

        when: bytes

    with pytest.raises(ValidationError) as caught:
        Odd.model_validate({"when": 5})
    assert [one[2] for one in faults_of(Odd, {"when": 5}, caught.value)] == [None]
