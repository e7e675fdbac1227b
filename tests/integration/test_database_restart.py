"""A database that restarts, refuses or goes silent: few errors, a quick recovery, and health that says so."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.conftest import database_urls, make_app
from tests.integration.live import LiveServer, at_once, serving
from tests.integration.proxy import Proxy, proxy_to
from tests.integration.runs_bench import wait_until
from tests.pace import patience, promptly

CLIENTS = 20
LIMITS = {"DB_CONNECT_TIMEOUT_S": "2", "DB_STATEMENT_TIMEOUT_S": "1"}


@contextlib.contextmanager
def _behind_a_proxy(kind: str, tmp: Path) -> Iterator[tuple[LiveServer, Proxy]]:
    for url in database_urls(tmp, kind):
        make_app(url, tmp)
        with proxy_to(url.host or "127.0.0.1", url.port or 0) as proxy:
            through = url.set(host="127.0.0.1", port=proxy.port)
            with serving(through, tmp, workers=1, **LIMITS) as server:
                yield server, proxy


class Clients:
    """Twenty who keep asking; notes when each request ended, how, and what it cost."""

    def __init__(self, server: LiveServer) -> None:
        self.answers: list[tuple[float, int, float]] = []
        self._server = server
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(0.05):
            began = time.monotonic()
            try:
                status = self._server.call("POST", "/api/count", {"action": "inc"}, timeout=30).status
            except (OSError, HTTPException):
                status = 0
            now = time.monotonic()
            self.answers.append((now, status, now - began))


def _until(server: LiveServer, path: str, status: int, seconds: float) -> float:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if server.call("GET", path, timeout=10).status == status:
            return time.monotonic() - began
        time.sleep(0.1)
    raise AssertionError(f"{path} was not {status} within {seconds} s")


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_connections_that_were_cut_cost_at_most_one_error_each(kind: str, tmp_path: Path):
    with _behind_a_proxy(kind, tmp_path) as (server, proxy), Clients(server) as clients:
        wait_until(lambda: len(clients.answers) > 100)
        healthy = len(clients.answers)
        proxy.drop_all()
        wait_until(lambda: len(clients.answers) > healthy + 200)
        after = clients.answers[healthy:]
    statuses = Counter(status for _, status, _ in after)
    assert Counter(status for _, status, _ in clients.answers[:healthy]) == {200: healthy}
    assert sum(statuses.values()) - statuses[200] <= CLIENTS
    assert set(statuses) <= {200, 503}


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_a_restart_is_over_within_five_seconds_and_health_tells_it(kind: str, tmp_path: Path):
    with _behind_a_proxy(kind, tmp_path) as (server, proxy), Clients(server) as clients:
        assert server.call("GET", "/readyz").status == 200
        with proxy.down():
            _until(server, "/readyz", 503, 2 * patience())
            assert server.call("GET", "/healthz").status == 200
            refused = server.call("GET", "/api/count")
            assert (refused.status, refused.json["data"]["error"]) == (503, "database_unavailable")
            assert refused.headers["retry-after"]
            time.sleep(2)
        back = time.monotonic()
        _until(server, "/readyz", 200, 5 * patience())
        _until(server, "/api/count", 200, 5 * patience())
        calm = back + 2 * patience()
        wait_until(lambda: clients.answers[-1][0] > calm + 1)
    late = Counter(status for moment, status, _ in clients.answers if moment > calm)
    assert set(late) == {200}
    assert {status for _, status, _ in clients.answers} <= {200, 503}
    assert max(cost for _, _, cost in clients.answers) < 10 * patience()


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_a_database_that_never_answers_costs_a_bounded_time(kind: str, tmp_path: Path):
    with _behind_a_proxy(kind, tmp_path) as (server, proxy):
        with Clients(server) as clients:
            wait_until(lambda: len(clients.answers) > 100)  # the pool is full of connections that will not answer
        with proxy.black_hole():
            with promptly(4):
                assert server.call("GET", "/readyz", timeout=10).status == 503
            with promptly(15):
                answers = at_once(4, lambda _: server.call("POST", "/api/count", {"action": "inc"}, timeout=30))
                assert {answer.status for answer in answers} == {503}
            assert server.call("GET", "/healthz", timeout=5).status == 200
        _until(server, "/readyz", 200, 10)
        assert server.call("GET", "/api/count").status == 200
