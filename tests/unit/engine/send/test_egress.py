"""The address guard: no spelling, redirect, proxy or changing name leads to an address that was not allowed."""

import socket
import threading

import pytest

from tests.unit.engine.hostile import answer, echo, redirect, says, serve
from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.send.egress import AddressGuard, Target
from wxcloudrun.engine.send.request import parse_request
from wxcloudrun.engine.send.sender import Sender

LOOPBACK = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
    "①②⑦.⓪.⓪.①", "１２７。０。０。１", "%31%32%37.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "0", "0.0.0.0", "[::]", "127.255.255.254",
    "localhost", "LOCALHOST.",
]  # fmt: skip
METADATA = [
    "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "①⑥⑨.②⑤④.①⑥⑨.②⑤④", "100.100.100.200", "169.254.0.23",
    "[fd00:ec2::254]", "168.63.129.16",
]  # fmt: skip
INSIDE = [
    "10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1", "100.64.0.1", "192.0.0.8", "192.0.2.1",
    "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "[fe80::1]", "[fc00::1]", "[fd12::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[5f00::1]",
    "[100::1]", "[2001::1]", "[64:ff9b:1::a00:1]", "[::ffff:0:a00:1]", "[2001:4860::5efe:a00:1]",
    "[2001:4860::200:5efe:7f00:1]", "[4000::1]", "[8000::1]",
]  # fmt: skip
FORBIDDEN = LOOPBACK + METADATA + INSIDE


class Watched(AddressGuard):
    """Counts the sockets it was asked about; a refused one never exists."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.granted = []

    def refusal(self, address, port):
        reason = super().refusal(address, port)
        if reason is None:
            self.granted.append((address, port))
        return reason


@pytest.fixture
def no_sockets(monkeypatch):
    """Fails the test when a socket is made for libcurl."""
    opened = []
    monkeypatch.setattr("wxcloudrun.engine.send.transport.open_socket", opened.append)
    yield opened
    assert opened == []


def refused(guard, url, **spec):
    with Sender(guard) as sender, pytest.raises(StepError) as caught:
        sender.send(
            sender.prepare(parse_request({"url": url, "timeouts": {"connect_ms": 500, "total_ms": 2000}, **spec}))
        )
    return caught.value


@pytest.mark.parametrize("host", FORBIDDEN)
def test_a_forbidden_address_is_refused_in_every_spelling(host, no_sockets):
    with serve(echo) as server:
        error = refused(AddressGuard(), f"http://{host}:{server.port}/latest?token=hidden")
    assert error.error_class is ErrorClass.GUARD
    assert server.accepted == 0
    assert "hidden" not in str(error)


@pytest.mark.parametrize("host", FORBIDDEN)
def test_a_redirect_to_a_forbidden_address_is_refused(host):
    with serve(echo) as inner:
        with serve(says(redirect(f"http://{host}:{inner.port}/"))) as outer:
            guard = Watched([f"127.0.0.1/32:{outer.port}"])
            error = refused(guard, outer.url())
    assert error.error_class is ErrorClass.GUARD
    assert outer.accepted == 1
    assert inner.accepted == 0
    assert {port for _, port in guard.granted} == {outer.port}


@pytest.mark.parametrize("host", FORBIDDEN)
def test_a_chain_of_redirects_to_a_forbidden_address_is_refused(host):
    with serve(echo) as inner:

        def chain(connection, request, number):
            target = "/next" if number < 4 else f"//{host}:{inner.port}/"
            connection.sendall(redirect(target + (f"?{number}" if number < 4 else "")))
            return True

        with serve(chain) as outer:
            error = refused(AddressGuard([f"127.0.0.1/32:{outer.port}"]), outer.url())
    assert error.error_class is ErrorClass.GUARD
    assert len(outer.requests) == 4
    assert inner.accepted == 0


@pytest.mark.parametrize("host", FORBIDDEN)
@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_forbidden_proxy_is_refused(host, scheme, no_sockets):
    with serve(echo) as server:
        error = refused(AddressGuard(), "http://93.184.216.34/", proxy=f"{scheme}://u:hidden@{host}:{server.port}")
    assert error.error_class is ErrorClass.GUARD
    assert server.accepted == 0
    assert "hidden" not in str(error)


@pytest.mark.parametrize("host", FORBIDDEN)
def test_a_forbidden_target_is_refused_behind_an_allowed_proxy(host):
    with serve(echo) as proxy:
        guard = AddressGuard([f"127.0.0.1/32:{proxy.port}"])
        error = refused(guard, f"http://{host}:1/", proxy=f"http://127.0.0.1:{proxy.port}")
    assert error.error_class is ErrorClass.GUARD
    assert proxy.accepted == 0


@pytest.mark.parametrize("host", [host.strip("[]") for host in INSIDE] + ["127.0.0.1", "::1", "169.254.169.254"])
def test_a_name_with_one_forbidden_address_among_good_ones_is_refused(host, no_sockets):
    guard = AddressGuard(lookup=lambda name: ["93.184.216.34", host])
    error = refused(guard, "http://mixed.example/")
    assert error.error_class is ErrorClass.GUARD
    assert "mixed.example" in error.message


@pytest.mark.parametrize("keep", [0.0, 30.0])
def test_a_name_that_changes_between_two_look_ups_leads_nowhere_new(keep):
    """The classic rebinding: a good answer for the check, a bad one for the connection."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]])
    with serve(says(answer(b"good", headers=[("Connection", "close")]), keep=False)) as server:
        guard = Watched(["127.0.0.1/32"], lookup=lambda name: next(answers), keep_seconds=keep)
        with Sender(guard) as sender:
            prepared = sender.prepare(parse_request({"url": server.url(host="changing.example")}))
            first = sender.send(prepared).response
            if keep:
                assert sender.send(prepared).response.peer == first.peer
            else:
                with pytest.raises(StepError) as caught:
                    sender.send(prepared)
                assert caught.value.error_class is ErrorClass.GUARD
    assert {address for address, _ in guard.granted} == {"127.0.0.1"}


def test_the_connection_goes_to_the_vetted_address_and_the_name_is_looked_up_once():
    asked = []

    def lookup(name):
        asked.append(name)
        return ["127.0.0.1"]

    with serve(echo) as server, Sender(AddressGuard(["127.0.0.1/32"], lookup=lookup)) as sender:
        prepared = sender.prepare(parse_request({"url": server.url(host="nowhere.invalid")}))
        for _ in range(3):
            assert sender.send(prepared).response.status == 200
    assert asked == ["nowhere.invalid"]
    assert server.requests[0].header("host") == f"nowhere.invalid:{server.port}"
    assert server.accepted == 1


def test_a_name_that_moved_is_followed_to_its_new_allowed_address():
    answers = iter([["127.0.0.1"], ["127.0.0.3"]])
    listener = socket.create_server(("127.0.0.3", 0))
    port = listener.getsockname()[1]
    first = socket.create_server(("127.0.0.1", port))

    def serve_once(sock, word):
        connection, _ = sock.accept()
        connection.recv(4096)
        connection.sendall(answer(word, headers=[("Connection", "close")]))
        connection.close()

    for sock, word in ((first, b"one"), (listener, b"two")):
        threading.Thread(target=serve_once, args=(sock, word), daemon=True).start()
    guard = AddressGuard(["127.0.0.1/32", "127.0.0.3/32"], lookup=lambda name: next(answers), keep_seconds=0)
    with Sender(guard) as sender:
        prepared = sender.prepare(parse_request({"url": f"http://moving.example:{port}/"}))
        assert [sender.send(prepared).response.body.read() for _ in range(2)] == [b"one", b"two"]
    first.close()
    listener.close()


def test_the_socket_itself_is_judged_even_if_the_name_was_vetted_wrongly():
    """The belt: a guard whose vetting is broken still opens no socket."""

    class Broken(AddressGuard):
        def vet(self, host, port, timeout=10.0, cancel=lambda: False):
            return Target(host, port, ("127.0.0.1",))

    with serve(echo) as server:
        error = refused(Broken(), server.url(host="trusted.example"))
    assert error.error_class is ErrorClass.GUARD
    assert server.accepted == 0


def test_proxies_of_the_environment_do_not_count(monkeypatch):
    with serve(echo) as proxy, serve(echo) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with Sender(AddressGuard(["127.0.0.1/32"])) as sender:
            sender.send(sender.prepare(parse_request({"url": server.url()})))
    assert proxy.accepted == 0
    assert server.accepted == 1


def test_an_allowed_proxy_gets_the_name_and_its_own_credentials_only():
    with serve(echo) as proxy:
        guard = AddressGuard([f"127.0.0.1/32:{proxy.port}"], lookup=lambda name: ["93.184.216.34"])
        with Sender(guard) as sender:
            spec = {"url": "http://site.example/a", "proxy": f"http://u:p@127.0.0.1:{proxy.port}"}
            sender.send(sender.prepare(parse_request(spec)))
    assert proxy.requests[0].target == "http://site.example/a"
    assert proxy.requests[0].header("proxy-authorization") == "Basic dTpw"


def test_a_refused_tunnel_is_a_connect_error_and_the_proxy_does_not_see_the_request():
    with serve(says(answer(b"no", "403 Forbidden"))) as proxy:
        guard = AddressGuard([f"127.0.0.1/32:{proxy.port}"], lookup=lambda name: ["93.184.216.34"])
        spec = {"proxy": f"127.0.0.1:{proxy.port}", "headers": [{"name": "Authorization", "value": "hidden"}]}
        error = refused(guard, "https://site.example/a?b=c", **spec)
    assert error.error_class is ErrorClass.CONNECT
    assert proxy.requests[0].line == "CONNECT site.example:443 HTTP/1.1"
    assert proxy.requests[0].header("authorization") is None


def test_connections_are_not_shared_between_guards():
    with serve(echo) as server:
        with Sender(AddressGuard(["127.0.0.1/32"])) as free:
            free.send(free.prepare(parse_request({"url": server.url()})))
            assert refused(AddressGuard(), server.url()).error_class is ErrorClass.GUARD
    assert len(server.requests) == 1
