"""Logs: facts as one JSON object a line on standard output, with the request's id and without secrets."""

import contextlib
import contextvars
import functools
import json
import logging
import sys
import time
import traceback
from typing import Any

from wxcloudrun.core.masking import mask, mask_text

request_id_of_context: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)


def set_up_logging(level: str | int, file: str | None = None) -> None:
    """Send every logger's lines to standard output, or to the end of a file, as JSON.

    Calling it again changes the level, and with a file the place.
    """
    logging.logThreads = logging.logMultiprocessing = False  # facts that no line shows; gunicorn's show the process
    root = logging.getLogger()
    root.setLevel(level)
    if file is not None or not any(isinstance(handler.formatter, JsonLines) for handler in root.handlers):
        handler = logging.StreamHandler(sys.stdout) if file is None else logging.FileHandler(file, encoding="utf-8")
        handler.setFormatter(JsonLines())
        root.handlers = [handler]
    for noisy in ("werkzeug", "urllib3", "alembic.runtime.plugins", "celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def log(logger: logging.Logger, event: str, level: int = logging.INFO, **facts: Any) -> None:
    """Log one event with its facts as fields."""
    if logger.isEnabledFor(level):
        logger.log(level, event, extra={"facts": facts})


def log_request(logger: logging.Logger, number: str, **facts: Any) -> None:
    """Log one answered request: as `log` would, at a third of its cost, since it is paid by every request.

    The facts are numbers and the service's own words, so nothing in them needs masking.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    head = {"time": _moment(time.time()), "level": "info", "logger": logger.name, "event": "request"}
    with contextlib.suppress(OSError):  # a full disk or a closed pipe costs the line, not the answer
        sys.stdout.write(_ENCODER.encode({**head, "request_id": number, **facts}) + "\n")
        sys.stdout.flush()


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, event, request_id, and the facts; secrets masked."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line: dict[str, Any] = {
            "time": _moment(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": mask_text(record.getMessage()),
        }
        request_id = request_id_of_context.get()
        if request_id is not None:
            line["request_id"] = request_id
        facts = getattr(record, "facts", None)
        if facts:
            line.update(mask(facts))
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            line["trace"] = mask_text(_frames(record.exc_info[1]))
        return _ENCODER.encode(line)


def _moment(seconds: float) -> str:
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@functools.lru_cache(2)
def _second(whole: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


def _frames(error: BaseException) -> str:
    """Where an error came from, without its text: messages of other people's errors may quote data."""
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return " < ".join(reversed(places[-12:]))
