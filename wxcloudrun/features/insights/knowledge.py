"""What is known of causes and cases, as reports ask for it."""

from collections.abc import Collection, Mapping, Sequence

from wxcloudrun.core.clock import Clock, iso
from wxcloudrun.core.db import AnySession
from wxcloudrun.exporters.report import OtherRun
from wxcloudrun.features.insights.dao import InsightDao
from wxcloudrun.features.reports.causes import Part
from wxcloudrun.features.reports.insight import Known


class Knowledge:
    """Remembers causes and cases over many runs."""

    def __init__(self, session: AnySession, clock: Clock, dao: InsightDao | None = None) -> None:
        self._clock = clock
        self._dao = dao or InsightDao(session)

    def known(self, project_id: int, run_id: int, keys: Collection[str]) -> Mapping[str, Known]:
        """What is known of these causes: the earlier run that had it first, and what people said of it."""
        found = {}
        for key, row in self._dao.known(project_id, keys):
            since = OtherRun(row.first_run_id, "", iso(row.first_at)) if row.first_run_id < run_id else None
            found[key] = Known(since, row.state.name.lower(), row.note, row.link)
        return found

    def parts(self, project_id: int, keys: Collection[str]) -> Mapping[str, Sequence[Part]]:
        """What people took out of these causes, by their keys."""
        return self._dao.parts(project_id, keys)

    def quarantined(self, project_id: int, case_ids: Collection[int]) -> Collection[int]:
        """Those of the cases whose failures stop no pipeline for now."""
        return self._dao.quarantined(project_id, case_ids, self._clock.now()).keys()
