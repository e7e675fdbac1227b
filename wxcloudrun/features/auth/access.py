"""Who a request comes from, and the sessions a person has."""

from datetime import timedelta

from wxcloudrun.core.actor import Actor, Status
from wxcloudrun.core.clock import Clock, iso
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import AccountDisabled, SessionEnded, SessionRequired
from wxcloudrun.core.ids import digest
from wxcloudrun.core.tokens import AccessTokens, TokenRefused
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.auth import errors
from wxcloudrun.features.auth.dao import ExchangeDao, SessionDao
from wxcloudrun.features.auth.refresh import RefreshToken, RefreshTokens
from wxcloudrun.features.auth.schemas import SessionView, Tokens
from wxcloudrun.features.auth.service import CODE_LIFE, LoginRules
from wxcloudrun.features.users.admission import Admission, Identity
from wxcloudrun.features.users.errors import UserNotFound

REPEAT_WITHIN = timedelta(seconds=60)  # so long a phone may ask again with the token it used last


class SessionService:
    """Tells who asks, renews sessions and ends them."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        tokens: AccessTokens,
        audit: AuditService,
        admission: Admission,
        rules: LoginRules,
    ) -> None:
        self.session = session
        self._clock = clock
        self._tokens = tokens
        self._audit = audit
        self._rules = rules
        self._refresh = RefreshTokens(keys.lookup_key)
        self._admission = admission
        self._sessions = SessionDao(session)
        self._exchanges = ExchangeDao(session)

    def actor_of_token(self, token: str, request_id: str) -> Actor:
        """Who holds an access token. Raises SessionEnded, AccountDisabled."""
        try:
            claims = self._tokens.read(token)
        except TokenRefused:
            raise SessionEnded from None
        row = self._sessions.actor(claims.session_id, claims.user_id)
        if row is None or row.ended_at is not None or row.token_version != claims.version:
            raise SessionEnded
        if row.expires_at <= self._clock.now():
            raise SessionEnded
        if row.status is not Status.ACTIVE:
            raise AccountDisabled
        return Actor(claims.user_id, row.role, row.verification, claims.session_id, request_id)

    def actor_lately(self, identity: Identity, request_id: str) -> Actor | None:
        """Who was vouched for a moment ago, at the cost of one question; None when `actor_of_person` must be asked."""
        row = self._admission.lately(identity)
        return None if row is None else Actor(row.id, row.role, row.verification, None, request_id)

    def actor_of_person(self, user_id: int, request_id: str) -> Actor:
        """Who a person is when somebody trusted vouches for them. Raises SessionRequired, AccountDisabled."""
        row = self._admission.known(user_id)
        if row is None:
            raise SessionRequired
        if row.status is not Status.ACTIVE:
            raise AccountDisabled
        return Actor(user_id, row.role, row.verification, None, request_id)

    def refresh(self, text: str) -> Tokens:
        """New tokens for the newest refresh token; an older one ends the session. Raises RefreshTokenInvalid."""
        token = self._refresh.recognise(text)
        tokens = None if token is None else self._rotate(token)
        if tokens is None:
            raise errors.RefreshTokenInvalid
        return tokens

    @unit_of_work
    def _rotate(self, token: RefreshToken) -> Tokens | None:
        now, used = self._clock.now(), digest(token.text)
        row = self._sessions.by_family(token.family)
        if row is None or row.ended_at is not None or row.expires_at <= now or row.status is not Status.ACTIVE:
            return None
        successor = self._refresh.successor(token)
        if used == row.refresh_hash:
            lives_until = row.created_at + timedelta(seconds=self._rules.session_ttl_s)
            expires = min(now + timedelta(seconds=self._rules.refresh_ttl_s), lives_until)
            values = {"refresh_hash": digest(successor.text), "previous_hash": used, "rotated_at": now}
            self._sessions.rotate(row.id, used, values | {"expires_at": expires})
        elif used != row.previous_hash or now - row.rotated_at > REPEAT_WITHIN:
            self._sessions.end(row.user_id, now, "reuse", row.id)
            self._audit.record(Actor(row.user_id), "session.reuse", ("session", row.id))
            return None
        return Tokens(
            token=self._tokens.issue(row.user_id, row.id, row.token_version),
            expires_in=self._tokens.ttl_s,
            refresh_token=successor.text,
        )

    def sessions(self, actor: Actor) -> list[SessionView]:
        """One's own sessions that have not ended, newest first."""
        return [
            SessionView(
                id=row.id,
                device=row.device,
                created_at=iso(row.created_at),
                last_used_at=iso(row.rotated_at),
                expires_at=iso(row.expires_at),
                current=row.id == actor.session_id,
            )
            for row in self._sessions.living(actor.user_id or 0, self._clock.now())
        ]

    @unit_of_work
    def logout(self, actor: Actor) -> int:
        """End the session of this request."""
        if actor.session_id is None:
            return 0
        self._audit.record(actor, "session.logout", ("session", actor.session_id))
        return self._sessions.end(actor.user_id or 0, self._clock.now(), "logout", actor.session_id)

    @unit_of_work
    def end(self, actor: Actor, session_id: int) -> int:
        """End one of one's own sessions. Raises SessionNotFound."""
        ended = self._sessions.end(actor.user_id or 0, self._clock.now(), "ended", session_id)
        if not ended:
            raise errors.SessionNotFound
        self._audit.record(actor, "session.ended", ("session", session_id))
        return ended

    @unit_of_work
    def end_all(self, actor: Actor, user_id: int) -> int:
        """End every session of a person, and with them every token. Raises UserNotFound."""
        if self._admission.known(user_id) is None:
            raise UserNotFound
        self._admission.end_tokens(user_id)
        self._audit.record(actor, "session.ended_all", ("user", user_id))
        return self._sessions.end(user_id, self._clock.now(), "ended_all")

    @unit_of_work
    def forget(self, user_id: int) -> None:
        """Remove what is known of a deleted person's devices."""
        self._sessions.forget(user_id)

    @unit_of_work
    def clear(self) -> int:
        """Remove old codes, and sessions that ran out a month ago; how many rows. Called in the background."""
        now = self._clock.now()
        return self._exchanges.clear(now - 2 * CODE_LIFE) + self._sessions.clear(now - timedelta(days=30))
