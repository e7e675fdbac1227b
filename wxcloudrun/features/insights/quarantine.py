"""Quarantine: a case goes on running, but its failures stop no pipeline until a day."""

from datetime import timedelta

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock, iso
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.cases.access import CaseAccess
from wxcloudrun.features.insights.dao import InsightDao
from wxcloudrun.features.insights.errors import QuarantineNotFound
from wxcloudrun.features.insights.schemas import QuarantineMade, QuarantineView
from wxcloudrun.features.projects.access import Right


class QuarantineService:
    """What editors of a project say of cases that hinder everybody."""

    def __init__(
        self, session: AnySession, clock: Clock, audit: AuditService, access: CaseAccess, dao: InsightDao | None = None
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._dao = dao or InsightDao(session)

    @unit_of_work
    def put(self, actor: Actor, project_id: int, case_id: int, made: QuarantineMade) -> QuarantineView:
        """Put a case into quarantine for so many days from now, or change until when.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound.
        """
        self._access.require(actor, project_id, case_id, Right.EDIT, locked=True)
        until = self._clock.now() + timedelta(days=made.days)
        values = {"case_id": case_id, "project_id": project_id, "until": until, "reason": made.reason}
        self._dao.put(values | {"person_id": actor.user_id})
        told = {"until": iso(until), "reason": made.reason}
        self._audit.record(actor, "case.quarantined", ("case", case_id), None, told, project_id=project_id)
        return QuarantineView(case_id=case_id, until=iso(until), reason=made.reason)

    @unit_of_work
    def release(self, actor: Actor, project_id: int, case_id: int) -> Removed:
        """Let a case's failures count again.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, QuarantineNotFound.
        """
        self._access.require(actor, project_id, case_id, Right.EDIT, locked=True)
        if not self._dao.release(case_id, self._clock.now()):
            raise QuarantineNotFound
        self._audit.record(actor, "case.released", ("case", case_id), None, None, project_id=project_id)
        return Removed(id=case_id)
