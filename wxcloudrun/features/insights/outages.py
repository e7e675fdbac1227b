"""Keeps which hosts were down: each ended run's failures that say so join what was known within minutes of them."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.analysis.incidents import LEAST_CASES, WITHIN, HostFailure, says_host, word_of
from wxcloudrun.features.insights.dao import CountingDao
from wxcloudrun.features.insights.gathering import Gathered

MOST_CASES: Final = 500  # that are told apart
MOST_RUNS: Final = 100
_KEPT: Final = timedelta(days=60)


class Outages:
    """Counts for hosts. The caller holds the project, in a transaction."""

    def __init__(self, dao: CountingDao) -> None:
        self._dao = dao

    def count(self, found: Gathered) -> None:
        """Count a run's failures; of a host the first 500 cases and the newest hundred runs are told apart."""
        for host, failures in sorted(_by_host(found).items()):
            self._join(found, host, failures)

    def _join(self, found: Gathered, host: str, failures: list[HostFailure]) -> None:
        project, at = found.run.project_id, found.at
        rows = self._dao.outages(project, host, at - WITHIN, at + WITHIN)
        if not rows:
            self._dao.forget_outages(project, at - _KEPT)
        cases = list(dict.fromkeys([one for row in rows for one in json.loads(row.cases)] + [f.case for f in failures]))
        phases = sum((Counter(json.loads(row.phases)) for row in rows), Counter(word_of(one) for one in failures))
        runs = sorted({found.run.id, *(number for row in rows for number in json.loads(row.runs))})[-MOST_RUNS:]
        values = {
            "project_id": project, "host": host, "big": len(cases) >= LEAST_CASES,
            "start_at": min([at, *(row.start_at for row in rows)]), "end_at": max([at, *(row.end_at for row in rows)]),
            "failures": len(failures) + sum(row.failures for row in rows),
            "cases": json.dumps(cases[:MOST_CASES]), "phases": json.dumps(phases), "runs": json.dumps(runs),
        }  # fmt: skip
        self._dao.put_outage(rows[0].id if rows else None, values)
        if len(rows) > 1:  # a run that ended between two of them makes them one
            self._dao.forget_outages(project, at - _KEPT, [row.id for row in rows[1:]])


def _by_host(found: Gathered) -> dict[str, list[HostFailure]]:
    lines: dict[int, Row[Any]] = {line.seq: line for line in found.lines}
    hosts: dict[str, list[HostFailure]] = {}
    for group in found.groups:
        told = group.cause.parts
        if not told["host"] or not says_host(told["phase"], told["status"]):
            continue
        for seq in group.seqs:
            line = lines.get(seq)
            if line is not None:
                case = line.case_id or line.name
                one = HostFailure(told["host"], case, found.at, told["phase"], told["status"], found.run.id)
                hosts.setdefault(told["host"][:255], []).append(one)
    return hosts
