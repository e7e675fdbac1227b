"""Server CPU of a request, ours beside a bare Flask route: `python -m benchmarks.rest [--requests N] [--rounds N]`.

Prints, for every database at hand, milliseconds of server CPU a request (medians over the rounds) and the ratio to the
bare route that was measured in the same rounds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.servers import ROOT, Client, cpu_seconds, gunicorn, scratch_database

_JSON = {"Content-Type": "application/json"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--databases", default="sqlite,mariadb,postgresql")
    options = parser.parse_args()
    print(f"{'database':<12}{'request':<34}{'ms CPU':>8}{'x bare':>8}")
    for kind in options.databases.split(","):
        with tempfile.TemporaryDirectory() as folder, scratch_database(kind, Path(folder)) as url:
            if url is None:
                print(f"{kind:<12}no such server here")
                continue
            _measure(kind, url, Path(folder), options.requests, options.rounds)


def _measure(kind: str, url: str, folder: Path, requests: int, rounds: int) -> None:
    environment = {
        "FLASK_ENV": "testing",
        "DATABASE_URL": url,
        "DATA_DIR": str(folder),
        "ALLOW_MOCK_LOGIN": "true",
        "RATE_LIMITS": "false",
        "LOG_LEVEL": "INFO",
    }
    migrate = [sys.executable, "-m", "flask", "db", "upgrade"]
    subprocess.run(migrate, cwd=ROOT, env=os.environ | environment, check=True, capture_output=True)
    with gunicorn("benchmarks.bare:app", {}) as (bare_pid, bare), gunicorn("run:app", environment) as (pid, ours):
        login = Client(f"{ours}/api/login", _JSON, json.dumps({"code": "the code is a mock one"}).encode())
        token = json.loads(login.send())["data"]["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        change = json.dumps({"nickname": "somebody"}).encode()
        cases: dict[str, tuple[int, Client]] = {
            "bare GET, no database": (bare_pid, Client(f"{bare}/profile")),
            "GET one row, authenticated": (pid, Client(f"{ours}/api/user/profile", bearer)),
            "GET one row, anonymous": (pid, Client(f"{ours}/api/count")),
            "POST that writes one row": (pid, Client(f"{ours}/api/count", _JSON, b'{"action":"inc"}')),
            "PUT that writes row and audit": (pid, Client(f"{ours}/api/user/profile", bearer | _JSON, change, "PUT")),
        }
        for _, client in cases.values():
            client.send(100)
        times: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(rounds):
            for name, (server, client) in cases.items():
                times[name].append(_cpu(server, lambda client=client: client.send(requests)) / requests * 1000)
    bare_times = times["bare GET, no database"]
    for name, values in times.items():
        ratio = statistics.median(value / other for value, other in zip(values, bare_times, strict=True))
        print(f"{kind:<12}{name:<34}{statistics.median(values):>8.3f}{ratio:>8.2f}")


def _cpu(pid: int, work: Callable[[], object]) -> float:
    before = cpu_seconds(pid)
    work()
    return cpu_seconds(pid) - before


if __name__ == "__main__":
    main()
