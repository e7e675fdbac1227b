"""Durations in a few numbers that can be added up: a histogram whose borders grow by a fifth, and what it tells."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

GROWTH: Final = 1.2
_FIRST_MS: Final = 1.0
_LAST: Final = 100  # from about 23 hours on

type Histogram = dict[int, int]
"""How many durations fell into each bucket: 0 below a millisecond, n from 1.2^(n-1) ms up to 1.2^n ms."""


def bucket_of(milliseconds: float) -> int:
    """The bucket of a duration; what is no duration counts as none."""
    if not milliseconds >= _FIRST_MS:
        return 0
    return min(_LAST, 1 + int(math.log(milliseconds / _FIRST_MS, GROWTH)))


def histogram(durations: Iterable[float]) -> Histogram:
    """The histogram of these durations in milliseconds."""
    found: Histogram = {}
    for one in durations:
        bucket = bucket_of(one)
        found[bucket] = found.get(bucket, 0) + 1
    return found


def added(some: Iterable[Mapping[int, int]]) -> Histogram:
    """The histogram of all that these tell of."""
    total: Histogram = {}
    for one in some:
        for bucket, count in one.items():
            total[bucket] = total.get(bucket, 0) + count
    return total


def percentile(found: Mapping[int, int], share: float) -> float | None:
    """Milliseconds that this share does not exceed (nearest rank), at most a tenth off; None of nothing."""
    total = sum(found.values())
    if not total:
        return None
    left = max(1, math.ceil(share * total))
    for bucket in sorted(found):
        left -= found[bucket]
        if left <= 0:
            return _FIRST_MS / 2 if bucket == 0 else _FIRST_MS * GROWTH ** (bucket - 0.5)
    raise AssertionError("unreachable")
