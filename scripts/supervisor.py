"""Keeps child processes running, starts again what died, and leaves nothing behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_TETHER = Path(__file__).with_name("tether.py")
_POLL_S = 0.05
_GRACE_S = 10.0
_STEADY_S = 10.0  # a child that ran this long did start
_LONGEST_PAUSE_S = 30.0
_TRIES = 5
_TAIL_LINES = 15
_POSIX = os.name == "posix"


class ChildFailedError(Exception):
    """A child that cannot be kept running; the text names it and ends with the last lines it wrote."""


@dataclass(frozen=True)
class Program:
    """What to run: its name, command, environment, file for its output, and how to see that it serves."""

    name: str
    command: list[str]
    environ: Mapping[str, str]
    log: Path
    is_ready: Callable[[], bool] | None = None


@dataclass
class _Child:
    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    began: float = 0.0
    failures: int = 0
    restarts: int = 0
    next_try: float = field(default=0.0)


class Supervisor:
    """The children of one start; a context manager that ends them all, whatever happens.

    Only the main thread may use it: on Linux a child is told of the end of the thread that started it.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: list[_Child] = []

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def restarts(self) -> int:
        """How often a child had to be started again."""
        return sum(child.restarts for child in self._children)

    def start(self, program: Program) -> None:
        """Start a program; `wait_ready` tells when it serves."""
        program.log.parent.mkdir(parents=True, exist_ok=True)
        program.log.write_bytes(b"")
        child = _Child(program)
        self._children.append(child)
        self._launch(child)

    def wait_ready(self, limit_s: float) -> None:
        """Wait until all that were started serve. Raises ChildFailedError."""
        deadline = time.monotonic() + limit_s
        for child in self._children:
            while child.program.is_ready is not None and not child.program.is_ready():
                if child.process is None or child.process.poll() is not None:
                    raise ChildFailedError(_end_of(child))
                if time.monotonic() > deadline:
                    raise ChildFailedError(f"{child.program.name} did not serve within {limit_s:.0f} s{_tail(child)}")
                time.sleep(_POLL_S)

    def watch(self, seconds: float | None = None) -> None:
        """Start again what dies, for so long or for ever. Raises ChildFailedError when that does not help."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while deadline is None or time.monotonic() < deadline:
            for child in self._children:
                self._look_after(child)
            time.sleep(_POLL_S * 2)

    def stop(self) -> None:
        """End every child with all its own children: asked first, killed after ten seconds."""
        running = [child.process for child in reversed(self._children) if child.process is not None]
        for process in running:
            _ask_to_end(process)
        deadline = time.monotonic() + _GRACE_S
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            _kill(process)
        self._children.clear()

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.next_try:
                child.restarts += 1
                self._launch(child)
        elif child.process.poll() is not None:
            child.failures = 1 if now - child.began > _STEADY_S else child.failures + 1
            if child.failures >= _TRIES:
                raise ChildFailedError(f"{_end_of(child)}\nIt was started {_TRIES} times.")
            pause = min(_LONGEST_PAUSE_S, 0.5 * 2**child.failures)
            self._say(f"{child.program.name} ended with {child.process.returncode}; again in {pause:.0f} s")
            _kill(child.process)
            child.process, child.next_try = None, now + pause

    def _launch(self, child: _Child) -> None:
        tethered = [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), *child.program.command]
        with child.program.log.open("ab") as log:
            child.process = subprocess.Popen(
                tethered,
                cwd=ROOT,
                env=dict(child.program.environ),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=_POSIX,
            )
        child.began = time.monotonic()


def _ask_to_end(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        process.stdin.close()
    if _POSIX and process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End what is left of a child's process group."""
    if _POSIX:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def _end_of(child: _Child) -> str:
    code = None if child.process is None else child.process.returncode
    return f"{child.program.name} ended with {code}{_tail(child)}"


def _tail(child: _Child) -> str:
    lines = child.program.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:]
    return "".join(f"\n  | {line[:300]}" for line in lines)
