"""API tokens: what programs show instead of a person's session; each works in one project, for a while."""

from datetime import timedelta
from typing import Final

from wxcloudrun.core.actor import Actor, Grant, Status
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import AccountDisabled
from wxcloudrun.core.ids import digest, opaque_token
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.auth.identification import API_TOKEN
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.projects.dao import ApiTokenDao
from wxcloudrun.features.projects.errors import ApiTokenInvalid, ApiTokenNotFound, RightRequired, TooManyApiTokens
from wxcloudrun.features.projects.exchange import (
    ROLES,
    ApiTokenMade,
    ApiTokensQuery,
    ApiTokenView,
    NewApiToken,
)

MOST: Final = 50
_USED_EVERY: Final = timedelta(minutes=10)


class ApiTokenService:
    """Makes, lists and withdraws API tokens, and tells whom one stands for."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        access: ProjectAccess,
        tokens: ApiTokenDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._tokens = tokens or ApiTokenDao(session)

    def actor(self, text: str, request_id: str) -> Actor:
        """Who shows this token: its maker, with a grant. Raises ApiTokenInvalid, AccountDisabled.

        It makes nobody an administrator, whatever its maker is.
        """
        row = self._tokens.by_hash(digest(text))
        now = self._clock.now()
        if row is None or row.revoked_at is not None or row.expires_at <= now:
            raise ApiTokenInvalid
        if row.status is not Status.ACTIVE:
            raise AccountDisabled
        if row.used_at is None or abs(now - row.used_at) >= _USED_EVERY:
            self._note_use(row.id)
        grant = Grant(row.id, row.project_id, row.role)
        return Actor(row.maker_id, verification=row.verification, request_id=request_id, grant=grant)

    @unit_of_work
    def add(self, actor: Actor, project_id: int, made: ApiTokenMade) -> NewApiToken:
        """A new token with its text.

        Raises ProjectNotFound, RightRequired (for an administrator who is no member too: a token is a member's),
        ProjectArchived, TooManyApiTokens.
        """
        membership = self._access.require(actor, project_id, Right.EDIT, locked=True)
        if membership.member is None:
            raise RightRequired(values={"role": "editor"})
        now = self._clock.now()
        if self._tokens.page(project_id, now, 0, 1)[1] >= MOST:
            raise TooManyApiTokens(values={"limit": MOST})
        text = API_TOKEN + opaque_token()
        number = self._tokens.add(
            {
                "project_id": project_id,
                "maker_id": actor.user_id,
                "name": made.name,
                "token_hash": digest(text),
                "role": ROLES[made.scope],
                "created_at": now,
                "expires_at": now + timedelta(days=made.expires_in_days),
                "revoked_at": None,
                "used_at": None,
            }
        )
        self._audit.record(
            actor, "api_token.created", ("api_token", number), None, made.model_dump(), project_id=project_id
        )
        return NewApiToken.of(self._tokens.get(project_id, number), token=text)

    def page(self, actor: Actor, project_id: int, query: ApiTokensQuery) -> Page[ApiTokenView]:
        """Tokens, the newest first. Raises ProjectNotFound, RightRequired."""
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        usable = self._clock.now() if query.usable else None
        rows, total = self._tokens.page(project_id, usable, (query.page - 1) * query.size, query.size)
        return Page(items=[ApiTokenView.of(row) for row in rows], page=query.page, size=query.size, total=total)

    @unit_of_work
    def revoke(self, actor: Actor, project_id: int, token_id: int) -> Removed:
        """End a token at once; one that ended before stays so.

        Raises ProjectNotFound, RightRequired, ApiTokenNotFound.
        """
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        row = self._tokens.get(project_id, token_id)
        if row is None:
            raise ApiTokenNotFound
        if self._tokens.revoke(token_id, self._clock.now()):
            before = {"name": row.name}
            self._audit.record(actor, "api_token.revoked", ("api_token", token_id), before, project_id=project_id)
        return Removed(id=token_id)

    @unit_of_work
    def _note_use(self, token_id: int) -> None:
        self._tokens.used(token_id, self._clock.now())
