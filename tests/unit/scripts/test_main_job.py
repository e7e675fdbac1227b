"""The walk through the API that a start shows."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scripts.main_job import JobFailedError, MainJob

TOKEN = "token-that-nobody-may-read"
PROFILE = {"nickname": "", "version": 1}
GOOD = {
    "POST /_sim/login-code": (200, {"code": "code-that-nobody-may-read"}),
    "POST /api/login": (200, {"token": TOKEN, "expires_in": 1800, "is_new_user": True, "user": {"id": 7}}),
    "GET /api/user/profile": (200, PROFILE),
    "PUT /api/user/profile": (200, {"nickname": "小明", "version": 2}),
    "POST /api/count": (200, 5),
    "GET /api/count": (200, 5),
}


class Service:
    """A server that answers from a table and notes the requests."""

    def __init__(self, answers):
        self.answers, self.asked = answers, []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                line = f"{self.command} {self.path}"
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                service.asked.append((line, self.headers.get("Authorization")))
                status, data = service.answers[line]
                body = data if "_sim" in line else {"code": 1 if status == 200 else 0, "data": data, "msg": ""}
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *arguments):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service():
    service = Service(dict(GOOD))
    thread = threading.Thread(target=service.server.serve_forever, args=(0.02,))
    thread.start()
    yield service
    service.server.shutdown()
    thread.join()
    service.server.server_close()


def run(service):
    lines = []
    MainJob(service.url, service.url, lines.append).run()
    return lines


def test_every_step_is_a_line(service):
    lines = run(service)
    assert [line for line, _ in service.asked] == list(GOOD)
    assert len(lines) == 6
    assert "new user 7" in lines[1]
    assert "小明" in lines[3]
    assert "counter 5" in lines[5]


def test_the_token_is_sent_and_not_shown(service):
    lines = run(service)
    assert service.asked[2][1] == f"Bearer {TOKEN}"
    assert not [line for line in lines if "nobody-may-read" in line]


def test_a_refusal_ends_it_and_says_where(service):
    service.answers["PUT /api/user/profile"] = (409, {"error": "edit_conflict"})
    with pytest.raises(JobFailedError, match="PUT /api/user/profile was answered 409 .*edit_conflict"):
        run(service)


def test_a_lost_count_is_noticed(service):
    service.answers["GET /api/count"] = (200, 4)
    with pytest.raises(JobFailedError, match="lost"):
        run(service)


def test_a_simulator_without_codes_is_said(service):
    service.answers["POST /_sim/login-code"] = (404, {"error": "no"})
    with pytest.raises(JobFailedError, match="no code"):
        run(service)


def test_a_service_that_is_not_there_is_said(service):
    with pytest.raises(JobFailedError, match="was not answered"):
        MainJob("http://127.0.0.1:1", service.url, print).run()
