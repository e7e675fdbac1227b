"""The main job over real HTTP: log in with a code from the simulated WeChat, change one's profile, count."""

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

_NICKNAME = "小明"


class JobFailedError(Exception):
    """A step was not answered as it must be."""


@dataclass
class MainJob:
    """One walk through the API; `say` is given a line a step."""

    service: str
    simulator: str
    say: Callable[[str], None]
    _token: str = field(default="", repr=False)

    def run(self) -> None:
        """Do every step. Raises JobFailedError at the first that goes wrong."""
        code = self._code()
        entry = self._step("log in", "POST", "/api/login", {"code": code}, tell=_of_login)
        self._token = entry["token"]
        profile = self._step("read my profile", "GET", "/api/user/profile", tell=_of_profile)
        change = {"nickname": _NICKNAME, "version": profile["version"]}
        self._step("change my nickname", "PUT", "/api/user/profile", change, tell=_of_profile)
        counted = self._step("count up", "POST", "/api/count", {"action": "inc"}, tell=_of_count)
        if self._step("read the counter", "GET", "/api/count", tell=_of_count) < counted:
            raise JobFailedError("the counter lost what was counted")

    def _code(self) -> str:
        began = time.perf_counter()
        code = login_code(self.simulator)
        self._line("get a code (wx.login)", "POST /_sim/login-code", 200, began, f"code {_short(code)}")
        return code

    def _step(self, what: str, method: str, path: str, body: Any = None, *, tell: Callable[[Any], str]) -> Any:
        began = time.perf_counter()
        status, answer = call(self.service, method, path, body, self._token)
        if status != 200 or not isinstance(answer, dict) or answer.get("code") != 1:
            raise JobFailedError(
                f"{what}: {method} {path} was answered {status} {json.dumps(answer, ensure_ascii=False)}"
            )
        self._line(what, f"{method} {path}", status, began, tell(answer["data"]))
        return answer["data"]

    def _line(self, what: str, request: str, status: int, began: float, telling: str) -> None:
        duration = (time.perf_counter() - began) * 1000
        self.say(f"  {what:<22} {request:<24} {status} {duration:6.0f} ms   {telling}")


def login_code(simulator: str) -> str:
    """A code of the demo person, as wx.login() gives it. Raises JobFailedError."""
    status, answer = call(simulator, "POST", "/_sim/login-code", {"name": "demo"})
    if status != 200 or "code" not in answer:
        raise JobFailedError(f"the simulator gave no code: {status} {answer}")
    return str(answer["code"])


def call(base: str, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    """Status and decoded body of one request. Raises JobFailedError when nobody answers."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=15)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise JobFailedError(f"{method} {path} was not answered: {error}") from error
    finally:
        connection.close()


def _short(secret: str) -> str:
    return f"{secret[:6]}…"


def _of_login(data: Any) -> str:
    known = "new" if data["is_new_user"] else "known"
    return f"{known} user {data['user']['id']}, token {_short(data['token'])}, good for {data['expires_in']} s"


def _of_profile(data: Any) -> str:
    return f"nickname {data['nickname'] or 'not given'}, version {data['version']}"


def _of_count(data: Any) -> str:
    return f"counter {data}"
