"""Where cases are used, for those who ask before a case goes away."""

from wxcloudrun.core.db import AnySession
from wxcloudrun.features.scenarios.dao import StepDao


class CaseUses:
    """Tells who uses a case."""

    def __init__(self, session: AnySession, steps: StepDao | None = None) -> None:
        self._steps = steps or StepDao(session)

    def of(self, case_id: int) -> list[str]:
        """Names of scenarios that have a step with this case, twenty at most; those in the trash are not counted."""
        return self._steps.users_of(case_id)
