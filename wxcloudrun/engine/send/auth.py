"""Puts a credential on a request: what each auth helper adds, and which of its values have to be kept secret."""

import base64
from dataclasses import replace

from wxcloudrun.engine.send.draft import Draft
from wxcloudrun.engine.send.request_auth import (
    ApiKeyAuth,
    AuthSpec,
    AwsV4Auth,
    BasicAuth,
    BearerAuth,
    DigestAuth,
    HmacAuth,
    OAuth2ClientCredentials,
)
from wxcloudrun.engine.send.request_values import Param
from wxcloudrun.engine.send.signing import sign_aws_v4, sign_hmac
from wxcloudrun.engine.send.url import query_text


def authorize(draft: Draft, auth: AuthSpec, now: float, nonce: str) -> Draft:
    """The request with its credential. A header the user wrote is never overwritten.

    `now` is seconds since the epoch, `nonce` a fresh random word; the signing helpers use them. Digest adds nothing
    here (it answers a challenge); OAuth has been turned into a bearer token before.
    """
    match auth:
        case BasicAuth():
            return draft.with_defaults([("Authorization", basic_value(auth.username, auth.password))])
        case BearerAuth():
            return draft.with_defaults([("Authorization", f"{auth.prefix} {auth.token}".strip())])
        case ApiKeyAuth():
            return _with_api_key(draft, auth)
        case AwsV4Auth():
            return sign_aws_v4(draft, auth, now)
        case HmacAuth():
            return sign_hmac(draft, auth, now, nonce)
    return draft


def basic_value(username: str, password: str) -> str:
    """The Authorization header of RFC 7617, in UTF-8."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def secrets_of(auth: AuthSpec) -> tuple[str, ...]:
    """The values of a helper that must not be stored or shown."""
    match auth:
        case BasicAuth() | DigestAuth():
            found: tuple[str, ...] = (auth.password,)
        case BearerAuth():
            found = (auth.token,)
        case ApiKeyAuth():
            found = (auth.value,)
        case AwsV4Auth():
            found = (auth.secret_key, auth.session_token)
        case HmacAuth():
            found = (auth.key,)
        case OAuth2ClientCredentials():
            found = (auth.client_secret,)
        case _:
            found = ()
    return tuple(value for value in found if value)


def secret_headers(auth: AuthSpec) -> frozenset[str]:
    """Lower-case names of headers in which a helper puts a credential."""
    match auth:
        case ApiKeyAuth(place="header"):
            return frozenset({auth.name.lower()})
        case HmacAuth():
            return frozenset({auth.signature_header.lower(), auth.key_id_header.lower()})
    return frozenset()


def _with_api_key(draft: Draft, auth: ApiKeyAuth) -> Draft:
    if auth.place == "header":
        return draft.with_defaults([(auth.name, auth.value)])
    if auth.place == "cookie":
        return replace(draft, cookies=(*draft.cookies, (auth.name, auth.value)))
    pair = query_text([Param(name=auth.name, value=auth.value)])
    present = (draft.url.query or "").split("&")
    return draft if pair in present else replace(draft, url=draft.url.with_query(pair))
