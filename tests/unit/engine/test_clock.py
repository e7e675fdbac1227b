"""The engine's clock writes a moment in one way, however it is asked."""

from datetime import UTC, datetime, timedelta

import pytest

from wxcloudrun.engine import clock
from wxcloudrun.engine.clock import SystemClock, stamp


@pytest.mark.parametrize("seconds", [0, 1_800_000_000.25, 1_800_000_000.5, 1_800_000_059.75, 1_800_000_059.9375])
def test_the_clock_stamps_the_moment_that_it_tells(monkeypatch, seconds):
    monkeypatch.setattr(clock.time, "time", lambda: seconds)
    assert SystemClock().stamp() == stamp(SystemClock().now())


def test_a_stamp_is_in_utc_with_milliseconds():
    moment = datetime(2026, 1, 2, 3, 4, 5, 60_700, tzinfo=UTC)
    assert stamp(moment) == "2026-01-02T03:04:05.060Z"
    assert stamp(moment + timedelta(seconds=55)) == "2026-01-02T03:05:00.060Z"
