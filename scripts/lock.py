"""Pins every package with its hashes: pyproject.toml -> requirements.txt, requirements-test.txt, scripts/uv.txt.

`python scripts/lock.py` keeps the versions that still fit; `--upgrade` takes the newest.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_COMMAND = "python scripts/lock.py"
_COMPILE = [
    "pip",
    "compile",
    "--quiet",
    "--no-config",
    "--universal",
    "--python-version",
    "3.12",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
]


def main(arguments: list[str]) -> None:
    """Write the three files anew."""
    upgrade = ["--upgrade"] if "--upgrade" in arguments else []
    uv = _uv()
    _compile(uv, ["pyproject.toml", "-o", "requirements.txt", *upgrade])
    _compile(
        uv, ["pyproject.toml", "--extra", "test", "-c", "requirements.txt", "-o", "requirements-test.txt", *upgrade]
    )
    with tempfile.TemporaryDirectory() as folder:
        wish = Path(folder, "uv.in")
        wish.write_text("uv\n", encoding="utf-8")
        _compile(uv, [str(wish), "--no-annotate", "-o", "scripts/uv.txt", *upgrade])


def _compile(uv: str, arguments: list[str]) -> None:
    """One run of `uv pip compile` that knows nothing of this machine but its network."""
    settings = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_"))}
    environ = settings | {"UV_CUSTOM_COMPILE_COMMAND": _COMMAND}
    subprocess.run([uv, *_COMPILE, *arguments], cwd=ROOT, env=environ, check=True)
    sys.stdout.write(f"{arguments[arguments.index('-o') + 1]} is written\n")


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        sys.exit("uv is needed: run `python3 scripts/bootstrap.py --tests`, then this with .venv/bin/python")
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
