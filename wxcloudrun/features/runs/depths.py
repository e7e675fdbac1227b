"""How many runs wait and go on, for whoever watches the service."""

from wxcloudrun.core.db import AnySession
from wxcloudrun.features.runs.dao import RunDao


class RunDepths:
    """Counts open runs; one question by an index."""

    def __init__(self, session: AnySession, runs: RunDao | None = None) -> None:
        self._runs = runs or RunDao(session)

    def read(self) -> list[tuple[str, str, int, float]]:
        """State, priority, how many, and the age of the oldest in seconds."""
        return [
            (
                row.state.name.lower(),
                row.priority.name.lower(),
                row.runs,
                max(0.0, (row.now - row.since).total_seconds()),
            )
            for row in self._runs.depths()
        ]
