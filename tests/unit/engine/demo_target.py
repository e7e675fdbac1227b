"""A small server to test plans against: log in, orders that change their state, failures on demand, an echo."""

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

USERS = {"eve": "s3cret-password", "bob": "another-password"}


class DemoTarget:
    """Runs while it is entered; `seen` holds every request, `under_way` the most that were open at once."""

    def __init__(self):
        self.seen = []
        self.counts = Counter()
        self.orders = {}
        self.open = 0
        self.under_way = 0
        self.lock = threading.Lock()

    def __enter__(self):
        target = self

        class Handler(_Handler):
            demo = target

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def paths(self):
        """Method and path of every request, in order of arrival."""
        return [f"{one['method']} {one['path']}" for one in self.seen]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """A client that went away is part of some tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    demo: DemoTarget

    def log_message(self, *_):
        """Quiet."""

    def handle_one_request(self):
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
            return
        if not self.parse_request():
            return
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = {
            "method": self.command,
            "path": parts.path,
            "query": dict(parse_qsl(parts.query, keep_blank_values=True)),
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode("utf-8", "replace"),
        }
        with self.demo.lock:
            self.demo.seen.append(request)
            self.demo.open += 1
            self.demo.under_way = max(self.demo.under_way, self.demo.open)
        try:
            self._route(request)
            self.wfile.flush()
        finally:
            with self.demo.lock:
                self.demo.open -= 1

    def _route(self, request):
        name = request["path"].strip("/").partition("/")[0] or "home"
        getattr(self, f"_{name.replace('-', '_')}", self._lost)(request)

    def _reply(self, status, value, headers=()):
        data = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        for header, text in headers:
            self.send_header(header, text)
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(data)

    def _lost(self, request):
        self._reply(404, {"error": f"nothing at {request['path']}"})

    def _home(self, request):
        self._reply(200, {"name": "demo", "items": [{"sku": "a", "price": 1.5}, {"sku": "b", "price": 2.5}]})

    def _login(self, request):
        given = json.loads(request["body"] or "{}")
        if USERS.get(given.get("user"), "") != given.get("password"):
            self._reply(401, {"error": "wrong user or password"})
            return
        self.demo.counts["login"] += 1
        token = f"token-of-{given['user']}-{self.demo.counts['login']}"
        self._reply(
            200,
            {"token": token, "user": {"id": 7, "name": given["user"]}},
            [("Set-Cookie", f"sid={token}-sid; Path=/; HttpOnly")],
        )

    def _me(self, request):
        token = request["headers"].get("authorization", "").removeprefix("Bearer ")
        if not token.startswith("token-of-"):
            self._reply(401, {"error": "log in first"}, [("WWW-Authenticate", "Bearer")])
            return
        self._reply(200, {"name": token.split("-")[2], "cookie": request["headers"].get("cookie", "")})

    def _orders(self, request):
        """POST makes one; GET reads it: "new" twice, then "paid" (or "lost" when it was made with fail)."""
        number = request["path"].partition("/orders")[2].strip("/")
        if request["method"] == "POST":
            given = json.loads(request["body"] or "{}")
            with self.demo.lock:
                number = str(len(self.demo.orders) + 1)
                self.demo.orders[number] = {"id": int(number), "reads": 0, **given}
            self._reply(201, {"id": int(number), "state": "new", "sku": given.get("sku")})
        elif number not in self.demo.orders:
            self._lost(request)
        elif request["method"] == "DELETE":
            del self.demo.orders[number]
            self._reply(200, {"deleted": int(number)})
        else:
            order = self.demo.orders[number]
            order["reads"] += 1
            state = "new" if order["reads"] < 3 else ("lost" if order.get("fail") else "paid")
            self._reply(200, {"id": int(number), "state": state, "sku": order.get("sku")})

    def _flaky(self, request):
        """503 for the first `failures` calls of a `key`, then 200."""
        query = request["query"]
        with self.demo.lock:
            self.demo.counts[query.get("key", "")] += 1
            count = self.demo.counts[query.get("key", "")]
        if count <= int(query.get("failures", 1)):
            self._reply(503, {"count": count}, [("Retry-After", query["after"])] if "after" in query else ())
        else:
            self._reply(200, {"count": count})

    def _status(self, request):
        self._reply(int(request["path"].rsplit("/", 1)[1]), {"ok": False})

    def _slow(self, request):
        time.sleep(float(request["query"].get("ms", 300)) / 1000)
        self._reply(200, {"slow": True})

    def _hang_up(self, request):
        self.close_connection = True
        self.connection.close()

    def _redirect(self, request):
        self._reply(302, {}, [("Location", request["query"]["to"])])

    def _text(self, request):
        self._reply(200, request["query"].get("say", "not json").encode())

    def _long(self, request):
        self._reply(200, b"x" * int(request["query"]["size"]))

    def _binary(self, request):
        self._reply(200, b"\x00\xff" + request["query"].get("say", "").encode())

    def _echo(self, request):
        shown = {key: request[key] for key in ("method", "path", "query", "headers")}
        text = request["body"]
        self._reply(200, {**shown, "body": json.loads(text) if text[:1] in ("{", "[") else text})
