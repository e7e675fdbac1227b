"""Access tokens: the legacy kind that replaces its predecessor, and the stable kind that is shared."""

from wxcloudrun.simulator import constants
from wxcloudrun.simulator.gate import Context
from wxcloudrun.simulator.limits import FORCE_REFRESH
from wxcloudrun.simulator.records import AccessToken, TokenKind
from wxcloudrun.simulator.state import SimulatorState
from wxcloudrun.simulator.wire import Json, RefusedError


def legacy_token(context: Context) -> Json:
    """`GET /cgi-bin/token`: a new token each time; the one before works for five more minutes, older ones no more."""
    state, app = context.state, context.app
    _check_token_rules(context, context.call.query.get("grant_type"))
    state.spend("/cgi-bin/token", app.appid)
    previous = state.token_of(app.appid, TokenKind.LEGACY)
    for older in state.tokens.values():
        if older.appid == app.appid and older.kind is TokenKind.LEGACY and older is not previous:
            older.dies_at = min(older.dies_at or state.now(), state.now())
    if previous is not None:
        previous.dies_at = min(previous.dies_at or float("inf"), state.now() + constants.TOKEN_OVERLAP_SECONDS)
    return _shown(state, state.new_token(app.appid, TokenKind.LEGACY))


def stable_token(context: Context) -> Json:
    """`POST /cgi-bin/stable_token`: the same token while more than five minutes remain, unless a refresh is forced."""
    state, app = context.state, context.app
    _check_token_rules(context, context.body.get("grant_type"))
    state.spend("/cgi-bin/stable_token", app.appid)
    current = state.token_of(app.appid, TokenKind.STABLE)
    if current is not None and current.dies_at is not None and current.dies_at <= state.now():
        current = None
    if context.body.get("force_refresh") is True and _may_force(state, app.appid):
        return _shown(state, _forced(state, app.appid))
    remaining = current.expires_at - state.now() if current is not None else 0
    if current is not None and remaining > constants.TOKEN_OVERLAP_SECONDS:
        return _shown(state, current)
    if current is not None and remaining > 0:
        current.expires_at = current.dies_at = state.now() + constants.TOKEN_OVERLAP_SECONDS
    return _shown(state, state.new_token(app.appid, TokenKind.STABLE))


def _check_token_rules(context: Context, grant_type: object) -> None:
    if grant_type != "client_credential":
        raise RefusedError(40002, "invalid grant_type")
    allowed = context.app.ip_whitelist
    caller = context.call.caller
    if allowed is not None and caller not in allowed:
        raise RefusedError(40164, f"invalid ip {caller} ipv6 ::ffff:{caller}, not in whitelist")
    if context.app.secret_frozen:
        raise RefusedError(40243, "AppSecret has been frozen")


def _may_force(state: SimulatorState, appid: str) -> bool:
    last = state.last_force.get(appid)
    return last is None or state.now() - last >= constants.FORCE_REFRESH_GAP_SECONDS


def _forced(state: SimulatorState, appid: str) -> AccessToken:
    state.spend(FORCE_REFRESH, appid)
    state.last_force[appid] = state.now()
    for older in state.tokens.values():
        if older.appid == appid and older.kind is TokenKind.STABLE:
            older.dies_at = state.now()
    return state.new_token(appid, TokenKind.STABLE)


def _shown(state: SimulatorState, token: AccessToken) -> Json:
    return {"access_token": token.value, "expires_in": int(token.expires_at - state.now())}
