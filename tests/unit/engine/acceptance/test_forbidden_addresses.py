"""A tester's attack on the address guard: spellings of a closed port, reached in every way, meet a trap that counts."""

import select
import socket
import threading
from urllib.parse import quote

import pytest

from tests.unit.engine.plans import demo, plan_of, run

SPELLINGS = (
    "127.0.0.1",
    "localhost.",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",
    "①②⑦.⓪.⓪.①",
    "127.0.0.2",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::1]",
    "%31%32%37.0.0.1",
    "example.com@127.0.0.1",
)


class Trap:
    """Listens on every local address of one port while it is entered, and counts who comes."""

    def __init__(self):
        self.visits = 0

    def __enter__(self):
        self._socket = socket.create_server(("0.0.0.0", 0))  # a trap has to catch 127.0.0.2 too
        self.port = self._socket.getsockname()[1]
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()
        self._socket.close()

    def _watch(self):
        while not self._ends.is_set():
            if select.select([self._socket], [], [], 0.02)[0]:
                self.visits += 1
                self._socket.accept()[0].close()


def _redirect(url, times=1):
    for _ in range(times):
        url = f"/redirect?to={quote(url, safe='')}"
    return {"url": url}


def _token(url):
    helper = {"kind": "oauth2_client_credentials", "token_url": url, "client_id": "a", "client_secret": "a-secret"}
    return {"url": "/", "auth": helper}


WAYS = {
    "direct": lambda host, url, base: {"url": url},
    "redirect": lambda host, url, base: _redirect(url),
    "chain of redirects": lambda host, url, base: _redirect(url, 3),
    "proxy": lambda host, url, base: {"url": "/", "proxy": f"http://{host}"},
    "socks proxy": lambda host, url, base: {"url": "/", "proxy": f"socks5://{host}"},
    "through an allowed proxy": lambda host, url, base: {"url": url, "proxy": base},
    "token endpoint": lambda host, url, base: _token(url),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_reaches_a_closed_port_in_any_way(spelling, way):
    with Trap() as trap, demo() as target:
        host = f"{spelling}:{trap.port}"
        url = f"http://{quote(host, safe='%[]:@.')}/x" if "redirect" in way else f"http://{host}/x"
        request = {**WAYS[way](host, url, target.url), "timeouts": {"total_ms": 3000}}
        results, _ = run(plan_of(target, [{"case": {"request": request}}]))
    assert results[0].error.error_class.value == "guard", results[0].explain()
    assert trap.visits == 0


def _answers(monkeypatch, turns):
    """Let `shop.test` have another address at each look-up; the last one stays."""
    real = socket.getaddrinfo

    def look_up(host, port, *rest, **named):
        if host != "shop.test":
            return real(host, port, *rest, **named)
        found = turns.pop(0) if len(turns) > 1 else turns[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port or 0)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.parametrize(
    "turns", [[["127.0.0.1"], ["127.0.0.2"]], [["127.0.0.1", "127.0.0.2"]], [["127.0.0.2"], ["127.0.0.1"]]]
)
def test_a_name_that_changes_between_two_look_ups_never_reaches_the_forbidden_address(monkeypatch, turns):
    _answers(monkeypatch, turns)
    with demo() as target, socket.create_server(("127.0.0.2", target.port)) as trap:
        url = f"http://shop.test:{target.port}"
        step = {"repeat": {"times": 2}, "case": {"request": {"url": f"{url}/redirect?to={url}/echo"}}}
        results, _ = run(plan_of(target, [step], scenario={"stop_on_failure": False}))
        assert not select.select([trap], [], [], 0)[0]
    for result in results:
        assert result.error is None or result.error.error_class.value == "guard"
        assert result.response is None or result.response["peer"] == f"127.0.0.1:{target.port}"
