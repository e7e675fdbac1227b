"""What a report costs among 10,000 and among 1,000,000 stored results: `python -m benchmarks.reports`.

Runs of a hundred steps, five of which fail, are copied until there are so many. Prints for every database at hand the
milliseconds of a report's resource and of its HTML file (the least of turns taken by both sizes), the ratio, and what
one run of ten thousand steps takes.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, create_engine, func, insert, literal, select
from sqlalchemy.orm import Session

import wxcloudrun.models  # noqa: F401 - every table
from benchmarks.databases import KINDS, new_database
from benchmarks.reports_rows import DEEP, PROJECT, READER, STEPS, people, results, run_row
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import Base, engine_options
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.reports.exports import ReportFiles
from wxcloudrun.features.reports.insight import NothingKnown
from wxcloudrun.features.reports.schemas import ReportQuery
from wxcloudrun.features.reports.service import ReportService
from wxcloudrun.features.runs.models import Run, RunResult

_R: Any = Run.__table__
_S: Any = RunResult.__table__
_WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--databases", default=KINDS)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    for kind in options.databases.split(","):
        with ExitStack() as stack:
            found = [stack.enter_context(filled(kind, count)) for count in (options.few, options.many)]
            engines = [engine for engine in found if engine is not None]
            if len(engines) < len(found):
                print(f"{kind}: no such server here")
                continue
            _print(kind, [_Reports(engine) for engine in engines], options.rounds)


def _print(kind: str, sizes: "list[_Reports]", rounds: int) -> None:
    print(f"\n{kind:<34}{'few':>9}{'many':>9}{'ratio':>7}")
    for name in ("report", "page", "report of ten thousand", "page of ten thousand"):
        times: list[list[float]] = [[] for _ in sizes]
        for _ in range(rounds if "ten" not in name else 3):
            for one, kept in zip(sizes, times, strict=True):
                kept.append(one.measure(name))
        few, many = (min(kept) * 1000 for kept in times)
        print(f"{name:<34}{few:>9.2f}{many:>9.2f}{many / few:>7.2f}", flush=True)


class _Reports:
    """Reports of the newest runs in one database."""

    def __init__(self, engine: Engine) -> None:
        session = Session(engine)
        self._reports = ReportService(session, ProjectAccess(session), NothingKnown())
        self._files = ReportFiles(session, self._reports)
        with engine.connect() as connection:
            deep = connection.scalar(select(func.max(_R.c.id)))
        self._deep, self._last = int(deep or 0), int(deep or 0) - 1

    def measure(self, name: str) -> float:
        """Processor seconds that it took here, and on servers the time of waiting for them."""
        number = self._deep if "ten" in name else self._last
        begun = time.perf_counter()
        if name.startswith("page"):
            for _ in self._files.page(Actor(READER), PROJECT, number, "zh").pieces:
                pass
        else:
            self._reports.report(Actor(READER), PROJECT, number, ReportQuery()).model_dump_json()
        return time.perf_counter() - begun


@contextmanager
def filled(kind: str, count: int) -> Iterator[Engine | None]:
    """A database with so many results, for as long as the block lasts; None where there is no such server."""
    with new_database(kind) as url:
        if url is None:
            yield None
            return
        engine = create_engine(url, **engine_options(url, pool_size=2, connect_timeout_s=3, statement_timeout_s=600))
        begun = time.perf_counter()
        _fill(engine, count // STEPS)
        print(f"{kind}: {count:,} results in {time.perf_counter() - begun:.0f} s", flush=True)
        yield engine
        engine.dispose()


def _fill(engine: Engine, runs: int) -> None:
    """So many runs, and one with very many steps behind them."""
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        people(connection, _WHEN)
        connection.execute(
            insert(_R), [run_row(number, _WHEN + timedelta(minutes=number)) for number in range(1, runs + 1)]
        )
        connection.execute(insert(_S), list(results(1, STEPS)))
    there = 1
    while there < runs:
        more = min(there, runs - there)
        columns = [column for column in _S.c if column.name != "run_id"]
        copied = select((_S.c.run_id + literal(there)).label("run_id"), *columns).where(_S.c.run_id <= more)
        with engine.begin() as connection:
            connection.execute(insert(_S).from_select([column.name for column in _S.c], copied))
        there += more
    with engine.begin() as connection:
        connection.execute(insert(_R), [run_row(runs + 1, _WHEN, steps=DEEP)])
        for begin in range(0, DEEP, 1000):
            connection.execute(insert(_S), list(results(runs + 1, 1000, begin)))


if __name__ == "__main__":
    main()
