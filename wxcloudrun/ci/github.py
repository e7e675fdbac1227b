"""GitHub Actions' conventions: commands in the log, the job's summary and outputs, each within its limits."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

MOST_ERRORS = 10  # of one step; GitHub drops more without a word
_MOST_TEXT = 4096
_MOST_SUMMARY = 1024 * 1024 - 4096  # bytes; a larger summary is not shown at all


def hide(secret: str, write: Callable[[str], None]) -> None:
    """Have GitHub mask this text wherever it comes in the log."""
    write(f"::add-mask::{_data(secret)}")


def commands(failures: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Commands for the first failures (title, message); the first one says so when there are more."""
    for at, (title, message) in enumerate(failures[:MOST_ERRORS]):
        more = f"{len(failures)} failures, {MOST_ERRORS} shown here. " if len(failures) > MOST_ERRORS and not at else ""
        yield f"::error title={_property(title[:200])}::{_data((more + message)[:_MOST_TEXT])}"


class Quiet:
    """Inside the block GitHub obeys no command in the log: what servers answered stands there."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._word = secrets.token_hex(16)

    def __enter__(self) -> None:
        self._write(f"::stop-commands::{self._word}")

    def __exit__(self, *_: object) -> None:
        self._write(f"::{self._word}::")


def add_summary(path: Path, markdown: str) -> None:
    """Add to a file of Markdown; cut where GitHub would refuse the whole."""
    present = path.stat().st_size if path.exists() else 0
    content = markdown.encode()
    room = _MOST_SUMMARY - present
    if len(content) > room:
        content = content[: max(0, room)].rpartition(b"\n")[0] + b"\n\n(cut: a summary has at most 1 MiB)\n"
    with path.open("ab") as file:
        file.write(content)


def set_outputs(path: str, values: Mapping[str, object]) -> None:
    """Outputs of the step, one a line."""
    with open(path, "a", encoding="utf-8") as file:
        for name, value in values.items():
            file.write(f"{name}={' '.join(str(value).split())}\n")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
