"""Two runs beside each other: every step has one place, and slower is said only where a history tells it."""

from wxcloudrun.analysis.comparison import StepSeen, compared


def step(name, wrong=False, took=None, cause=None):
    return StepSeen((name,), wrong, took, cause)


def names(found):
    return {name: [one[0] for one in getattr(found, name)] for name in found.__slots__ if name != "slower"}


def test_every_kind_of_difference():
    then = [step("ok"), step("mended", True), step("same", True, cause="a"), step("other", True, cause="a"),
            step("gone"), step("breaks"), step("unknown", True)]  # fmt: skip
    now = [step("ok"), step("mended"), step("same", True, cause="a"), step("other", True, cause="b"),
           step("breaks", True), step("new"), step("new and broken", True), step("unknown", True, cause="b")]  # fmt: skip
    assert names(compared(now, then)) == {
        "new_failures": ["breaks", "new and broken"],
        "fixed": ["mended"],
        "still_failing": ["same", "unknown"],
        "other_cause": ["other"],
        "added": ["new", "new and broken"],
        "removed": ["gone"],
    }


def test_of_several_steps_of_one_name_the_one_that_went_wrong_speaks():
    found = compared([step("a"), step("a", True), step("a")], [step("a", True), step("a")])
    assert names(found)["still_failing"] == ["a"]


def test_slower_is_said_by_a_history_and_never_by_one_run():
    history = {("a",): [100, 104, 98, 101, 99, 103]}
    found = compared([step("a", took=180.0)], [step("a", took=100.0)], history)
    [slow] = found.slower
    assert (slow.name, slow.now_ms, slow.usual_ms) == (("a",), 180.0, 100.5)
    assert 100 < slow.limit_ms < 180
    assert compared([step("a", took=9000.0)], [step("a", took=100.0)], {("a",): [100.0]}).slower == []
    assert compared([step("a", took=112.0)], [], history).slower == []
    assert compared([step("a", True, took=9000.0)], [], history).slower == []


def test_what_swings_always_is_not_slower_when_it_swings_again():
    history = {("a",): [50, 400, 90, 700, 60, 500, 80, 650]}
    assert compared([step("a", took=720.0)], [], history).slower == []
