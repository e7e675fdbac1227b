"""Logging in, refreshing and logging out over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.http import Caller
from wxcloudrun.features.auth.access import SessionService
from wxcloudrun.features.auth.schemas import Ended, LoggedIn, LoginBody, RefreshBody, SessionView, Tokens
from wxcloudrun.features.auth.service import LoginService


def login(body: LoginBody, caller: Caller, logins: LoginService) -> LoggedIn:
    """Exchange a code of wx.login for a session."""
    return logins.login(body.code, caller.device)


def refresh_token(body: RefreshBody, sessions: SessionService) -> Tokens:
    """Exchange the newest refresh token for new tokens."""
    return sessions.refresh(body.refresh_token)


def logout(actor: Actor, sessions: SessionService) -> Ended:
    """End this session."""
    return Ended(ended=sessions.logout(actor))


def own_sessions(actor: Actor, sessions: SessionService) -> list[SessionView]:
    """List one's own sessions."""
    return sessions.sessions(actor)


def end_session(actor: Actor, session_id: int, sessions: SessionService) -> Ended:
    """End one of one's own sessions."""
    return Ended(ended=sessions.end(actor, session_id))


def end_all_sessions(actor: Actor, sessions: SessionService) -> Ended:
    """Log out everywhere."""
    return Ended(ended=sessions.end_all(actor, actor.user_id or 0))


def end_sessions_of(actor: Actor, user_id: int, sessions: SessionService) -> Ended:
    """End every session of somebody else."""
    return Ended(ended=sessions.end_all(actor, user_id))
