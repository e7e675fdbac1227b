"""What `scripts/start.py` does once the packages are there: migrate, start the children, do the main job, serve."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from scripts import children
from scripts.children import Place
from scripts.demo_run import DemoRun
from scripts.main_job import JobFailedError, MainJob
from scripts.ports import free_port
from scripts.schema import MigrationError, is_current, migrate
from scripts.start import is_free, parser
from scripts.supervisor import ROOT, ChildFailedError, Supervisor

_SIMULATOR_PORT = 9200
_READY_S = 60.0
_SMOKE_WATCH_S = 3.0  # long enough for a worker that cannot start to show it


def main() -> int:
    """Exit code 0 after Ctrl-C, SIGTERM or a smoke test that passed; 1 when something did not start or work."""
    given = parser().parse_args()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _leave)
    try:
        return _smoke(given.data) if given.smoke else _serve(given.port, Path(given.data or ROOT / "data"))
    except (ChildFailedError, MigrationError, JobFailedError) as error:
        print(f"Failed: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Failed: {error}", file=sys.stderr)
        return 1


def _serve(port: int, data: Path) -> int:
    place = Place(port, _SIMULATOR_PORT if is_free(_SIMULATOR_PORT) else free_port(), data.resolve())
    try:
        with Supervisor(_say) as supervisor:
            _start(place, supervisor)
            try:
                _do_main_job(place)
            except JobFailedError as error:
                _say(f"  The main job failed: {error}")
            _show_addresses(place)
            supervisor.watch()
    except SystemExit:
        _say("\nEverything has ended.")
        raise
    return 0


def _smoke(data: str | None) -> int:
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = data or tempfile.mkdtemp(prefix="wxcloudrun-smoke-")
        if data is None:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        place = Place(free_port(), free_port(), Path(folder).resolve())
        supervisor = stack.enter_context(Supervisor(_say))
        _start(place, supervisor)
        _do_main_job(place)
        supervisor.watch(_SMOKE_WATCH_S)
        if supervisor.restarts:
            raise JobFailedError("a child had to be started again")
    _say(f"Smoke test passed in {time.monotonic() - began:.1f} s: everything started, worked and ended.")
    return 0


def _start(place: Place, supervisor: Supervisor) -> None:
    began = time.monotonic()
    place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    environ = children.settings(place, os.environ)
    supervisor.start(children.simulator(place, environ))
    if not is_current(place.database):
        _say(f"Migrating {place.database.name} ...")
        migrate(environ)
    supervisor.start(children.web(place, environ))
    supervisor.wait_ready(_READY_S)
    supervisor.start(children.worker(place, environ))
    _say(f"Serving after {time.monotonic() - began:.1f} s")


def _do_main_job(place: Place) -> None:
    _say("\nThe main job, once:")
    MainJob(place.url, place.simulator_url, _say).run()
    _say(f"\n{_seeded(place)}; log in with a code of the simulated WeChat (above) to see it")
    _say("\nThe demo's scenario, carried out by the worker; one row of data fails on purpose:")
    DemoRun(place.url, place.simulator_url, _say).run()


def _seeded(place: Place) -> str:
    """What `flask seed demo` says: the demo project, with the addresses of this start. Raises JobFailedError."""
    command = [sys.executable, "-m", "flask", "seed", "demo", "--service", place.url, "--simulator"]
    environ = children.settings(place, os.environ)
    outcome = subprocess.run(
        [*command, place.simulator_url], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    lines = (outcome.stdout if outcome.returncode == 0 else outcome.stderr).strip().splitlines()
    if outcome.returncode:
        raise JobFailedError(f"the demo project was not made: {lines[-1] if lines else 'nothing was said'}")
    return lines[-1]


def _show_addresses(place: Place) -> None:
    _say(f"""
Home page          {place.url}/
API documentation  {place.url}/docs
API                {place.url}/api/...
Simulated WeChat   {place.simulator_url}  (what it was asked: {place.simulator_url}/_sim/journal)
Data and logs      {place.data}
Press Ctrl-C to end.""")


def _leave(number: int, frame: FrameType | None) -> None:
    """End in order; a second signal does not disturb that."""
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    sys.exit(0)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
