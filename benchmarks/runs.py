"""What a step costs in a run: claimed, stored under its fence with bodies and checkpoints, against the engine alone.

The engine alone hands its rows to a bulk insert (`benchmarks/engine.py`); a run keeps the same facts so that another
worker could go on at any moment. CPU of the whole process, heartbeat and all.

python -m benchmarks.runs            CPU milliseconds a step of both, on SQLite and on MariaDB where there is one
python -m benchmarks.runs --profile  where the time goes
"""

import argparse
import cProfile
import gc
import pstats
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

import wxcloudrun.models  # noqa: F401 - every table
from benchmarks import target
from benchmarks.engine import engine_rows, plan
from benchmarks.loop import CALLS, PASSES
from benchmarks.stores import Store, stores
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import Base, engine_options, transaction
from wxcloudrun.features.projects.models import Project, ProjectState
from wxcloudrun.features.runs.crew import Places, RunCrew
from wxcloudrun.features.runs.execution import RunExecution
from wxcloudrun.features.runs.gate import StepGate
from wxcloudrun.features.runs.leases import Heart
from wxcloudrun.features.runs.models import Priority, Run, RunPlan, RunState, Trigger
from wxcloudrun.features.runs.packing import PLAN, sealed
from wxcloudrun.features.runs.supply import RunSupply
from wxcloudrun.features.runs.tables import RunTables
from wxcloudrun.features.runs.waking import Bell

ROUNDS = 7
DATABASE = "bench_runs"
_KEYS = KeyRing((("bench", bytes(32)),), b"bench")


def main() -> None:
    """Starts the target, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args()
    process, port = target.start()
    folder = Path(tempfile.mkdtemp())
    try:
        for store in stores():
            with _database(store.name, folder) as engine:
                bench = RunBench(engine, folder, port)
                if chosen.profile:
                    bench.profile()
                else:
                    measure(store, bench, port)
            store.close()
    finally:
        shutil.rmtree(folder)
        process.terminate()
        process.join()


def measure(store: Store, bench: "RunBench", port: int) -> None:
    """Both, alternating."""
    alone, runs = [], []
    for number in range(ROUNDS + 1):
        chosen = plan(port)
        gc.collect()
        began = time.process_time()
        store.insert(engine_rows(chosen))
        one = _ms_a_step(began)
        other = bench.round()
        if number:  # the first round warms both up
            alone.append(one)
            runs.append(other)
    theirs, ours = statistics.median(alone), statistics.median(runs)
    print(f"{store.name:<8} run {ours:.3f}  engine alone {theirs:.3f} CPU ms a step  ratio {ours / theirs:.2f}")


class RunBench:
    """Runs in one database, one after the other."""

    def __init__(self, engine: Engine, folder: Path, port: int) -> None:
        self._sessions = sessionmaker(engine)
        self._port = port
        self._tables = RunTables(self._sessions)
        self._folder = folder
        now = SystemClock().now()
        row = {"name": "bench", "description": "", "state": ProjectState.ACTIVE, "created_at": now, "updated_at": now}
        with self._sessions() as session, transaction(session):
            project = Project(version=1, **row)
            session.add(project)
            session.flush()
            self._project = project.id

    def round(self) -> float:
        """CPU milliseconds a step of one run; raises RuntimeError when it did not pass."""
        with self._sessions() as session, transaction(session):
            number = self._add(session)
        crew = self._crew()
        gc.collect()
        began = time.process_time()
        crew.start()
        while crew.busy == 0:
            time.sleep(0.005)
        while crew.busy:
            time.sleep(0.02)
        took = _ms_a_step(began)
        crew.stop()
        with self._sessions() as session:
            run = session.get(Run, number)
        if run is None or run.state is not RunState.PASSED or run.stored != PASSES * len(CALLS):
            raise RuntimeError(f"the run did not pass: {run and run.reason}")
        return took

    def profile(self) -> None:
        """The functions that take the most time."""
        self.round()
        with self._sessions() as session, transaction(session):
            self._add(session)
        supply = RunSupply(self._tables, "bench", lease_s=60, cap=4)
        claim = supply.next()
        if claim is None:
            raise RuntimeError("nothing to claim")
        profiler = cProfile.Profile()
        profiler.enable()
        RunExecution(self._tables, _KEYS, StepGate(16)).carry_out(claim, lambda recorder: None)
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(40)

    def _crew(self) -> RunCrew:
        supply = RunSupply(self._tables, "bench", lease_s=15, cap=4)
        execution = RunExecution(self._tables, _KEYS, StepGate(16))
        return RunCrew(supply, execution, Heart(self._tables, 15), Bell(self._folder), Places(8))

    def _add(self, session: Session) -> int:
        run = Run(
            project_id=self._project,
            title="bench",
            trigger=Trigger.MANUAL,
            priority=Priority.CI,
            created_at=SystemClock().now(),
        )
        session.add(run)
        session.flush()
        content = plan(self._port).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        session.add(RunPlan(run_id=run.id, content=sealed(content, _KEYS, PLAN)))
        session.flush()
        return run.id


@contextmanager
def _database(name: str, folder: Path) -> Iterator[Engine]:
    """The product's tables in a new database of that kind, removed afterwards."""
    server = make_url("mysql+pymysql://root@127.0.0.1:3306/?charset=utf8mb4")
    url = (
        URL.create("sqlite", database=str(folder / "runs.sqlite3"))
        if name == "SQLite"
        else server.set(database=DATABASE)
    )
    if name != "SQLite":
        _administer(server, f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
    engine = create_engine(url, **engine_options(url, pool_size=16, connect_timeout_s=5, statement_timeout_s=15))
    try:
        Base.metadata.create_all(engine)
        yield engine
    finally:
        engine.dispose()
        if name != "SQLite":
            _administer(server, f"DROP DATABASE {DATABASE}")


def _administer(server: URL, *statements: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    except OperationalError as error:
        raise SystemExit(f"MariaDB cannot be used: {error.orig}") from None
    finally:
        engine.dispose()


def _ms_a_step(began: float) -> float:
    return (time.process_time() - began) * 1000 / (PASSES * len(CALLS))


if __name__ == "__main__":
    main()
