"""A simulated WeChat on a still clock, a caller that speaks to it, and a product that takes its pushes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from flask.testing import FlaskClient

from wxcloudrun.simulator import DEFAULT_APPID, DEFAULT_SECRET, Options, SimulatorState, create_simulator

NOON = 1_800_000_000.0


class Caller:
    """Calls the simulator as the product and as its tester; answers are parsed JSON."""

    def __init__(self, client: FlaskClient, state: SimulatorState) -> None:
        self.client = client
        self.state = state
        self._token = ""

    def control(self, path: str, /, expect: int = 200, **body):
        answer = self.client.post(f"/_sim/{path}", json=body)
        assert answer.status_code == expect, answer.get_data(as_text=True)
        return json.loads(answer.data)

    def get(self, path: str, **query):
        return json.loads(self.client.get(path, query_string=query).data)

    def post(self, path: str, body=None, **query):
        return json.loads(self.raw_post(path, body, **query).data)

    def raw_post(self, path: str, body=None, **query):
        """A POST with the access token, unless `access_token` is given (None leaves it out)."""
        token = query.pop("access_token", "") if "access_token" in query else self.token()
        query = query | ({"access_token": token} if token else {})
        data = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        return self.client.post(path, query_string=query, data=data)

    def token(self) -> str:
        if not self._token or self._token not in self.state.tokens:
            self._token = self.stable()["access_token"]
        return self._token

    def stable(self, **more):
        body = {"grant_type": "client_credential", "appid": DEFAULT_APPID, "secret": DEFAULT_SECRET} | more
        return self.post("/cgi-bin/stable_token", body, access_token=None)

    def legacy(self, **more):
        query = {"grant_type": "client_credential", "appid": DEFAULT_APPID, "secret": DEFAULT_SECRET} | more
        return self.get("/cgi-bin/token", **{name: value for name, value in query.items() if value})

    def exchange(self, code: str, **more):
        query = {"appid": DEFAULT_APPID, "secret": DEFAULT_SECRET, "js_code": code, "grant_type": "authorization_code"}
        return self.get("/sns/jscode2session", **{n: v for n, v in (query | more).items() if v})

    def login(self, name: str = "demo"):
        return self.exchange(self.control("login-code", name=name)["code"])


@pytest.fixture
def state() -> SimulatorState:
    return SimulatorState(options=Options(send_duration_ms=0, fault_hold=0.0, push_timeout=0.5), clock=lambda: NOON)


@pytest.fixture
def caller(state: SimulatorState) -> Caller:
    return Caller(create_simulator(state).test_client(), state)


@dataclass
class Received:
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class Product:
    """A little HTTP server in the product's place. `replies` are used up first to last, the last one stays.

    A reply is a status and a body, or the word "hang".
    """

    url: str = ""
    replies: list[tuple[int, bytes] | str] = field(default_factory=lambda: [(200, b"success")])
    received: list[Received] = field(default_factory=list)
    let_go: Event = field(default_factory=Event)

    def next_reply(self) -> tuple[int, bytes] | str:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@pytest.fixture
def product() -> Iterator[Product]:
    product = Product()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            product.received.append(Received(self.command, self.path, list(self.headers.items()), body))
            reply = product.next_reply()
            if isinstance(reply, str):
                product.let_go.wait(5)
                return
            status, content = reply
            if content == b"<echo>":
                content = dict(part.split("=") for part in self.path.partition("?")[2].split("&"))["echostr"].encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_DELETE = do_POST

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    product.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield product
    product.let_go.set()
    server.shutdown()
    thread.join()
    server.server_close()
