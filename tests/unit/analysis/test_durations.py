"""Histograms add up, and tell percentiles a tenth off at most."""

import math
from random import Random

import pytest

from wxcloudrun.analysis.durations import added, bucket_of, histogram, percentile


def test_percentiles_are_a_tenth_off_at_most():
    random = Random(3)  # noqa: S311 - test data
    durations = sorted(random.lognormvariate(5, 1.2) + 1 for _ in range(3000))
    found = histogram(durations)
    for share in (0.01, 0.5, 0.9, 0.95, 0.99, 1.0):
        exact = durations[math.ceil(share * len(durations)) - 1]
        assert percentile(found, share) == pytest.approx(exact, rel=0.1)


def test_sums_of_histograms_are_the_histogram_of_all():
    assert added([histogram([1, 5, 900]), histogram([5, 0.2]), {}]) == histogram([1, 5, 900, 5, 0.2])


def test_whatever_comes_has_a_bucket():
    assert bucket_of(0) == bucket_of(-5) == bucket_of(math.nan) == 0
    assert bucket_of(1e18) == bucket_of(1e12)
    assert percentile({}, 0.5) is None
