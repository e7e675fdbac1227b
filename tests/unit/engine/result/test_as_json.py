"""Anything of a result as a JSON value."""

from dataclasses import fields

from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.response import Cookie
from wxcloudrun.engine.result import as_json
from wxcloudrun.engine.result.records import DatasetRecord, Outcome, Phase, StepFault
from wxcloudrun.engine.result.result import StepResult


def test_a_record_is_written_with_every_field_and_words_as_texts():
    written = as_json.plain(StepFault(ErrorClass.TIMEOUT, "late"))
    assert written == {"error_class": "timeout", "message": "late", "detail": None}
    assert type(written["error_class"]) is str
    assert as_json.plain(DatasetRecord("k", "n", {"a": (1, {"b": 2.5})}, 7))["row"] == {"a": [1, {"b": 2.5}]}


def test_a_result_names_every_field_but_those_that_are_not_masked():
    result = StepResult(
        "200000", "steps/0", "case", Outcome.PASSED, "", "", Phase.STEPS, "now", 1.0, log=("a",),
        cookies=(Cookie("c", "secret"),),
    )  # fmt: skip
    written = result.to_json()
    wanted = {field.name for field in fields(result)} - {"carried", "cookies"}
    assert written.keys() == wanted | {"passed_after_retry"}
    assert {name: written[name] for name in wanted} == {name: as_json.plain(getattr(result, name)) for name in wanted}
    assert type(written["outcome"]) is str
