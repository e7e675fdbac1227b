"""Trace ids are valid, repeatable and different where they must be."""

import re

from wxcloudrun.engine.send.trace import parent_id, trace_headers, trace_id, traceparent


def test_the_header_has_the_standards_form():
    trace = trace_id("seed")
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", traceparent(trace, parent_id(trace, "login", 1)))


def test_a_run_has_one_trace_and_an_attempt_one_parent():
    first, again, other = (dict(trace_headers(seed, "run-1", "login", 1)) for seed in (7, 7, 8))
    second = dict(trace_headers(7, "run-1", "login", 2))
    assert first == again
    assert first["traceparent"][3:35] == second["traceparent"][3:35] != other["traceparent"][3:35]
    assert first["traceparent"] != second["traceparent"]


def test_the_label_can_stand_in_a_header():
    assert dict(trace_headers(1, "运行\r\n", "a b", 1))["X-Test-Run"] == "----/a-b/1"
