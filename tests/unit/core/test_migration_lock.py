"""One start at a time migrates a database; the lock of one that died is free again."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine

from wxcloudrun.core import migration_lock as module
from wxcloudrun.core.migration_lock import MigrationLockTimeout, migration_lock

HOLDER = """
import sys, time
from sqlalchemy import create_engine
from wxcloudrun.core.migration_lock import migration_lock
with create_engine(sys.argv[1]).connect() as connection, migration_lock(connection):
    print("held", flush=True)
    time.sleep(60)
"""


def _url(tmp: Path) -> URL:
    return URL.create("sqlite", database=str(tmp / "locked.sqlite3"))


def test_blocks_never_overlap(tmp_path: Path):
    inside, most = [0], [0]

    def migrate() -> None:
        engine = create_engine(_url(tmp_path))
        with engine.connect() as connection, migration_lock(connection):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.02)
            inside[0] -= 1
        engine.dispose()

    threads = [threading.Thread(target=migrate) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_who_waits_too_long_is_told_and_a_dead_holder_holds_nothing(tmp_path: Path, monkeypatch):
    root = str(Path(__file__).resolve().parents[3])
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(_url(tmp_path))],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": root},
    )
    engine = create_engine(_url(tmp_path))
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        monkeypatch.setattr(module, "_PATIENCE_S", 0.2)
        with engine.connect() as connection, pytest.raises(MigrationLockTimeout), migration_lock(connection):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with engine.connect() as connection, migration_lock(connection):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
        engine.dispose()


def test_a_database_in_memory_needs_no_lock():
    engine = create_engine("sqlite://")
    with engine.connect() as connection, migration_lock(connection), migration_lock(connection):
        pass
    engine.dispose()
