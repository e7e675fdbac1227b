"""Records written out by hand name every field they have, and say what the general writer says."""

from dataclasses import fields

import pytest

from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.response import Cookie, Hop, Timing
from wxcloudrun.engine.result import as_json
from wxcloudrun.engine.result.records import (
    AssertionRecord,
    Attempt,
    BodyRecord,
    ExtractionRecord,
    Outcome,
    Phase,
    RequestRecord,
    ResponseRecord,
    VariableRecord,
)
from wxcloudrun.engine.result.result import StepResult

TIMING = Timing(1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 21.5)
BODY = BodyRecord("{}", "text", 2, "44136f", False, "utf-8")
HEADERS = (("A", "b"), ("A", "c"))
ANSWER = ResponseRecord(
    301, "Moved", "1.1", HEADERS, BODY, "http://h/", TIMING, ({"name": "c"},), "1.2.3.4:80",
    (Hop("http://h/a", 302, "/b", None),), {"subject": "h"},
)  # fmt: skip
RECORDS = [
    (as_json.timing_json, TIMING),
    (as_json.body_json, BODY),
    (as_json.request_json, RequestRecord("POST", "http://h/", HEADERS, BODY, "curl http://h/")),
    (as_json.response_json, ANSWER),
    (
        as_json.attempt_json,
        Attempt(1, Outcome.ERROR, "now", 2.0, None, ErrorClass.TIMEOUT, "late", TIMING, "p", "t", "s"),
    ),
    (as_json.attempt_json, Attempt(2, Outcome.PASSED, "now")),
    (as_json.assertion_json, AssertionRecord(0, True, "n", "status", "eq", [1], {"a": 1}, "w", "near", "m", ("p",))),
    (as_json.extraction_json, ExtractionRecord("n", True, "v", "step", True, "hash", "m")),
    (as_json.variable_json, VariableRecord("n", "step", "v", True, "hash")),
]


@pytest.mark.parametrize(("write", "one"), RECORDS)
def test_a_record_is_written_as_the_general_writer_would(write, one):
    assert write(one) == as_json.plain(one)
    assert list(write(one)) == [field.name for field in fields(one)]


def test_a_result_names_every_field_but_those_that_are_not_masked():
    result = StepResult(
        "200000", "steps/0", "case", Outcome.PASSED, "", "", Phase.STEPS, "now", 1.0, response=ANSWER, log=("a",),
        cookies=(Cookie("c", "secret"),),
    )  # fmt: skip
    written = result.to_json()
    wanted = {field.name for field in fields(result)} - {"carried", "cookies"}
    assert written.keys() == wanted | {"passed_after_retry"}
    assert {name: written[name] for name in wanted} == {name: as_json.plain(getattr(result, name)) for name in wanted}
    assert type(written["outcome"]) is str
