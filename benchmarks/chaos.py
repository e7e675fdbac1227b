"""Workers are killed, brokers and databases go away while runs are carried out, and what must hold all the same.

python -m benchmarks.chaos [--what kills,broker,database] [--databases sqlite,postgresql] [--workers embedded,celery]
                           [--moments 200] [--runs 50] [--pause 2] [--away 60]

Prints a line for each; ends with an AssertionError at the first thing that does not hold. Redis and PostgreSQL of its
own are started where they are needed (`redis-server`, `pg_ctl`).
"""

import argparse
import contextlib
import time
from collections.abc import Iterator

from benchmarks.chaos_kills import kills
from benchmarks.chaos_outages import broker_away, database_restarts
from benchmarks.chaos_place import place
from benchmarks.chaos_servers import own_postgresql, own_redis


def main() -> None:
    """Do what was asked for, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--what", default="kills,broker,database")
    parser.add_argument("--away", type=float, default=60)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--workers", default="embedded,celery")
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between two kills, at most")
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    what = options.what.split(",")
    for kind in options.databases.split(","):
        for workers in options.workers.split(",") if "kills" in what else ():
            _killed(kind, workers, options)
        if "broker" in what:
            _without_broker(kind, options.away)
    if "database" in what:
        _without_database(options.seed)


def _without_broker(kind: str, away: float) -> None:
    with own_redis() as redis, place(kind, redis.url) as there:
        if there is not None:
            print(f"broker away, {kind}: {broker_away(there, redis, away)}", flush=True)


def _without_database(seed: str) -> None:
    with own_postgresql() as server:
        if server is None:
            print("database restarts: no PostgreSQL to start here")
            return
        with place("postgresql", server=server.url) as there:
            if there is not None:
                print(f"database restarts, postgresql: {database_restarts(there, server, seed)}", flush=True)


def _killed(kind: str, workers: str, options: argparse.Namespace) -> None:
    with _redis(workers) as broker, place(kind, broker) as there:
        if there is not None:
            began = time.monotonic()
            told = kills(there, options.moments, options.runs, f"{kind} {workers} {options.seed}", options.pause)
            print(f"kill -9, {workers}, {kind}: {told} ({time.monotonic() - began:.0f} s)", flush=True)


@contextlib.contextmanager
def _redis(workers: str) -> Iterator[str | None]:
    if workers != "celery":
        yield None
        return
    with own_redis() as redis:
        yield redis.url


if __name__ == "__main__":
    main()
