"""When schedules are due: time zones, clocks that are set forward and back, intervals, and long silences."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wxcloudrun.features.schedules.timing import (
    MOST_AT_ONCE,
    Cron,
    Every,
    Once,
    cron_fault,
    due,
    upcoming,
    zone_fault,
)

NEW_YORK, SHANGHAI, LORD_HOWE = "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"
FORWARD = datetime(2026, 3, 8, tzinfo=UTC)  # at 2:00 EST, which is 7:00 UTC, it is 3:00 in New York
BACK = datetime(2026, 11, 1, tzinfo=UTC)  # at 2:00 EDT, which is 6:00 UTC, it is 1:00 again


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def walls(text: str, zone: str, start: datetime, count: int) -> list[str]:
    """What the clocks show at the next times, with the offset."""
    found = upcoming(Cron(text, zone), start, count)
    return [one.astimezone(ZoneInfo(zone)).strftime("%d %H:%M %z") for one in found]


def test_a_cron_is_meant_in_its_zone():
    assert Cron("30 2 * * *", SHANGHAI).after(utc(2026, 1, 1)) == utc(2026, 1, 1, 18, 30)
    assert Cron("0 9 * * mon-fri", "Europe/Berlin").after(utc(2026, 7, 3, 12)) == utc(2026, 7, 6, 7)


def test_a_time_that_the_clocks_skip_is_due_once_right_after_the_gap():
    assert walls("30 2 * * *", NEW_YORK, FORWARD, 3) == ["08 03:00 -0400", "09 02:30 -0400", "10 02:30 -0400"]
    assert walls("0 2 * * *", NEW_YORK, FORWARD, 2) == ["08 03:00 -0400", "09 02:00 -0400"]
    assert walls("0,30 2 * * *", NEW_YORK, FORWARD, 2) == ["08 03:00 -0400", "09 02:00 -0400"]
    assert walls("0 2,3 * * *", NEW_YORK, FORWARD, 2) == ["08 03:00 -0400", "09 02:00 -0400"]


def test_a_time_that_the_clocks_show_twice_is_due_the_first_time_only():
    assert walls("30 1 * * *", NEW_YORK, BACK, 2) == ["01 01:30 -0400", "02 01:30 -0500"]
    between = utc(2026, 11, 1, 6, 10)  # 1:10 for the second time
    assert walls("30 1 * * *", NEW_YORK, between, 1) == ["02 01:30 -0500"]


def test_every_hour_means_every_hour_that_passes():
    assert walls("0 * * * *", NEW_YORK, utc(2026, 3, 8, 5, 30), 3) == [
        "08 01:00 -0500",
        "08 03:00 -0400",
        "08 04:00 -0400",
    ]
    assert walls("30 * * * *", NEW_YORK, utc(2026, 11, 1, 4, 45), 3) == [
        "01 01:30 -0400",
        "01 01:30 -0500",
        "01 02:30 -0500",
    ]
    assert walls("*/15 */1 * * *", NEW_YORK, utc(2026, 11, 1, 5, 40), 4) == [
        "01 01:45 -0400",
        "01 01:00 -0500",
        "01 01:15 -0500",
        "01 01:30 -0500",
    ]


def test_a_change_of_half_an_hour_is_one_too():
    assert walls("15 2 * * *", LORD_HOWE, utc(2026, 10, 3), 2) == ["04 02:30 +1100", "05 02:15 +1100"]


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(datetime(2026, 3, 6), datetime(2026, 3, 11))
    | st.datetimes(datetime(2026, 10, 30), datetime(2026, 11, 3)),
    st.sampled_from(["*/20 * * * *", "7 */5 * * *"]),
    st.sampled_from([NEW_YORK, LORD_HOWE, SHANGHAI, "UTC"]),
)
@example(datetime(2026, 11, 1, 5, 59), "*/20 * * * *", NEW_YORK)
def test_every_hour_is_exactly_the_minutes_at_which_the_clocks_show_it(start: datetime, text: str, zone: str):
    moment, there = start.replace(tzinfo=UTC), ZoneInfo(zone)
    first = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    minutes = [first + timedelta(minutes=n) for n in range(720)]

    def fits(local: datetime) -> bool:
        return local.minute % 20 == 0 if text.startswith("*/20") else local.minute == 7 and local.hour % 5 == 0

    expected = [one for one in minutes if fits(one.astimezone(there))]
    assert upcoming(Cron(text, zone), moment, len(expected)) == expected


@settings(max_examples=60, deadline=None)
@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.integers(0, 23), st.integers(0, 59))
@example(datetime(2026, 3, 6), 2, 30)
@example(datetime(2026, 10, 30), 1, 30)
def test_a_daily_time_is_due_once_on_every_day(start: datetime, hour: int, minute: int):
    found = upcoming(Cron(f"{minute} {hour} * * *", NEW_YORK), start.replace(tzinfo=UTC), 6)
    days = [one.astimezone(ZoneInfo(NEW_YORK)).date() for one in found]
    assert days == [days[0] + timedelta(days=n) for n in range(6)]


def test_an_interval_keeps_to_its_anchor():
    every = Every(90_000, utc(2026, 1, 1))
    assert every.after(utc(2025, 12, 1)) == utc(2026, 1, 1)
    assert every.after(utc(2026, 1, 1)) == utc(2026, 1, 1, 0, 1, 30)
    assert every.after(utc(2026, 1, 1, 0, 2)) == utc(2026, 1, 1, 0, 3)


def test_once_is_once():
    once = Once(utc(2026, 1, 1))
    assert once.after(utc(2025, 1, 1)) == utc(2026, 1, 1)
    assert once.after(utc(2026, 1, 1)) is None


def test_what_is_due_after_a_long_silence_is_bounded_and_counted():
    found = due(Every(60_000, utc(2026, 1, 1)), utc(2026, 1, 1), utc(2026, 1, 2))
    assert len(found.planned) == MOST_AT_ONCE
    assert (found.first, found.dropped, found.more) == (utc(2026, 1, 1), 1441 - MOST_AT_ONCE, False)
    assert found.planned[-1] == utc(2026, 1, 2)


def test_what_is_older_than_anybody_counts_is_said_to_be_more():
    found = due(Every(60_000, utc(2020, 1, 1)), utc(2020, 1, 1), utc(2026, 1, 2))
    assert found.more
    assert (len(found.planned), found.planned[-1]) == (MOST_AT_ONCE, utc(2026, 1, 2))


@pytest.mark.parametrize(
    ("text", "position", "named"),
    [
        ("60 * * * *", 0, "field 1 of 5, minute"),
        ("* 25 * * *", 2, "field 2 of 5, hour"),
        ("0  0 32 * *", 5, "field 3 of 5, day of month"),
        ("0 0 * foo *", 6, "field 4 of 5, month"),
        ("0 0 * * 8", 8, "field 5 of 5, day of week"),
        ("R * * * *", 0, "minute"),
        ("0 h(1-3) * * *", 2, "hour"),
        ("0 0 * *", 0, "there are 4"),
        ("* * * * * *", 0, "there are 6"),
        ("@daily", 0, "there are 1"),
        ("0 0 30 2 *", 0, "no such day"),
    ],
)
def test_a_cron_that_cannot_be_is_refused_with_the_place(text: str, position: int, named: str):
    fault = cron_fault(text)
    assert fault is not None
    assert (fault.field, fault.position) == ("cron", position)
    assert named in str(fault.detail)


@pytest.mark.parametrize(
    "text", ["0 0 29 2 *", "*/5 8-18 * * mon-fri", "0 0 L * *", "0 9 * * fri#2", "0 0 1,15 jan,jul *"]
)
def test_a_usable_cron_is_not(text: str):
    assert cron_fault(text) is None


@settings(max_examples=150, deadline=None)
@given(st.text("0123456789*/,-#LRHrh? monjan()", max_size=30))
def test_whatever_is_not_refused_has_times(text: str):
    if cron_fault(text) is None:
        assert len(upcoming(Cron(text, NEW_YORK), utc(2026, 1, 1), 2)) >= 1


@pytest.mark.parametrize("name", ["Mars/Olympus", "America", "../etc/passwd", "x"])
def test_an_unknown_zone_is_refused(name: str):
    assert zone_fault(name) is not None
    assert zone_fault(SHANGHAI) is None
