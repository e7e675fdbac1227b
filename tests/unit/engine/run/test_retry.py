"""When to try again, and after how long."""

from datetime import UTC, datetime

import pytest

from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.plan.steps import Retry
from wxcloudrun.engine.result.records import Outcome
from wxcloudrun.engine.run.retry import delay_ms, retry_after_ms, retry_delay_ms, wants_retry

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "outcome", "status", "error", "again"),
    [
        ({}, "failed", 500, None, True),
        ({}, "error", None, "timeout", True),
        ({}, "passed", 200, None, False),
        ({"on": ["error"]}, "failed", 500, None, False),
        ({"statuses": ["5xx"]}, "failed", 503, None, True),
        ({"statuses": ["5xx", 429]}, "failed", 429, None, True),
        ({"statuses": ["5xx"]}, "failed", 404, None, False),
        ({"statuses": ["5xx"]}, "error", None, "timeout", False),
        ({"error_classes": ["timeout"]}, "error", None, "timeout", True),
        ({"error_classes": ["timeout"]}, "error", None, "connect", False),
        ({}, "error", None, "canceled", False),
        ({}, "error", None, "guard", False),
    ],
)
def test_what_is_tried_again(rule, outcome, status, error, again):
    error_class = ErrorClass(error) if error else None
    assert wants_retry(Retry(**rule), Outcome(outcome), status, error_class) is again


def test_waits_grow_and_are_bounded():
    retry = Retry(interval_ms=100, backoff=2, max_interval_ms=500)
    assert [delay_ms(retry, failures) for failures in (1, 2, 3, 4, 9)] == [100, 200, 400, 500, 500]


def test_jitter_repeats_with_the_seed_and_stays_in_its_bounds():
    retry = Retry(interval_ms=1000, jitter=0.2)
    waits = [retry_delay_ms(retry, 1, str(seed), None, NOW) for seed in range(50)]
    assert min(waits) >= 800
    assert max(waits) <= 1200
    assert len(set(waits)) > 40
    assert waits[0] == retry_delay_ms(retry, 1, "0", None, NOW)


def test_retry_after_is_respected_within_the_bound():
    retry = Retry(interval_ms=100, max_interval_ms=5000)
    assert retry_delay_ms(retry, 1, "s", "2", NOW) == 2000
    assert retry_delay_ms(retry, 1, "s", "3600", NOW) == 5000
    assert retry_delay_ms(Retry(interval_ms=100, retry_after=False), 1, "s", "2", NOW) == 100


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("3", 3000),
        ("Thu, 01 Jan 2026 00:00:10 GMT", 10_000),
        ("Wed, 31 Dec 2025 00:00:10 GMT", 0),
        ("soon", None),
        ("-1", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, wait):
    assert retry_after_ms(header, NOW) == wait
