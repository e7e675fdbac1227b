"""A run as files for other programs and for people, written while its results are read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import AnySession
from wxcloudrun.exporters.report import NOT_PASSED, RunFacts
from wxcloudrun.features.reports.dao import ReportDao
from wxcloudrun.features.reports.reading import Reader
from wxcloudrun.features.reports.service import FULL, ReportService
from wxcloudrun.features.reports.views import run_facts
from wxcloudrun.features.runs.errors import RunNotEnded

_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")
_VERSION: Final = "1"  # as the engine calls itself to servers


@dataclass(frozen=True, slots=True)
class File:
    """A file in pieces, and what it is to be called."""

    name: str
    pieces: Iterator[str] | Iterator[bytes]


class ReportFiles:
    """Writes files about ended runs. `address` is where the service is reached from outside, empty where nobody said.

    Every method raises ProjectNotFound, RunNotFound, RunNotEnded before the first piece.
    """

    def __init__(
        self, session: AnySession, reports: ReportService, address: str = "", dao: ReportDao | None = None
    ) -> None:
        self._reports = reports
        self._address = address.rstrip("/")
        self._dao = dao or ReportDao(session)

    def page(self, actor: Actor, project_id: int, run_id: int, language: str) -> File:
        """The report as one HTML file, with addresses of whole bodies."""
        row = self._ended(actor, project_id, run_id)
        bodies = f"{self._place(row)}/bodies" if self._address else None
        return File(_name(row, "report.html"), self.pieces(row, language, bodies))

    def junit(self, actor: Actor, project_id: int, run_id: int) -> File:
        """JUnit XML."""
        from wxcloudrun.exporters.junit import junit  # noqa: PLC0415 - a start writes no files

        row = self._ended(actor, project_id, run_id)
        return File(_name(row, "junit.xml"), junit(self._facts(row), self._reader(row).steps(_no_bodies)))

    def allure(self, actor: Actor, project_id: int, run_id: int) -> File:
        """Allure results, zipped."""
        from wxcloudrun.exporters.allure import allure  # noqa: PLC0415 - as above

        row = self._ended(actor, project_id, run_id)
        reader = Reader(self._dao, project_id, run_id, self._reports.marks(row))
        return File(_name(row, "allure.zip"), allure(self._facts(row), reader.steps(_of_failures)))

    def har(self, actor: Actor, project_id: int, run_id: int) -> File:
        """HAR."""
        from wxcloudrun.exporters.har import har  # noqa: PLC0415 - as above

        row = self._ended(actor, project_id, run_id)
        return File(_name(row, "har"), har(self._facts(row), self._reader(row).steps(_every_body), _VERSION))

    def table(self, actor: Actor, project_id: int, run_id: int, *, excel: bool) -> File:
        """CSV."""
        from wxcloudrun.exporters.table import table  # noqa: PLC0415 - as above

        row = self._ended(actor, project_id, run_id)
        return File(_name(row, "csv"), table(self._facts(row), self._reader(row).steps(_no_bodies), mark=excel))

    def pieces(self, row: Row[Any], language: str, bodies: str | None = None) -> Iterator[str]:
        """The HTML report of a run. Who calls this has checked that it may be read."""
        from wxcloudrun.exporters.page import page  # noqa: PLC0415 - as above

        found = self._reports.findings(row, FULL)
        steps = self._reader(row).steps(_no_bodies)
        return page(found.run, found.changes, found.causes, steps, language=language, bodies=bodies)

    def _ended(self, actor: Actor, project_id: int, run_id: int) -> Row[Any]:
        row = self._reports.row(actor, project_id, run_id)
        if not row.state.final:
            raise RunNotEnded
        return row

    def _facts(self, row: Row[Any]) -> RunFacts:
        return run_facts(row, link=f"{self._place(row)}/report" if self._address else None)

    def _place(self, row: Row[Any]) -> str:
        return f"{self._address}/api/projects/{row.project_id}/runs/{row.id}"

    def _reader(self, row: Row[Any]) -> Reader:
        return Reader(self._dao, row.project_id, row.id)


def _name(row: Row[Any], ending: str) -> str:
    """What a browser calls the file: ASCII, as headers want it."""
    title = _UNFIT.sub("-", row.title).strip("-.")[:60]
    return f"{title}-{row.id}.{ending}" if title else f"run-{row.id}.{ending}"


def _no_bodies(_row: Row[Any]) -> bool:
    return False


def _every_body(_row: Row[Any]) -> bool:
    return True


def _of_failures(row: Row[Any]) -> bool:
    return row.outcome.name.lower() in NOT_PASSED
