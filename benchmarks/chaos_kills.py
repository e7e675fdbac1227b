"""kill -9 at random moments: every run ends, nothing that was shown is lost, nothing comes twice."""

import threading
import time
from collections import Counter
from random import Random

from benchmarks.chaos_place import SIZE, Killable, Place, orders
from wxcloudrun.features.runs.models import RunState
from wxcloudrun.features.runs.supply import WORKER_LOST

AT_ONCE = 3


class Readers(threading.Thread):
    """Reads the results of runs through the API, and remembers each that it was shown."""

    def __init__(self, place: Place) -> None:
        super().__init__(daemon=True)
        self.runs: list[int] = []
        self.seen: dict[int, set[tuple[int, str]]] = {}
        self._place, self._over = place, threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.1):
            for run in self.runs[-20:]:
                self.seen.setdefault(run, set()).update(self._place.shown(run))

    def end(self) -> None:
        """Stop reading."""
        self._over.set()
        self.join()


def kills(place: Place, moments: int, runs: int, seed: str, pause_s: float) -> str:
    """Kill workers so often while so many runs are carried out; what came of it. Raises AssertionError.

    Between a worker that is at work and the next kill are up to `pause_s` seconds.
    """
    random, project = Random(seed), place.team.project
    place.target.delay_s = 0.1
    reader = Readers(place)
    reader.start()
    if place.broker is not None:
        place.beat()
    crew = [place.worker() for _ in range(AT_ONCE)]
    at_work = 0
    for moment in range(moments):
        while len(reader.runs) < runs and len(reader.runs) <= moment * runs // moments:
            number = len(reader.runs)
            reader.runs.append(place.run(project, orders(place.target, f"r{number}")))
        _ready(crew)
        time.sleep(random.uniform(0.0, pause_s))
        at_work += any(not place.desk.row(run).state.final for run in reader.runs[-5:])
        victim = _victim(place, crew, reader.runs[-5:], random)
        crew[victim].kill()
        crew[victim] = place.worker()
    for run in reader.runs:
        place.desk.ended(run, 120)
    reader.end()
    return f"{moments} kills, {at_work} with a run under way; {_checked(place, reader)}"


def _victim(place: Place, crew: list[Killable], runs: list[int], random: Random) -> int:
    """Mostly one that has a run in hand."""
    names = {row.worker or "" for row in map(place.desk.row, runs) if row.state is RunState.RUNNING}
    busy = [at for at, one in enumerate(crew) if any(str(one.process.pid) in name.split(":") for name in names)]
    return random.choice(busy) if busy and random.random() < 0.8 else random.randrange(len(crew))


def _ready(crew: list[Killable]) -> None:
    """Until one of them works."""
    ends = time.monotonic() + 60
    while not any(b"worker started" in one.log.read_bytes() or b" ready." in one.log.read_bytes() for one in crew):
        if time.monotonic() > ends:
            raise AssertionError("no worker starts")
        time.sleep(0.02)


def _checked(place: Place, reader: Readers) -> str:
    twice = [path for path, count in place.target.unsafe().items() if count > 1]
    assert twice == [], twice
    ends, claims, results, given_up = Counter[str](), 0, 0, 0
    for run in reader.runs:
        row, shown = place.desk.row(run), place.shown(run)
        paths = [path for _, path in shown]
        assert row.state.final
        assert reader.seen.get(run, set()) <= set(shown), "something that was shown is lost"
        assert len(paths) == len(set(paths)) == row.stored, "a result is doubled"
        assert row.passed + row.failed + row.error + row.skipped == row.stored
        if row.reason == WORKER_LOST:
            given_up += 1
        else:
            assert (row.stored, row.passed) == (SIZE, SIZE - len(place.desk.interrupted(run))), row.reason
        ends[row.state.name.lower()] += 1
        claims, results = claims + row.fence, results + row.stored
    seen = sum(len(one) for one in reader.seen.values())
    return (
        f"{len(reader.runs)} runs ended {dict(ends)}, {given_up} of them given up, {claims} claims, {results} results,"
        f" {seen} of them shown before: 0 lost, 0 doubled, 0 of {len(place.target.unsafe())} unsafe requests twice"
    )
