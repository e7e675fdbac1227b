"""CSV for spreadsheets, in which no text of a stranger becomes a formula."""

import csv
import io
from collections.abc import Iterable, Iterator

from wxcloudrun.exporters.naming import scenario_path
from wxcloudrun.exporters.report import RunFacts, StepFacts
from wxcloudrun.exporters.wording import cut, visible

_MARK = "\ufeff"
_CELL = 32_000  # bytes; a spreadsheet's cell holds 32,767 characters
_COLUMNS = (
    "seq", "outcome", "scenario", "step", "dataset", "phase", "method", "url", "status", "started_at", "duration_ms",
    "attempts", "error_class", "message", "case_id", "path",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def table(run: RunFacts, steps: Iterable[StepFacts], *, mark: bool = False) -> Iterator[str]:
    """The file in pieces. With `mark` it begins with the byte order mark by which Excel knows UTF-8."""
    yield (_MARK if mark else "") + _line(_COLUMNS)
    for step in steps:
        request = step.request or {}
        yield _line(
            (
                step.seq,
                step.outcome,
                _cell(" > ".join(scenario_path(run, step))),
                _cell(step.name),
                _cell(step.dataset),
                step.phase,
                _cell(request.get("method")),
                _cell(request.get("url")),
                step.status,
                step.started_at,
                round(step.duration_ms, 3),
                len(step.attempts),
                step.error_class,
                _cell(step.message),
                step.case_id,
                step.path,
            )
        )


def _cell(text: str | None) -> str | None:
    """The text with an apostrophe before what a spreadsheet would take for a formula."""
    if text is None:
        return None
    text = cut(visible(text), _CELL)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _line(cells: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
