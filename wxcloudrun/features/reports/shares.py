"""Links that show one report to whoever has them, until a date, and until they are withdrawn."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.ids import digest, opaque_token
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.reports.dao import ReportDao, ShareDao
from wxcloudrun.features.reports.errors import ShareNotFound, TooManyShares
from wxcloudrun.features.reports.exports import ReportFiles
from wxcloudrun.features.reports.schemas import NewShare, ShareMade, SharesQuery, ShareView
from wxcloudrun.features.runs.access import seen
from wxcloudrun.features.runs.errors import RunNotEnded

MOST: Final = 20
_USED_EVERY: Final = timedelta(minutes=10)


class ShareService:
    """Makes, lists and withdraws links, and shows what is behind one."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        access: ProjectAccess,
        files: ReportFiles,
        address: str = "",
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._files = files
        self._address = address.rstrip("/")
        self._reports = ReportDao(session)
        self._shares = ShareDao(session)

    def shown(self, token: str, language: str) -> Iterator[str] | None:
        """The HTML report behind a token; None for one that was never given out, has ended, or was withdrawn."""
        share = self._shares.by_hash(digest(token))
        now = self._clock.now()
        if share is None or share.revoked_at is not None or share.expires_at <= now:
            return None
        row = self._reports.run(share.project_id, share.run_id)
        if row is None:
            return None
        if share.used_at is None or now - share.used_at >= _USED_EVERY:
            self._note_use(share.id)
        return self._files.pieces(row, language)

    @unit_of_work
    def add(self, actor: Actor, project_id: int, run_id: int, made: ShareMade) -> NewShare:
        """A new link with its address.

        Raises ProjectNotFound, RightRequired, ProjectArchived, RunNotFound, RunNotEnded, TooManyShares.
        """
        membership = self._access.require(actor, project_id, Right.EDIT, locked=True)
        run = seen(actor, membership, self._reports.run(project_id, run_id))
        if not run.state.final:
            raise RunNotEnded
        now = self._clock.now()
        if self._shares.working(run_id, now) >= MOST:
            raise TooManyShares(values={"limit": MOST})
        token = opaque_token()
        number = self._shares.add(
            {
                "run_id": run_id,
                "project_id": project_id,
                "maker_id": actor.user_id,
                "token_hash": digest(token),
                "created_at": now,
                "expires_at": now + timedelta(days=made.expires_in_days),
                "revoked_at": None,
                "used_at": None,
            }
        )
        self._record(actor, "report.shared", run, number, {"run_id": run_id, **made.model_dump()})
        return NewShare.of(self._shares.get(run_id, number), url=f"{self._address}/r/{token}")

    def page(self, actor: Actor, project_id: int, run_id: int, query: SharesQuery) -> Page[ShareView]:
        """Links to a report, the newest first. Raises ProjectNotFound, RightRequired, RunNotFound."""
        membership = self._access.require(actor, project_id, Right.EDIT, archived=True)
        seen(actor, membership, self._reports.run(project_id, run_id))
        rows, total = self._shares.page(run_id, (query.page - 1) * query.size, query.size)
        return Page(items=[ShareView.of(row) for row in rows], page=query.page, size=query.size, total=total)

    @unit_of_work
    def revoke(self, actor: Actor, project_id: int, run_id: int, share_id: int) -> Removed:
        """End a link at once; one that ended before stays so.

        Raises ProjectNotFound, RightRequired, RunNotFound, ShareNotFound.
        """
        membership = self._access.require(actor, project_id, Right.EDIT, archived=True)
        run = seen(actor, membership, self._reports.run(project_id, run_id))
        if self._shares.get(run_id, share_id) is None:
            raise ShareNotFound
        if self._shares.revoke(share_id, self._clock.now()):
            self._record(actor, "report.share_revoked", run, share_id, {"run_id": run_id})
        return Removed(id=share_id)

    @unit_of_work
    def _note_use(self, share_id: int) -> None:
        self._shares.used(share_id, self._clock.now())

    def _record(self, actor: Actor, action: str, run: Row[Any], share_id: int, after: dict[str, Any]) -> None:
        """The audit entry; of the run of a private case members are told nothing."""
        place = None if run.private_to is not None else run.project_id
        self._audit.record(actor, action, ("report_share", share_id), None, after, project_id=place)
