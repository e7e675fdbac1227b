"""Which failures have one cause, told from what their results hold."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.exporters.samples import a_detail, a_request, an_assertion
from wxcloudrun.features.reports.causes import Part, cause_of, divided, grouped


def a_row(seq: int = 0, **more: Any) -> Any:
    told: dict[str, Any] = {"seq": seq, "case_id": 1, "name": "pay", "phase": "steps", "error_class": None}
    told |= {"status": 500, "message": "expected status to equal 200, got 500"}
    return SimpleNamespace(**(told | more))


def detail(url: str = "http://api.example/orders/17", **more: Any) -> dict[str, Any]:
    return a_detail("failed", request=a_request(url=url), **more)


def key(row: Any, told: dict[str, Any]) -> str:
    return cause_of(row, told).key


def test_ids_numbers_and_quoted_values_make_no_other_cause():
    one = key(a_row(message="order 17 of 'Ann' is missing"), detail("http://api.example/orders/17?page=2"))
    two = key(a_row(message="order 99 of 'Bob' is missing"), detail("http://api.example/orders/99"))
    assert one == two


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (a_row(), detail("http://other.example/orders/17")),
        (a_row(), detail("http://api.example/refunds/17")),
        (a_row(status=404), detail()),
        (a_row(error_class="timeout", status=None), detail()),
        (a_row(), detail(assertions=[an_assertion(False, source="jsonpath $.state")])),
    ],
)
def test_another_host_path_status_class_error_or_assertion_is_another_cause(row: Any, told: dict[str, Any]):
    assert key(row, told) != key(a_row(), detail())


def test_the_largest_group_comes_first_and_one_detail_of_each_look_is_read():
    rows = [a_row(0, status=404, case_id=2), *(a_row(seq, message=f"got {seq}") for seq in range(1, 500))]
    asked: list[int] = []

    def details(seqs):
        asked.extend(seqs)
        return {seq: detail() for seq in seqs}

    groups = grouped(rows, details)
    assert [len(group.seqs) for group in groups] == [499, 1]
    assert groups[0].seqs[:3] == [1, 2, 3]
    assert asked == [0, 1]


def test_a_failure_whose_detail_is_gone_has_a_cause_all_the_same():
    [group] = grouped([a_row()], lambda _: {})
    assert group.title == "pay: expected status to equal 200, got 500"


def test_a_url_that_is_none_is_no_obstacle():
    assert key(a_row(), detail("http://[***")) == key(a_row(), detail("http://[***"))


def test_a_title_is_one_line_that_steers_nothing():
    title = cause_of(a_row(message="a\nb\u202ec"), {}).title
    assert title.endswith("a b\\u202ec")


def test_what_people_took_out_of_a_cause_is_a_group_of_its_own():
    rows = [a_row(seq, case_id=seq // 2) for seq in range(8)]
    groups = grouped(rows, lambda seqs: {seq: detail() for seq in seqs})
    [whole] = groups
    cases = {row.seq: row.case_id for row in rows}
    parts = {whole.key: [Part("s", 7, None), Part("c", None, 1), Part("both", 7, 2), Part("elsewhere", 8, 3)]}

    def told(scenario):
        return {one.key: one.seqs for one in divided(groups, parts, scenario, cases)}

    assert told(7) == {"s": [0, 1, 6, 7], "c": [2, 3], "both": [4, 5]}
    assert told(8) == {whole.key: [0, 1, 4, 5], "c": [2, 3], "elsewhere": [6, 7]}
    assert told(None) == {whole.key: [0, 1, 4, 5, 6, 7], "c": [2, 3]}
    assert [one.title for one in divided(groups, parts, 7, cases)] == [whole.title] * 3
    assert divided(groups, {}, 7, cases) == groups
    assert divided(groups, parts, 7, {})[0].seqs == list(range(8)), "of what is not known only the scenario tells"
