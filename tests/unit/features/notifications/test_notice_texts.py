"""What messages say of an ended run."""

import pytest

from tests.unit.exporters.samples import a_run
from wxcloudrun.exporters.report import Cause, Changes, OtherRun, Totals
from wxcloudrun.features.notifications.texts import Told, run_notice
from wxcloudrun.integrations.notice import Notice

SINCE = OtherRun(30, "", None)


def told(cause: Cause, green: OtherRun | None = None, failed: int = 1, language: str = "en") -> Notice:
    run = a_run(totals=Totals(passed=3, failed=failed))
    changes = Changes(OtherRun(41, "failed", None), green, new_failures=1)
    return run_notice(Told("run_failed", 1, run, changes, [cause], 1, None), language, "2026-01-01 10:00")


@pytest.mark.parametrize(
    ("since", "green", "point"),
    [
        (None, OtherRun(40, "passed", None), "2x POST /pay"),
        (SINCE, None, "2x POST /pay (since run 30)"),
        (SINCE, OtherRun(29, "passed", None), "2x POST /pay (since run 30)"),
        (SINCE, OtherRun(40, "passed", None), "2x POST /pay (back again, first seen in run 30)"),
    ],
)
def test_a_cause_says_since_when_it_is_there_or_that_it_came_back(since, green, point):
    assert told(Cause("k", "POST /pay", 2, since=since), green).points == (point,)


@pytest.mark.parametrize(
    ("failed", "language", "end"),
    [
        (1, "en", "1 step failed, 3 passed"),
        (2, "en", "2 steps failed, 3 passed"),
        (1, "zh", "1 步失败，3 步通过"),
    ],
)
def test_the_title_counts_as_people_do(failed, language, end):
    assert told(Cause("k", "POST /pay", 1), failed=failed, language=language).title.endswith(f": {end}")
