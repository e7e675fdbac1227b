"""Many cases of one host that fail together are one incident."""

from datetime import UTC, datetime, timedelta

from wxcloudrun.analysis.incidents import HostFailure, incidents

START = datetime(2026, 5, 4, 10, tzinfo=UTC)


def failure(case, minutes, host="a.example.com", phase="connect", status="", run=1):
    return HostFailure(host, case, START + timedelta(minutes=minutes), phase, status, run)


def test_a_host_at_which_many_cases_fail_within_minutes_is_one_incident():
    some = [failure(case, case, run=case % 2) for case in range(6)]
    [found] = incidents([*some, failure(9, 300)])
    assert (found.host, found.cases, found.failures, found.phase, found.runs) == (
        "a.example.com",
        6,
        6,
        "connect",
        (0, 1),
    )
    assert (found.start, found.end) == (START, START + timedelta(minutes=5))


def test_few_cases_other_hosts_wrong_values_and_far_apart_are_none():
    assert incidents([failure(1, minute) for minute in range(30)]) == []
    assert incidents([failure(case, 0, host=f"{case}.example.com") for case in range(9)]) == []
    assert incidents([failure(case, 0, phase="assert", status="2xx") for case in range(9)]) == []
    assert incidents([failure(case, case * 11) for case in range(9)]) == []


def test_servers_that_answer_with_errors_count_and_the_newest_comes_first():
    old = [failure(case, 0, phase="assert", status="5xx") for case in range(5)]
    new = [failure(case, 60, host="b.example.com", phase="assert", status="gateway") for case in range(5)]
    assert [one.host for one in incidents(old + new)] == ["b.example.com", "a.example.com"]
