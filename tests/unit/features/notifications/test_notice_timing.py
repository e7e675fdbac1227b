"""Quiet hours, and the pauses between attempts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxcloudrun.features.notifications.timing import GIVE_UP, LONGEST, Quiet, pause, rest

NIGHT = Quiet.parse("22:00", "08:00")
NOON = Quiet.parse("12:00", "13:30")


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-03-01T13:59:00Z", None),  # 21:59 in Shanghai
        ("2026-03-01T14:00:00Z", "2026-03-02T00:00:00Z"),
        ("2026-03-01T23:59:00Z", "2026-03-02T00:00:00Z"),
        ("2026-03-02T00:00:00Z", None),
    ],
)
def test_a_night_ends_in_the_morning_of_its_zone(now, ends):
    found = NIGHT.ends(datetime.fromisoformat(now), "Asia/Shanghai")
    assert found == (None if ends is None else datetime.fromisoformat(ends))


def test_quiet_hours_may_lie_within_a_day():
    noon = datetime(2026, 3, 1, 12, 15, tzinfo=UTC)
    assert NOON.ends(noon, "UTC") == datetime(2026, 3, 1, 13, 30, tzinfo=UTC)
    assert NOON.ends(noon + timedelta(hours=2), "UTC") is None


def test_a_night_in_which_the_clocks_change_ends_by_the_clock():
    before = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)  # 23:00 in Berlin, and the night has an hour less
    assert NIGHT.ends(before, "Europe/Berlin") == datetime(2026, 3, 29, 6, 0, tzinfo=UTC)


@given(st.floats(0, 1))
def test_pauses_grow_to_six_hours_and_fill_about_a_day(chance: float):
    pauses = [pause(attempt, None, chance) for attempt in range(1, 40)]
    assert timedelta(seconds=48) <= pauses[0] <= timedelta(seconds=72)
    assert pauses == sorted(pauses)
    assert max(pauses) <= LONGEST
    total, attempts = timedelta(), 0
    while total + pauses[attempts] <= GIVE_UP:
        total, attempts = total + pauses[attempts], attempts + 1
    assert 10 <= attempts <= 16
    assert total > timedelta(hours=17)


def test_a_receivers_own_pause_is_kept_and_bounded():
    assert pause(1, 30, 0) == timedelta(seconds=30)
    assert pause(9, 30, 1) == timedelta(seconds=36)
    assert pause(1, 0, 0) == timedelta(seconds=1)
    assert pause(1, 10**9, 1) == LONGEST


def test_a_channel_rests_after_five_failures_an_hour_at_most():
    assert [rest(failures) for failures in (1, 4)] == [None, None]
    assert [rest(failures) for failures in (5, 6, 99)] == [
        timedelta(minutes=5),
        timedelta(minutes=10),
        timedelta(hours=1),
    ]
