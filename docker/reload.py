"""Development: runs a command, and runs it anew when a file of the code has changed.

`python docker/reload.py celery -A wxcloudrun.worker worker`
"""

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
LOOK_S = 1.0


def main(command: list[str]) -> int:
    """The command's exit code, once it ends by itself; 0 after SIGTERM or Ctrl-C."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _leave)
    while True:
        before = _changes()
        process = subprocess.Popen(command, cwd=ROOT)
        try:
            while _changes() == before:
                code = process.poll()
                if code is not None:
                    return code
                time.sleep(LOOK_S)
        finally:
            process.terminate()
            process.wait()
        sys.stdout.write("The code has changed: starting anew\n")
        sys.stdout.flush()


def _changes() -> dict[Path, float]:
    """When each file was changed last."""
    files = [*ROOT.glob("*.py"), *ROOT.glob("wxcloudrun/**/*.py")]
    return {path: path.stat().st_mtime for path in files if path.is_file()}


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
