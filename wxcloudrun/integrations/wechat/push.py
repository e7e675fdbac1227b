"""Receives what WeChat pushes: the check of the address, messages and events, and the answer to them.

Source: WeChat's page on message push. WeChat waits five seconds and delivers three times: verify, store with the
`dedupe_key` unique, answer, and work later.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wxcloudrun.integrations.wechat.answers import whole_number
from wxcloudrun.integrations.wechat.config import Clock, PushFormat, PushMode, WeChatConfig
from wxcloudrun.integrations.wechat.crypto import same_text
from wxcloudrun.integrations.wechat.errors import PushFault, PushRejected
from wxcloudrun.integrations.wechat.push_crypto import Envelope, decoded, push_signature
from wxcloudrun.integrations.wechat.push_message import PushMessage, parse_push, push_fields

ACKNOWLEDGED = "success"
"""Answers every pushed message that needs no other answer, in every mode, in plain text with status 200."""

_CONTAINER_CHECK = "CheckContainerPath"


@dataclass(frozen=True)
class Reply:
    """An answer to a pushed message."""

    text: str
    mime: str


class PushReceiver:
    """Believes what WeChat has signed, in the mode that is configured and in no weaker one."""

    def __init__(
        self, config: WeChatConfig, clock: Clock, random_bytes: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._config = config
        self._clock = clock
        self._random_bytes = random_bytes

    def check_url(self, query: Mapping[str, str]) -> str:
        """The text to answer WeChat's GET with, as it is, in plain text. Raises PushRejected."""
        self._check_time(query)
        self._check_signature(query)
        return query.get("echostr", "")

    def receive(self, query: Mapping[str, str], body: bytes, headers: Mapping[str, str] | None = None) -> PushMessage:
        """The message in a POST. `query` is the URL's query, `headers` count in cloud mode only.

        Raises PushRejected; answer 403 then, and 400 for malformed and too large, and store nothing.
        """
        if self._config.push_mode is PushMode.OFF:
            raise PushRejected(PushFault.NOT_CONFIGURED)
        if len(body) > self._config.push_max_bytes:
            raise PushRejected(PushFault.TOO_LARGE)
        if self._config.push_mode is PushMode.CLOUD:
            _check_source(headers or {})
            return parse_push(decoded(body))
        self._check_time(query)
        return parse_push(self._believed(query, decoded(body)))

    def reply(self, message: str) -> Reply:
        """An answer with content: as it is in plain and cloud mode, else encrypted and signed."""
        mime = "application/json" if self._config.push_format is PushFormat.JSON else "application/xml"
        if self._config.push_mode not in (PushMode.SAFE, PushMode.COMPATIBLE):
            return Reply(message, mime)
        encrypted = self._envelope().close(message, self._random_bytes(16))
        timestamp = str(int(self._clock.now().timestamp()))
        nonce = str(int.from_bytes(self._random_bytes(4), "big"))
        return Reply(self._wrapped(encrypted, timestamp, nonce), mime)

    def _believed(self, query: Mapping[str, str], text: str) -> str:
        if self._config.push_mode is PushMode.PLAIN:
            self._check_signature(query)
            return text
        encrypted = push_fields(text).get("Encrypt")
        if not isinstance(encrypted, str) or not encrypted:
            raise PushRejected(PushFault.PLAINTEXT)
        # In compatible mode the encrypted half counts: what is readable beside it is covered by no signature.
        self._check_signature(query, encrypted)
        return self._envelope().open(encrypted)

    def _check_time(self, query: Mapping[str, str]) -> None:
        moment = whole_number(query.get("timestamp"))
        if moment is None or abs(self._clock.now().timestamp() - moment) > self._config.push_window_seconds:
            raise PushRejected(PushFault.TIMESTAMP)

    def _check_signature(self, query: Mapping[str, str], encrypted: str | None = None) -> None:
        if not self._config.push_token:
            raise PushRejected(PushFault.NOT_CONFIGURED)
        # `signature` leaves the body out, so for an encrypted one only `msg_signature` counts.
        name, parts = ("signature", []) if encrypted is None else ("msg_signature", [encrypted])
        stamp = (query.get("timestamp", ""), query.get("nonce", ""))
        expected = push_signature(self._config.push_token, *stamp, *parts)
        if not same_text(expected, query.get(name, "")):
            raise PushRejected(PushFault.SIGNATURE)

    def _envelope(self) -> Envelope:
        return Envelope(self._config.push_aes_key, self._config.appid)

    def _wrapped(self, encrypted: str, timestamp: str, nonce: str) -> str:
        signature = push_signature(self._config.push_token, timestamp, nonce, encrypted)
        if self._config.push_format is PushFormat.JSON:
            parts = {"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": int(timestamp), "Nonce": nonce}
            return json.dumps(parts)
        return (
            f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        )


def is_container_check(body: bytes) -> bool:
    """Whether a POST is Cloud Run's test of the address, to be answered with ACKNOWLEDGED; it carries no message.

    Seen as JSON, as XML and as the bare word.
    """
    if len(body) > 1024:
        return False
    text = body.decode("utf-8", "replace").strip()
    if text == _CONTAINER_CHECK:
        return True
    try:
        fields = push_fields(text)
    except PushRejected:
        return False
    return fields.get("action") == _CONTAINER_CHECK


def _check_source(headers: Mapping[str, str]) -> None:
    if not any(name.lower() == "x-wx-source" and value.strip() for name, value in headers.items()):
        raise PushRejected(PushFault.SOURCE)
