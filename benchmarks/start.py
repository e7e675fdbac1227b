"""Time from starting the process to its first answer, beside importing Flask, SQLAlchemy and pydantic alone.

`python -m benchmarks.start [--rounds N]` prints seconds (medians) of both and the ratio, taken in turn. The first
answer is that of GET /api/count on SQLite: it needs the whole edge and the database.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from benchmarks.servers import ROOT, free_port

_IMPORTS = "import flask, sqlalchemy, pydantic"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"FLASK_ENV": "testing", "DATA_DIR": folder, "DB_BACKEND": "sqlite"}
        migrate = [sys.executable, "-m", "flask", "db", "upgrade"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True, capture_output=True)
        pairs = [(_first_answer(environment), _imports()) for _ in range(rounds + 1)][1:]
    ours, bare = (statistics.median(values) for values in zip(*pairs, strict=True))
    ratio = statistics.median(mine / other for mine, other in pairs)
    print(f"start to first answer {ours:.3f} s, imports alone {bare:.3f} s, ratio {ratio:.2f}")


def _imports() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _IMPORTS], check=True)
    return time.perf_counter() - began


def _first_answer(environment: dict[str, str]) -> float:
    port = free_port()
    command = [sys.executable, "run.py", "127.0.0.1", str(port)]
    began = time.perf_counter()
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet) as process:
        try:
            while True:
                with contextlib.suppress(urllib.error.URLError, ConnectionError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api/count", timeout=5).close()
                    return time.perf_counter() - began
                if process.poll() is not None:
                    raise SystemExit("the server did not start")
                time.sleep(0.005)
        finally:
            process.kill()
            process.wait(10)


if __name__ == "__main__":
    main()
