"""Writes docs/errors.md from the error classes: `python scripts/errors_doc.py` (`--check` only compares)."""

import importlib
import sys
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "errors.md"
_HEAD = """# Errors

Every refusal has its HTTP status and the envelope `{"code": 0, "data": {"error": name}, "msg": sentence}`. Programs
read `data.error`; people read `msg`, in Chinese or, by `Accept-Language`, in English. `data.fields` lists
`{field, reason}` of a rejected input, `data.retry_after` the seconds to wait (also in the header `Retry-After`), and
`data.present` the present state where somebody else changed it. Names stay what they are; new ones may be added.

An entry of `fields` may have `position`, the offset inside the field's text, and `detail`, a sentence that says what to
write, in the language of `msg`. What the engine says about the inside of a pattern, a path, an expression or a schema
comes from the parser that read it and stays English. `warnings` of what is saved, checked or started are told in the
same language; the path before their colon, `kind` and `name` are the same in both.

This page is written by `scripts/errors_doc.py`; a test fails when it is out of date.
"""
_STATUS = {
    400: "400: the request could not be read",
    401: "401: nobody, or a session that ended",
    403: "403: known, and not allowed",
    404: "404: not there, or not for these eyes",
    405: "405: not by this method",
    409: "409: against the present state",
    413: "413: too large",
    415: "415: of a kind that is not read here",
    416: "416: a range that is not there",
    422: "422: read, and not acceptable",
    429: "429: too often",
    500: "500: our fault",
    502: "502: somebody else's server answered wrongly",
    503: "503: cannot be done for now",
    504: "504: somebody else's server did not answer in time",
}


def page() -> str:
    """The whole page, from every error class that the application knows."""
    sys.path.insert(0, str(ROOT))
    import wxcloudrun.app  # noqa: F401, PLC0415 - knows the errors of what lies below the features
    from wxcloudrun.core.errors import every_error  # noqa: PLC0415 - the path is known only now

    for path in (ROOT / "wxcloudrun" / "features").glob("*/errors.py"):
        importlib.import_module(f"wxcloudrun.features.{path.parent.name}.errors")
    kinds = sorted(set(every_error()), key=lambda kind: (kind.status, kind.name()))
    parts = [_HEAD]
    for status, group in groupby(kinds, key=lambda kind: kind.status):
        rows = [f"| `{kind.name()}` | {kind.zh} | {kind.en} |" for kind in group]
        parts.append("\n".join([f"## {_STATUS[status]}\n", "| name | 中文 | English |", "| --- | --- | --- |", *rows]))
    return "\n".join([parts[0], *(f"{part}\n" for part in parts[1:])])


def main(arguments: list[str]) -> int:
    """0, or 1 where `--check` finds the page out of date."""
    if "--check" in arguments:
        return 0 if PAGE.is_file() and PAGE.read_text("utf-8") == page() else 1
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
