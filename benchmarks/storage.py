"""What 10,000 results of one scenario that is run again and again take, against each with its bodies in its row.

`each in its row` is the JSON that the API answers for a result, uncompressed, with both bodies in it. Ours are the rows
with their compressed details, the bodies kept once, what a body's use takes, and the encrypted plans.

python -m benchmarks.storage        bytes of both, and their ratio; SQLite
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, func, select

from benchmarks import target
from benchmarks.runs import RunBench
from wxcloudrun.core.db import Base, engine_options
from wxcloudrun.features.runs.models import RunBody, RunBodyUse, RunPlan, RunResult
from wxcloudrun.features.runs.packing import unpacked
from wxcloudrun.features.runs.results import put_back

RUNS = 10
_USE = 64 + 8 + 8  # bytes of a row that says which run has which body


def main() -> None:
    """Starts the target, stores, prints."""
    process, port = target.start()
    folder = Path(tempfile.mkdtemp())
    try:
        url = URL.create("sqlite", database=str(folder / "storage.sqlite3"))
        engine = create_engine(url, **engine_options(url, pool_size=16, connect_timeout_s=5, statement_timeout_s=15))
        Base.metadata.create_all(engine)
        bench = RunBench(engine, folder, port)
        for number in range(1, RUNS + 1):
            bench.round()
            if number in {1, RUNS}:
                tell(engine)
    finally:
        shutil.rmtree(folder)
        process.terminate()
        process.join()


def tell(engine: Engine) -> None:
    """Both sums after the runs so far."""
    with engine.connect() as connection:
        ask = connection.scalar
        results = ask(select(func.count()).select_from(RunResult)) or 0
        ours = {
            "details": ask(select(func.sum(func.length(RunResult.detail)))) or 0,
            "bodies": ask(select(func.sum(RunBody.kept))) or 0,
            "uses": _USE * (ask(select(func.count()).select_from(RunBodyUse)) or 0),
            "plans": ask(select(func.sum(func.length(RunPlan.content)))) or 0,
        }
    theirs, total = sum(map(len, in_rows(engine))), sum(ours.values())
    parts = ", ".join(f"{name} {size / 1000:,.0f}" for name, size in ours.items())
    print(
        f"{results:>6} results: ours {total / 1000:,.0f} kB ({parts}), each in its row {theirs / 1000:,.0f} kB, "
        f"ratio 1/{theirs / total:.1f}"
    )


def in_rows(engine: Engine) -> Iterator[bytes]:
    """Each result as it would be with its bodies in it."""
    with engine.connect() as connection:
        packed: Any = connection.execute(select(RunBody.sha256, RunBody.packed)).all()
        kept = {row.sha256: row.packed for row in packed}
        for (detail,) in connection.execute(select(RunResult.detail)):
            whole = unpacked(detail)
            put_back(whole, kept)
            yield json.dumps(whole, separators=(",", ":")).encode()


if __name__ == "__main__":
    main()
