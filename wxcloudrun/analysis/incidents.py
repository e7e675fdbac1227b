"""Many unrelated cases of one host that fail within minutes are one incident, not as many causes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

WITHIN: Final = timedelta(minutes=10)
LEAST_CASES: Final = 5
_NETWORK: Final = frozenset({"resolve", "connect", "tls", "timeout", "protocol"})


@dataclass(frozen=True, slots=True)
class HostFailure:
    """A failure at a host: which case, when, its cause, and the run."""

    host: str
    case: object
    at: datetime
    phase: str
    status: str
    run_id: int


@dataclass(frozen=True, slots=True)
class Incident:
    """A host at which so many cases failed from then until then, in these runs; `phase` is the most frequent one."""

    host: str
    start: datetime
    end: datetime
    cases: int
    failures: int
    phase: str
    runs: tuple[int, ...]


def incidents(failures: Iterable[HostFailure], least: int = LEAST_CASES, within: timedelta = WITHIN) -> list[Incident]:
    """Incidents, the newest first: failures that say "the host", none of them further than `within` from the next.

    A failure says so when no answer came, or an answer of 5xx. Fewer than `least` cases are none.
    """
    by_host: dict[str, list[HostFailure]] = {}
    for one in failures:
        if one.host and says_host(one.phase, one.status):
            by_host.setdefault(one.host, []).append(one)
    found = [
        _incident(host, group)
        for host, some in by_host.items()
        for group in _near(sorted(some, key=lambda one: one.at), within)
        if len({one.case for one in group}) >= least
    ]
    return sorted(found, key=lambda one: (one.end, one.host), reverse=True)


def says_host(phase: str, status: str) -> bool:
    """True for a failure that says "the host": no answer came, or one of 5xx."""
    return phase in _NETWORK or status in {"5xx", "gateway"}


def word_of(one: HostFailure) -> str:
    """What such a failure met: the phase in which it failed, else the status."""
    return one.phase if one.phase in _NETWORK else one.status


def _near(ordered: list[HostFailure], within: timedelta) -> list[list[HostFailure]]:
    groups: list[list[HostFailure]] = []
    for one in ordered:
        if groups and one.at - groups[-1][-1].at <= within:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _incident(host: str, group: list[HostFailure]) -> Incident:
    phases = [word_of(one) for one in group]
    return Incident(
        host=host,
        start=group[0].at,
        end=group[-1].at,
        cases=len({one.case for one in group}),
        failures=len(group),
        phase=max(sorted(set(phases)), key=phases.count),
        runs=tuple(sorted({one.run_id for one in group})),
    )
