"""The shapes of the auth helpers, as stored in a case; applied by `auth.py`, `digest.py`, `signing.py`, `oauth.py`."""

from typing import Annotated, Literal

from pydantic import Field

from wxcloudrun.engine.send.request_values import Spec, Text


class NoAuth(Spec):
    """No helper; headers the user wrote still go out."""

    kind: Literal["none"] = "none"


class InheritAuth(Spec):
    """Take the scenario's or the environment's helper. The caller replaces it; left in place it means none."""

    kind: Literal["inherit"]


class BasicAuth(Spec):
    """RFC 7617, user name and password in UTF-8."""

    kind: Literal["basic"]
    username: Text
    password: Text = ""


class BearerAuth(Spec):
    """RFC 6750: `Authorization: <prefix> <token>`."""

    kind: Literal["bearer"]
    token: Text
    prefix: Text = "Bearer"


class ApiKeyAuth(Spec):
    """A named key in a header, in the query or in a cookie."""

    kind: Literal["api_key"]
    name: Text
    value: Text
    place: Literal["header", "query", "cookie"] = "header"


class DigestAuth(Spec):
    """RFC 7616: MD5, SHA-256 and SHA-512-256 with or without `-sess`; qop `auth`, `auth-int` and none."""

    kind: Literal["digest"]
    username: Text
    password: Text = ""


class OAuth2ClientCredentials(Spec):
    """RFC 6749 section 4.4. The token is fetched through the same address guard and kept until it expires."""

    kind: Literal["oauth2_client_credentials"]
    token_url: Text
    client_id: Text
    client_secret: Text
    scope: Text = ""
    audience: Text = ""
    client_auth: Literal["basic", "body"] = "basic"
    extra: dict[str, Text] = {}


class AwsV4Auth(Spec):
    """AWS Signature Version 4 in the Authorization header."""

    kind: Literal["aws_v4"]
    access_key: Text
    secret_key: Text
    session_token: Text = ""
    region: Text
    service: Text


MessagePiece = Annotated[
    str,
    Field(pattern=r"^(method|scheme|host|path|query|url|timestamp|nonce|body|body_sha256|key_id|header:.+|text:.*)$"),
]


class HmacAuth(Spec):
    """A keyed hash over chosen pieces of the request, written into a header.

    `message` lists the pieces in order, joined by `separator`. `timestamp` and `nonce` are made once a request; they
    go into `timestamp_header` and `nonce_header` when those are named.
    """

    kind: Literal["hmac"]
    algorithm: Literal["sha1", "sha256", "sha384", "sha512", "md5"] = "sha256"
    key: Text
    key_encoding: Literal["text", "base64", "hex"] = "text"
    key_id: Text = ""
    key_id_header: Text = ""
    message: tuple[MessagePiece, ...] = ("method", "path", "query", "timestamp", "body_sha256")
    separator: str = "\n"
    signature_header: Text = "X-Signature"
    signature_encoding: Literal["hex", "base64"] = "hex"
    signature_prefix: Text = ""
    timestamp_header: Text = "X-Timestamp"
    timestamp_format: Literal["seconds", "milliseconds", "iso"] = "seconds"
    nonce_header: Text = ""


AuthSpec = Annotated[
    NoAuth
    | InheritAuth
    | BasicAuth
    | BearerAuth
    | ApiKeyAuth
    | DigestAuth
    | OAuth2ClientCredentials
    | AwsV4Auth
    | HmacAuth,
    Field(discriminator="kind"),
]
