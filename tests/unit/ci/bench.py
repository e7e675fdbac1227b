"""A service as the client meets it: one run that goes on as it is told to, on a port of its own."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TOKEN = "wxt_of-the-pipeline"


def result(seq: int, name: str, outcome: str = "passed", **more: Any) -> dict[str, Any]:
    """A result as the service lists it, with the explanation that only a look at it alone gives."""
    same = {"seq": seq, "name": name, "dataset": None, "outcome": outcome, "message": None, "duration_ms": 5.0}
    return {**same, **more}


@dataclass
class FakeService:
    """Answers as the service does. `looks`: how often the run is seen before it has ended."""

    state: str = "passed"
    results: list[dict[str, Any]] = field(default_factory=lambda: [result(0, "log in"), result(1, "create")])
    looks: int = 1
    reason: str | None = None
    comparison: dict[str, Any] | None = None
    causes: list[dict[str, Any]] = field(default_factory=list)
    totals: dict[str, Any] = field(default_factory=dict)
    quarantined: list[int] = field(default_factory=list)
    answers: list[Callable[["Handler"], bool]] = field(default_factory=list)  # said instead, one a request
    asked: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def run(self) -> dict[str, Any]:
        """The run as it stands."""
        ended = self.looks <= 0
        self.looks -= 1
        outcomes = [one["outcome"] for one in self.results]
        counts = {name: outcomes.count(name) for name in ("passed", "failed", "error", "skipped")}
        counts |= {"passed_after_retry": 0, "requests": len(outcomes)}
        state = self.state if ended else "running"
        named = {"id": 12, "title": "checkout", "environment": "staging", "reason": self.reason}
        return {**named, "state": state, "counts": counts, "place": None, "warnings": []}

    def report(self) -> dict[str, Any]:
        """What the run tells."""
        told = {"totals": self.totals, "quarantined": self.quarantined}
        return {**told, "failures": self.causes[:6], "causes": len(self.causes)}

    def data(self, method: str, path: str, query: str) -> Any:
        """What that path answers; None: not there."""
        rest = path.removeprefix("/api/projects/1/runs")
        if method == "POST":
            if rest == "/12/cancel":
                self.state, self.looks = "canceled", 0
            return self.run() | {"state": "queued"} if rest == "" else self.run()
        if rest.startswith("/12/results/"):
            return self.results[int(rest.rpartition("/")[2])]
        wanted = [outcome for outcome in ("failed", "error") if f"outcome={outcome}" in query]
        chosen = [one for one in self.results if not wanted or one["outcome"] in wanted]
        listed = [{name: value for name, value in one.items() if name != "explanation"} for one in chosen]
        told: dict[str, Callable[[], Any]] = {
            "/12": self.run,
            "/12/results": lambda: {"items": listed if "cursor" not in query else [], "next": None},
            "/12/compare/baseline": lambda: self.comparison,
            "/12/report": self.report,
        }
        return told[rest]() if rest in told else None


class Handler(BaseHTTPRequestHandler):
    """One request."""

    service: FakeService

    def answer(self, status: int, body: Any, **headers: str) -> bool:
        """Answer it; true, so that a lambda can say so."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        return True

    def refuse(self, status: int, name: str, **more: Any) -> bool:
        """Answer with a refusal."""
        return self.answer(status, {"code": 0, "data": {"error": name, **more}, "msg": f"It is {name}"})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = json.loads(body) if body else None
        self.service.asked.append((self.command, self.path, told, dict(self.headers)))
        if self.service.answers and self.service.answers.pop(0)(self):
            return
        if parts.path.endswith((".xml", ".html")):
            self.answer(200, b"<report/>")
            return
        data = self.service.data(self.command, parts.path, parts.query)
        if data is None:
            self.refuse(404, "not_found")
        else:
            self.answer(200, {"code": 1, "data": data, "msg": "success"})

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def serving(service: FakeService) -> Iterator[FakeService]:
    """The service, reachable inside the block."""
    kind = type("Bound", (Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
