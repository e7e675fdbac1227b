"""What runs do while their broker is away, and while their database dies and comes back."""

import time
from collections import Counter
from random import Random

from benchmarks.chaos_place import SIZE, Place, orders
from benchmarks.chaos_servers import OwnPostgreSQL, OwnRedis

RUNS = 20
RESTARTS = 5


def broker_away(place: Place, redis: OwnRedis, seconds: float) -> str:
    """Runs that begin before, and while the broker is away, all pass; what came of it. Raises AssertionError."""
    place.target.delay_s = 0.05
    project = place.team.project
    place.beat()
    place.worker()
    runs = [place.run(project, orders(place.target, f"r{number}")) for number in range(RUNS // 2)]
    place.target.wait_for(10)
    redis.stop()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if len(runs) < RUNS:
            runs.append(place.run(project, orders(place.target, f"r{len(runs)}")))
        time.sleep(seconds / RUNS)
    redis.start()
    back = time.monotonic()
    for run in runs:
        place.desk.ended(run, 120)
    took = time.monotonic() - back
    return f"away for {seconds:.0f} s; {_checked(place, runs)}, the last one {took:.1f} s after it was back"


def database_restarts(place: Place, server: OwnPostgreSQL, seed: str) -> str:
    """Runs whose database dies several times on the way; what came of it. Raises AssertionError."""
    random, project = Random(seed), place.team.project
    place.target.delay_s = 0.1
    place.worker()
    place.worker()
    runs: list[int] = []
    for _ in range(RESTARTS):
        runs += [place.run(project, orders(place.target, f"r{len(runs) + number}")) for number in range(RUNS // 5)]
        place.target.wait_for(len(place.target.seen) + 3)
        time.sleep(random.uniform(0.0, 1.0))
        server.restart()
        place.desk.engine.dispose()
    for run in runs:
        place.desk.ended(run, 120)
    return f"{RESTARTS} restarts; {_checked(place, runs)}"


def _checked(place: Place, runs: list[int]) -> str:
    assert [path for path, count in place.target.unsafe().items() if count > 1] == []
    rows = [place.desk.row(run) for run in runs]
    for row in rows:
        doubted = len(place.desk.interrupted(row.id))
        assert (row.stored, row.passed) == (SIZE, SIZE - doubted), row.reason
        assert len(set(place.desk.paths(row.id))) == SIZE
    doubted = sum(len(place.desk.interrupted(run)) for run in runs)
    ends = dict(Counter(row.state.name.lower() for row in rows))
    return f"{len(runs)} runs came to their end {ends}, {doubted} of {len(runs) * SIZE} steps in doubt, none sent twice"
