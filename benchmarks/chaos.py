"""Workers are killed at random moments while they carry out runs, and what must hold all the same.

python -m benchmarks.chaos [--databases sqlite,postgresql] [--workers embedded,celery] [--moments 200] [--runs 50]

Prints a line for each; ends with an AssertionError at the first thing that does not hold. Redis of its own is started
where it is needed (`redis-server`).
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.chaos_kills import kills
from benchmarks.chaos_place import OwnRedis, place


def main() -> None:
    """Do what was asked for, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--workers", default="embedded,celery")
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    for kind in options.databases.split(","):
        for workers in options.workers.split(","):
            _killed(kind, workers, options)


def _killed(kind: str, workers: str, options: argparse.Namespace) -> None:
    with _redis(workers) as broker, place(kind, broker) as there:
        if there is not None:
            began = time.monotonic()
            told = kills(there, options.moments, options.runs, f"{kind} {workers} {options.seed}")
            print(f"kill -9, {workers}, {kind}: {told} ({time.monotonic() - began:.0f} s)", flush=True)


@contextlib.contextmanager
def _redis(workers: str) -> Iterator[str | None]:
    if workers != "celery":
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        redis = OwnRedis(Path(folder))
        try:
            yield redis.url
        finally:
            redis.stop()


if __name__ == "__main__":
    main()
