"""What reports ask of whoever remembers earlier runs; without anybody they say what the runs alone tell."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wxcloudrun.exporters.report import OtherRun
from wxcloudrun.features.reports.causes import Part


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a cause: the run that had it first, its state (`open`, `known`, `resolved`), a note, a link."""

    since: OtherRun | None = None
    state: str | None = None
    note: str | None = None
    link: str | None = None


class Insight(Protocol):
    """Remembers causes and cases over many runs."""

    def known(self, project_id: int, run_id: int, keys: Collection[str]) -> Mapping[str, Known]:
        """What is known of these causes of a run, by their keys; one of which nothing is known is left out."""
        ...

    def parts(self, project_id: int, keys: Collection[str]) -> Mapping[str, Sequence[Part]]:
        """What people took out of these causes, by their keys."""
        ...

    def quarantined(self, project_id: int, case_ids: Collection[int]) -> Collection[int]:
        """Those of the cases whose failures stop no pipeline for now."""
        ...


class NothingKnown:
    """Remembers nothing."""

    def known(self, project_id: int, run_id: int, keys: Collection[str]) -> Mapping[str, Known]:
        """Nothing."""
        return {}

    def parts(self, project_id: int, keys: Collection[str]) -> Mapping[str, Sequence[Part]]:
        """Nothing."""
        return {}

    def quarantined(self, project_id: int, case_ids: Collection[int]) -> Collection[int]:
        """None of them."""
        return ()
