"""The markers of a structural match: `#string`, `##integer`, `#regex ^a+$`, `#absent` and the like."""

from collections.abc import Callable
from typing import Any, Final, NoReturn

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.kinds import KINDS
from wxcloudrun.engine.judge.patterns import PatternTooCostlyError, compile_pattern
from wxcloudrun.engine.judge.structure_nodes import ABSENT, Part, Report
from wxcloudrun.engine.judge.values import brief, type_name

MARKERS: Final = (*KINDS, "notnull", "notempty", "present", "absent", "ignore", "regex")
"""Names after `#`; `regex` is followed by a space and a pattern."""

type Refuse = Callable[..., NoReturn]


def marker(text: str, refuse: Refuse) -> Part:
    """The part for a marker's text; `refuse(reason, position)` raises for one that does not exist."""
    optional = text.startswith("##")
    name, _, rest = text.lstrip("#").partition(" ")
    if name not in MARKERS or text[: 2 if optional else 1].strip("#") or text.startswith("###"):
        refuse(f'{text[:60]} is no marker; for the text itself write "\\\\{text[:60]}"', 0)
    if rest and name != "regex":
        refuse(f"#{name} takes nothing after it", len(text) - len(rest))
    check = _regex(rest, text, refuse) if name == "regex" else _simple(name, text)
    return _optional(check) if optional else check


def _optional(check: Part) -> Part:
    def absent_or(actual: Any, path: str, report: Report) -> None:
        if actual is not ABSENT and actual is not None:
            check(actual, path, report)

    return absent_or


def _simple(name: str, text: str) -> Part:
    if name == "ignore":
        return lambda actual, path, report: None
    if name == "absent":
        return _absent
    test = _TESTS.get(name) or KINDS[name]

    def check(actual: Any, path: str, report: Report) -> None:
        if actual is ABSENT:
            report.add(path, text, actual, f"expected {text}, but it is absent")
        elif not test(actual):
            report.add(path, text, actual, f"expected {text}, got {brief(actual)} ({type_name(actual)})")

    return check


_TESTS: dict[str, Callable[[Any], bool]] = {
    "present": lambda actual: True,
    "notnull": lambda actual: actual is not None,
    "notempty": lambda actual: actual is not None and actual not in ("", [], {}),
}


def _absent(actual: Any, path: str, report: Report) -> None:
    if actual is not ABSENT:
        report.add(path, "#absent", actual, f"expected it to be absent, got {brief(actual)}")


def _regex(pattern: str, text: str, refuse: Refuse) -> Part:
    if not pattern:
        refuse("#regex needs a pattern after a space", len(text))
    start = len(text) - len(pattern)
    try:
        compiled = compile_pattern(pattern)
    except DefinitionError as error:
        refuse(error.reason, start + (error.position or 0))

    def check(actual: Any, path: str, report: Report) -> None:
        if not isinstance(actual, str):
            what = "it is absent" if actual is ABSENT else f"got {brief(actual)} ({type_name(actual)})"
            report.add(path, text, actual, f"expected a text that matches {pattern}, but {what}")
            return
        try:
            found = compiled.search(actual)
        except PatternTooCostlyError as error:
            report.add(path, text, actual, str(error))
            return
        if found is None:
            report.add(path, text, actual, f"{brief(actual)} does not match {pattern}")

    return check
