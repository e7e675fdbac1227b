"""A pytest plugin: what ran against which database, what was skipped and why, and the coverage floor."""

import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

_KINDS = ("sqlite", "mariadb", "mysql", "postgresql", "cockroachdb")
_NONE = "no database"
_DATABASE = "database"  # the name of what a report tells besides
_SQLITE_FIXTURES = {"app", "sqlite_app"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--coverage-floor`."""
    parser.addoption("--coverage-floor", type=float, help="least share of lines, and of branches, in percent")


def pytest_configure(config: pytest.Config) -> None:
    """Listen."""
    config.pluginmanager.register(Report(config.getoption("--coverage-floor")), "wxcloudrun-report")


class Report:
    """Counts outcomes by database while pytest runs."""

    def __init__(self, floor: float | None) -> None:
        self._floor = floor
        self._outcomes: dict[str, Counter[str]] = defaultdict(Counter)
        self._reasons: Counter[str] = Counter()
        self._coverage: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Unit tests first, in the order that was drawn."""
        items.sort(key=lambda item: "unit" not in item.path.parts)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Write a test's database on its report: only the worker that ran it knows, and the report travels."""
        report = yield
        setattr(report, _DATABASE, database_of(item))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once: as failed if any of its phases failed."""
        if report.when == "call" or report.outcome != "passed":
            self._outcomes[getattr(report, _DATABASE, _NONE)][report.outcome] += 1
        if report.skipped and isinstance(report.longrepr, tuple):
            self._reasons[report.longrepr[2].removeprefix("Skipped: ")] += 1

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hold a whole run to the floor; what Ctrl-C ended has covered nothing yet."""
        if session.exitstatus == pytest.ExitCode.INTERRUPTED:
            return
        cov: Any = session.config.pluginmanager.get_plugin("_cov")
        worker = hasattr(session.config, "workerinput")  # which knows a part only; the others' parts come together
        if worker or self._floor is None or cov is None or getattr(cov, "cov_controller", None) is None:
            return
        shares = _shares(cov.cov_controller.cov)
        self._coverage = [f"{name}: {share:.2f} %" for name, share in shares.items()]
        low = [name for name, share in shares.items() if share < self._floor]
        if low:
            self._coverage.append(f"FAILED: less than {self._floor:.0f} % of {' and '.join(low)} are covered")
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show what ran where."""
        terminalreporter.section("what ran against which database")
        for kind in (*_KINDS, _NONE):
            counts = self._outcomes.get(kind)
            text = "nothing ran" if counts is None else ", ".join(f"{n} {word}" for word, n in sorted(counts.items()))
            if counts is not None or kind in ("sqlite", "mariadb", "postgresql"):
                terminalreporter.write_line(f"{kind:<12} {text}")
        for reason, count in self._reasons.most_common():
            terminalreporter.write_line(f"skipped      {count} x {reason}")
        if self._coverage:
            terminalreporter.section("coverage")
        for line in self._coverage:
            terminalreporter.write_line(line)


def database_of(item: pytest.Item) -> str:
    """The database a test runs against: the one in its parameters, or the SQLite application's."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    for value in parameters.values():
        if value in _KINDS:
            return str(value)
    return "sqlite" if _SQLITE_FIXTURES & set(getattr(item, "fixturenames", ())) else _NONE


def _shares(coverage: Any) -> dict[str, float]:
    """Covered lines and branches, in percent of all."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "coverage.json")
        coverage.json_report(outfile=str(path))
        total = json.loads(path.read_text(encoding="utf-8"))["totals"]
    return {
        "lines": 100.0 * total["covered_lines"] / max(1, total["num_statements"]),
        "branches": 100.0 * total["covered_branches"] / max(1, total["num_branches"]),
    }
