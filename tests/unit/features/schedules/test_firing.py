"""Which of the times that are due are run."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wxcloudrun.features.schedules.firing import decided
from wxcloudrun.features.schedules.models import Misfire

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
GRACE = timedelta(minutes=1)


def ago(*minutes: float) -> list[datetime]:
    return [NOW - timedelta(minutes=one) for one in minutes]


def test_one_run_stands_for_all_that_were_missed():
    assert decided(ago(30, 20, 10), NOW, Misfire.ONCE, GRACE) == [False, False, True]


def test_nothing_is_made_up_for_beside_a_time_that_was_not_missed():
    assert decided(ago(20, 10, 0.5), NOW, Misfire.ONCE, GRACE) == [False, False, True]
    assert decided(ago(20, 0.9, 0.5), NOW, Misfire.ONCE, GRACE) == [False, True, True]


def test_what_was_missed_is_left_out_or_all_run():
    assert decided(ago(20, 10, 0.5), NOW, Misfire.SKIP, GRACE) == [False, False, True]
    assert decided(ago(20, 10), NOW, Misfire.SKIP, GRACE) == [False, False]
    assert decided(ago(20, 10, 0.5), NOW, Misfire.ALL, GRACE) == [True, True, True]
    assert decided([], NOW, Misfire.ONCE, GRACE) == []


@given(st.lists(st.floats(0, 500), min_size=1, max_size=20), st.sampled_from(list(Misfire)))
def test_what_is_within_its_grace_is_always_run_and_the_newest_unless_it_is_to_be_skipped(
    minutes: list[float], misfire: Misfire
):
    planned = sorted(ago(*minutes))
    runs = decided(planned, NOW, misfire, GRACE)
    assert all(run for one, run in zip(planned, runs, strict=True) if NOW - one <= GRACE)
    assert runs[-1] or misfire is Misfire.SKIP
