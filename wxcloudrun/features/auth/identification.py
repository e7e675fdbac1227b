"""Who a request comes from: an access token, an API token, or Cloud Run's word where the operator believes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.errors import SessionEnded, SessionRequired
from wxcloudrun.core.http import Caller
from wxcloudrun.features.auth.access import SessionService
from wxcloudrun.features.auth.service import LoginService
from wxcloudrun.features.users.admission import Identity
from wxcloudrun.integrations.wechat.cloud import identity_from_headers

API_TOKEN: Final = "wxt_"  # noqa: S105 - the beginning of each, no secret
"""How API tokens begin, so that a scanner finds one that somebody published; an access token begins with `ey`."""

type ApiTokens = Callable[[str, str], Actor]
"""Who an API token stands for, by its text and the request's id. Raises ApiTokenInvalid, AccountDisabled."""


@dataclass(frozen=True)
class CloudRules:
    """Whose word is believed behind WeChat Cloud Run: one environment, one app, and the apps that share it."""

    env_id: str
    appid: str
    from_appids: tuple[str, ...] = ()


class Identification:
    """Tells who a request comes from."""

    def __init__(
        self, sessions: SessionService, logins: LoginService, cloud: CloudRules | None, api_tokens: ApiTokens
    ) -> None:
        self._sessions = sessions
        self._logins = logins
        self._cloud = cloud
        self._api_tokens = api_tokens

    def actor(self, authorization: str | None, caller: Caller) -> Actor:
        """The actor of a request. Raises SessionRequired, SessionEnded, AccountDisabled, ApiTokenInvalid."""
        if authorization is None:
            return self._vouched(caller)
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise SessionEnded
        token = token.strip()
        known = self._api_tokens if token.startswith(API_TOKEN) else self._sessions.actor_of_token
        return known(token, caller.request_id)

    def _vouched(self, caller: Caller) -> Actor:
        if self._cloud is None:
            raise SessionRequired
        identity = identity_from_headers(
            caller.headers,
            env_id=self._cloud.env_id,
            appid=self._cloud.appid,
            allowed_from_appids=self._cloud.from_appids,
        )
        if identity is None:
            raise SessionRequired
        person = Identity(identity.appid, identity.openid, None, identity.unionid)
        lately = self._sessions.actor_lately(person, caller.request_id)
        if lately is not None:
            return lately
        user_id = self._logins.identify(person)
        return self._sessions.actor_of_person(user_id, caller.request_id)
