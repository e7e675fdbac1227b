"""The service's API as far as a pipeline needs it, over urllib: patient with outages, deaf to redirects."""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_PATIENCE_S = 120.0
_PAUSES_S = (1.0, 2.0, 4.0, 8.0)
_ONCE_MORE = {429, 502, 503, 504}
_TIMEOUT_S = 60.0
_CHUNK = 64 * 1024


class Refused(Exception):
    """The service answered, and it was no success. `name` is the error's stable name, `status` HTTP's."""

    def __init__(self, status: int, name: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.name = name


class OutOfReach(Exception):
    """Nobody answered as a service does, for two minutes."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could lead the token to another host: it is an answer like others."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Service:
    """Asks the service with an API token. Raises Refused and OutOfReach."""

    def __init__(
        self,
        server: str,
        token: str,
        ca_file: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        say: Callable[[str], object] = sys.stderr.write,
    ) -> None:
        self._server = server
        self._token = token
        self._sleep, self._monotonic, self._say = sleep, monotonic, say
        context = ssl.create_default_context(cafile=ca_file)
        self._open = urllib.request.build_opener(_NoRedirect(), urllib.request.HTTPSHandler(context=context)).open
        self._known: dict[str, tuple[str, Any]] = {}

    def get(self, path: str) -> Any:
        """`data` of the reply; what is unchanged since it was last asked for is not sent again."""
        tag, before = self._known.get(path, ("", None))
        reply = self._patiently("GET", path, None, {"If-None-Match": tag} if tag else {})
        if reply is None:
            return before
        etag, data = reply
        if etag:
            self._known[path] = (etag, data)
        return data

    def post(self, path: str, body: Mapping[str, Any], key: str | None = None) -> Any:
        """`data` of the reply; with a key it may be sent again and again."""
        reply = self._patiently("POST", path, body, {} if key is None else {"Idempotency-Key": key}, patient=bool(key))
        return None if reply is None else reply[1]

    def fetch(self, path: str, target: Path) -> None:
        """Write what is there into a file, which is whole or not there."""
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")

        def once() -> None:
            with self._send("GET", path, None, {}) as response, part.open("wb") as file:
                while chunk := response.read(_CHUNK):
                    file.write(chunk)

        self._again_and_again(once, patient=True)
        part.replace(target)

    def _patiently(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str], patient: bool = True
    ) -> tuple[str, Any] | None:
        """ETag and data; None for what is unchanged."""

        def once() -> tuple[str, Any] | None:
            try:
                with self._send(method, path, body, headers) as response:
                    return response.headers.get("ETag", ""), _data(response.read())
            except urllib.error.HTTPError as error:
                if error.code == 304:
                    return None
                raise

        return self._again_and_again(once, patient=patient)

    def _again_and_again(self, once: Callable[[], Any], *, patient: bool) -> Any:
        ends, attempt = self._monotonic() + _PATIENCE_S, 0
        while True:
            try:
                return once()
            except urllib.error.HTTPError as error:
                refused, wait = _refusal(error)
                if refused.status not in _ONCE_MORE or not patient or self._monotonic() >= ends:
                    raise refused from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                if not patient or self._monotonic() >= ends:
                    raise OutOfReach(f"{self._server} does not answer as the service does ({_reason(error)})") from None
                wait = None
            if attempt == 0:
                self._say("The service does not answer as it should; this goes on trying for two minutes.\n")
            self._sleep(wait or _PAUSES_S[min(attempt, len(_PAUSES_S) - 1)])
            attempt += 1

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Any:
        content = None if body is None else json.dumps(body).encode()
        usual = {"Authorization": f"Bearer {self._token}", "Accept-Language": "en", "User-Agent": "wxcloudrun-ci"}
        if content is not None:
            usual["Content-Type"] = "application/json"
        request = urllib.request.Request(  # noqa: S310 - options.py lets http and https in only
            f"{self._server}{path}", content, {**usual, **headers}, method=method
        )
        return self._open(request, timeout=_TIMEOUT_S)


def _data(content: bytes) -> Any:
    answer = json.loads(content)
    if not isinstance(answer, dict) or answer.get("code") != 1:
        raise ValueError("no reply of the service")
    return answer.get("data")


def _refusal(error: urllib.error.HTTPError) -> tuple[Refused, float | None]:
    """What was refused, and after how many seconds it may be asked again."""
    with error:
        try:
            answer = json.loads(error.read(256 * 1024))
            data = answer["data"]
            fields = "".join(
                f"; {one['field']}: {one.get('detail') or one['reason']}" for one in data.get("fields", ())
            )
            refused = Refused(error.code, str(data["error"]), f"{answer['msg']}{fields}")
            wait = data.get("retry_after")
        except (ValueError, KeyError, TypeError, AttributeError, OSError):
            refused, wait = Refused(error.code, "", f"HTTP {error.code}, and no reply of the service"), None
    return refused, min(60.0, float(wait)) if isinstance(wait, (int, float)) and wait > 0 else None


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return f"{type(reason).__name__}: {reason}"[:200]
