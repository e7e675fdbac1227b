"""Faults that a test asks for: which request they hit, and what the caller sees."""

import time

import pytest

from wxcloudrun.simulator.faults import DroppedConnectionError, Fault, FaultKind, FaultList

PATH = "/sns/jscode2session"


def login(caller, code=None):
    return caller.exchange(code or caller.control("login-code")["code"])


@pytest.mark.parametrize(("kind", "status"), [("http500", 500), ("http502", 502)])
def test_a_gateway_error_is_html(caller, kind, status):
    caller.control("faults", path=PATH, kind=kind)
    answer = caller.client.get(PATH)
    assert answer.status_code == status
    assert answer.content_type.startswith("text/html")


def test_garbage_is_no_json_and_empty_is_nothing(caller):
    caller.control("faults", path=PATH, kind="garbage")
    caller.control("faults", path=PATH, kind="empty", nth=2)
    garbage, empty = caller.client.get(PATH), caller.client.get(PATH)
    assert b"<html>" in garbage.data
    assert (empty.status_code, empty.data) == (200, b"")
    with pytest.raises(UnicodeDecodeError):
        garbage.data.decode()


def test_an_errcode_is_answered_and_nothing_is_carried_out(caller):
    caller.control("faults", path=PATH, kind="errcode", value=40001)
    code = caller.control("login-code")["code"]
    assert login(caller, code)["errcode"] == 40001
    assert "openid" in login(caller, code)


def test_an_errcode_without_a_value_is_system_busy(caller):
    caller.control("faults", path=PATH, kind="errcode")
    assert login(caller)["errcode"] == -1


def test_a_slow_answer_is_the_right_answer_later(caller):
    caller.control("faults", path=PATH, kind="slow", value=60)
    began = time.monotonic()
    assert "openid" in login(caller)
    assert time.monotonic() - began >= 0.06


@pytest.mark.parametrize("kind", ["timeout", "reset"])
def test_a_dropped_request_is_not_carried_out(caller, kind):
    caller.control("faults", path=PATH, kind=kind)
    code = caller.control("login-code")["code"]
    with pytest.raises(DroppedConnectionError):
        login(caller, code)
    assert "openid" in login(caller, code)


@pytest.mark.parametrize("kind", ["consume_then_timeout", "consume_then_reset"])
def test_a_consumed_code_is_gone_although_nobody_heard_the_answer(caller, kind):
    caller.control("faults", path=PATH, kind=kind)
    code = caller.control("login-code")["code"]
    with pytest.raises(DroppedConnectionError):
        login(caller, code)
    assert login(caller, code)["errcode"] == 40163


def test_a_fault_begins_at_its_nth_request_and_lasts_its_times(caller):
    caller.control("faults", path=PATH, kind="errcode", value=-1, nth=2, times=2)
    assert [login(caller).get("errcode") for _ in range(4)] == [None, -1, -1, None]


def test_zero_times_is_for_ever_until_faults_are_taken_back(caller):
    caller.control("faults", path="/cgi-bin/*", kind="errcode", value=40001, times=0)
    assert [caller.legacy()["errcode"] for _ in range(3)] == [40001] * 3
    assert caller.stable()["errcode"] == 40001
    assert "openid" in login(caller)
    caller.client.delete("/_sim/faults")
    assert "access_token" in caller.legacy()


def test_every_waiting_fault_counts_the_requests(caller):
    faults = FaultList()
    faults.add(Fault("/a", FaultKind.EMPTY))
    faults.add(Fault("/a", FaultKind.GARBAGE, nth=2))
    taken = [faults.take(path) for path in ("/b", "/a", "/a", "/a")]
    assert [fault and fault.kind for fault in taken] == [None, FaultKind.EMPTY, FaultKind.GARBAGE, None]


def test_the_journal_names_the_fault(caller):
    caller.control("faults", path=PATH, kind="http502")
    caller.client.get(PATH)
    (entry,) = caller.client.get(f"/_sim/journal?path={PATH}").get_json()["entries"]
    assert (entry["fault"], entry["status"]) == ("http502", 502)


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "http500"},
        {"path": PATH, "kind": "earthquake"},
        {"path": PATH, "kind": "slow", "value": "long"},
        {"path": PATH, "kind": "slow", "nth": 0},
        {"path": PATH, "kind": "slow", "times": -1},
    ],
)
def test_a_fault_that_makes_no_sense_is_a_bad_request(caller, body):
    answer = caller.client.post("/_sim/faults", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["error"]
