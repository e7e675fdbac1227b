"""Logs: facts as one JSON object a line on standard output, with the request's id and without secrets."""

import contextvars
import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from wxcloudrun.core.clock import iso
from wxcloudrun.core.masking import mask, mask_text

request_id_of_context: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)


def set_up_logging(level: str) -> None:
    """Send every logger's lines to standard output as JSON; calling it again changes the level only."""
    root = logging.getLogger()
    root.setLevel(level)
    if not any(isinstance(handler.formatter, JsonLines) for handler in root.handlers):
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonLines())
        root.handlers = [handler]
    for noisy in ("werkzeug", "urllib3", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def log(logger: logging.Logger, event: str, level: int = logging.INFO, **facts: Any) -> None:
    """Log one event with its facts as fields."""
    if logger.isEnabledFor(level):
        logger.log(level, event, extra={"facts": facts})


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, event, request_id, and the facts; secrets masked."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": iso(moment),
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
        return json.dumps(line, ensure_ascii=False, default=str)


def _frames(error: BaseException) -> str:
    """Where an error came from, without its text: messages of other people's errors may quote data."""
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return " < ".join(reversed(places[-12:]))
