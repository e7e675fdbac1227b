"""The simulator over real HTTP on loopback."""

import http.client
import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlencode

import pytest

from wxcloudrun.simulator import DEFAULT_APPID, DEFAULT_SECRET, running, serve


@pytest.fixture
def server(state):
    with running(state) as place:
        yield place


def talk(server, method, path, body=None, timeout=5.0):
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=timeout)) as connection:
        connection.request(method, path, None if body is None else json.dumps(body))
        return json.loads(connection.getresponse().read())


def login(server, code, timeout=5.0):
    query = {"appid": DEFAULT_APPID, "secret": DEFAULT_SECRET, "js_code": code, "grant_type": "authorization_code"}
    return talk(server, "GET", f"/sns/jscode2session?{urlencode(query)}", timeout=timeout)


def new_code(server):
    return talk(server, "POST", "/_sim/login-code", {})["code"]


def test_one_connection_serves_many_requests(server):
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=5)) as connection:
        for _ in range(3):
            connection.request("POST", "/_sim/login-code", b"{}")
            answer = connection.getresponse()
            assert answer.version == 11
            assert json.loads(answer.read())["code"]
            assert connection.sock is not None


def test_twenty_threads_get_one_session_out_of_one_code(server):
    code = new_code(server)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: login(server, code), range(20)))
    assert sum("openid" in answer for answer in answers) == 1
    assert sum(answer.get("errcode") == 40163 for answer in answers) == 19


def test_a_reset_is_a_tcp_reset(server):
    talk(server, "POST", "/_sim/faults", {"path": "/sns/jscode2session", "kind": "reset"})
    with pytest.raises(ConnectionResetError) as error:
        login(server, "x")
    assert not isinstance(error.value, http.client.RemoteDisconnected)


def test_a_timeout_keeps_the_caller_waiting(server):
    fault = {"path": "/sns/jscode2session", "kind": "timeout", "value": 5}
    talk(server, "POST", "/_sim/faults", fault)
    with pytest.raises(TimeoutError):
        login(server, "x", timeout=0.2)


def test_a_reset_of_the_state_lets_a_waiting_caller_go(server):
    talk(server, "POST", "/_sim/faults", {"path": "/sns/jscode2session", "kind": "timeout", "value": 60})
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(login, server, "x", 30.0)
        while not server.state.journal.counts():
            pass
        talk(server, "POST", "/_sim/reset", {})
        with pytest.raises(http.client.RemoteDisconnected):
            waiting.result(5)


def test_a_code_can_be_consumed_before_the_timeout(server):
    code = new_code(server)
    fault = {"path": "/sns/jscode2session", "kind": "consume_then_timeout", "value": 5}
    talk(server, "POST", "/_sim/faults", fault)
    with pytest.raises(TimeoutError):
        login(server, code, timeout=0.3)
    assert login(server, code)["errcode"] == 40163


def test_a_chunked_body_is_read(server):
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=5)) as connection:
        connection.request("POST", "/_sim/login-code", iter([b'{"name":', b'"bob"}']), encode_chunked=True)
        assert (
            json.loads(connection.getresponse().read())["openid"]
            == server.state.user_named(DEFAULT_APPID, "bob").openid
        )


def test_a_caller_who_asks_to_continue_is_told_to(server):
    with closing(socket.create_connection((server.host, server.port), timeout=5)) as channel:
        channel.sendall(b"POST /_sim/reset HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert channel.recv(100).startswith(b"HTTP/1.1 100 ")


def test_a_body_beyond_the_limit_is_refused_and_the_connection_closed(server):
    with closing(socket.create_connection((server.host, server.port), timeout=5)) as channel:
        channel.sendall(b"POST /_sim/reset HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        answer = b"".join(iter(lambda: channel.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_head_request_gets_no_body(server):
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=5)) as connection:
        connection.request("HEAD", "/wxa/msg_sec_check")
        assert connection.getresponse().read() == b""


def test_nothing_but_loopback_is_served_unless_it_is_asked_for():
    with pytest.raises(ValueError, match="loopback"), running(host="0.0.0.0"):
        pass
    with pytest.raises(ValueError, match="loopback"), running(host="example.com"):
        pass
    with running(host="localhost") as place:
        assert talk(place, "GET", "/_sim/state")["apps"] == [DEFAULT_APPID]


def test_serving_tells_its_port_and_ends_when_it_is_interrupted():
    ports = []

    def ready(port):
        ports.append(port)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve(ready=ready)
    assert ports[0] > 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports[0]), timeout=1)


def test_due_events_are_pushed_while_the_server_runs(product):
    with running() as place:
        talk(place, "POST", "/_sim/apps", {"push_url": product.url + "/push", "push_mode": "plain"})
        talk(place, "POST", "/_sim/options", {"media_delay": 0})
        openid = login(place, "dev-alice")["openid"]
        query = {"grant_type": "client_credential", "appid": DEFAULT_APPID, "secret": DEFAULT_SECRET}
        token = talk(place, "GET", f"/cgi-bin/token?{urlencode(query)}")["access_token"]
        body = {"media_url": "https://example.com/a.png", "media_type": 2, "version": 2, "scene": 1, "openid": openid}
        trace_id = talk(place, "POST", f"/wxa/media_check_async?access_token={token}", body)["trace_id"]
        while not product.received:
            pass
    assert json.loads(product.received[0].body)["trace_id"] == trace_id


def test_the_program_starts_from_a_shell_and_says_where_it_listens():
    command = [sys.executable, "-m", "wxcloudrun.simulator", "--port", "0", "--page", "*"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            port = int(program.stdout.readline().rsplit(" ", 1)[1])
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/_sim/state")
                assert json.loads(connection.getresponse().read())["apps"] == [DEFAULT_APPID]
        finally:
            program.terminate()
