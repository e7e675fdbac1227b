"""A running service as the notebooks talk to it: by HTTP, with nothing but the standard library."""

import http.client
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the models are the product's own


def database_url() -> str:
    """Where the tables are: DATABASE_URL, or the file of `scripts/start.py`."""
    return os.environ.get("DATABASE_URL") or f"sqlite:///{ROOT / 'data' / 'wxcloudrun.sqlite3'}"


class Refused(RuntimeError):
    """The service's answer was no success; the text is its own."""


class Service:
    """One client; after `log_in` it speaks for somebody. Methods give `data` of a reply, and raise Refused."""

    def __init__(self, url: str, simulator: str) -> None:
        self.url, self.simulator = url.rstrip("/"), simulator.rstrip("/")
        self._token = ""

    @classmethod
    def from_environment(cls) -> "Service":
        """The service at WXCLOUDRUN_URL with the simulated WeChat at WXCLOUDRUN_SIMULATOR."""
        url = os.environ.get("WXCLOUDRUN_URL", "http://127.0.0.1:8080")
        return cls(url, os.environ.get("WXCLOUDRUN_SIMULATOR", "http://127.0.0.1:9200"))

    def log_in(self, name: str) -> Any:
        """Become that person of the simulated WeChat."""
        status, content = self._ask(self.simulator, "POST", "/_sim/login-code", {"name": name})
        if status != 200:
            raise Refused(f"the simulator answered {status}")
        entry = self.post("/api/login", {"code": json.loads(content)["code"]})
        self._token = entry["token"]
        return entry

    def get(self, path: str) -> Any:
        """GET."""
        return self._data("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """POST."""
        return self._data("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        """PUT."""
        return self._data("PUT", path, body)

    def raw(self, path: str) -> bytes:
        """The bytes of what has no envelope."""
        status, content = self._ask(self.url, "GET", path, None)
        if status != 200:
            raise Refused(f"GET {path} was answered {status}")
        return content

    def events(self, path: str) -> Iterator[tuple[str, Any]]:
        """Server-sent events: name and data of each, until the stream ends."""
        connection = self._connection(self.url)
        try:
            connection.request("GET", path, headers=self._headers())
            name = ""
            for line in connection.getresponse():
                field, _, value = line.decode().rstrip("\r\n").partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    yield name, json.loads(value)
        finally:
            connection.close()

    def _data(self, method: str, path: str, body: Any) -> Any:
        while True:
            _, content = self._ask(self.url, method, path, body)
            answer = json.loads(content)
            if answer["code"] == 1:
                return answer["data"]
            wait = answer["data"].get("retry_after") if answer["data"]["error"] == "too_many_requests" else None
            if wait is None:
                raise Refused(f"{method} {path}: {json.dumps(answer, ensure_ascii=False)}")
            time.sleep(min(60, wait))

    def _ask(self, base: str, method: str, path: str, body: Any) -> tuple[int, bytes]:
        connection = self._connection(base)
        try:
            content = None if body is None else json.dumps(body).encode()
            connection.request(method, path, content, self._headers())
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _connection(self, base: str) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if base.startswith("https") else http.client.HTTPConnection
        return kind(urlsplit(base).netloc, timeout=120)

    def _headers(self) -> dict[str, str]:
        told = {"Content-Type": "application/json", "Accept-Language": "en"}
        return told | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
