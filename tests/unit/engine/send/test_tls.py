"""TLS: untrusted, expired and misnamed servers are refused, client certificates work, facts are reported."""

import datetime
import ipaddress
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.unit.engine.hostile import answer, echo, redirect, says, serve
from tests.unit.engine.sending import failing, send
from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.send.spool import discard_body


def certificate(name, issuer=None, days=10, authority=False):
    """A key and certificate as PEM, signed by `issuer` (key, certificate) or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.fromtimestamp(time.time(), datetime.UTC)
    names = (
        [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        if name != "other.example"
        else [x509.DNSName(name)]
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[1].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=20))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(issuer[0] if issuer else key, hashes.SHA256())
    )
    return key, built


def pem(pair):
    key = pair[0].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pair[1].public_bytes(serialization.Encoding.PEM).decode(), key.decode()


@pytest.fixture(scope="module")
def authority():
    return certificate("Our Authority", authority=True)


@pytest.fixture
def context(tmp_path, authority):
    def make(name="site.example", days=10, client=False, protocols=None):
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cert, key = pem(certificate(name, authority, days))
        (tmp_path / "c.pem").write_text(cert + key)
        found.load_cert_chain(tmp_path / "c.pem")
        if client:
            found.verify_mode = ssl.CERT_REQUIRED
            found.load_verify_locations(cadata=pem(authority)[0])
        if protocols:
            found.set_alpn_protocols(protocols)
        return found

    return make


def test_an_unknown_authority_is_a_tls_error(sender, context):
    with serve(echo, context()) as server:
        error = failing(sender, server.url(host="site.example"))
    assert error.error_class is ErrorClass.TLS
    assert "certificate" in error.message
    assert server.requests == []


def test_our_own_authority_can_be_given_and_the_facts_are_told(sender, context, authority):
    with serve(echo, context()) as server:
        for _ in range(2):
            response = send(sender, server.url(host="site.example"), tls={"ca_pem": pem(authority)[0]}).response
    assert response.status == 200
    assert "site.example" in response.certificate["subject"]
    assert "Our Authority" in response.certificate["issuer"]
    assert set(response.certificate) >= {"serial", "starts", "expires"}
    assert server.accepted == 1


def test_the_handshake_is_timed(sender, context, authority):
    with serve(echo, context()) as server:
        timing = send(sender, server.url(host="site.example"), tls={"ca_pem": pem(authority)[0]}).response.timing
    assert timing.tls_ms > 0
    assert timing.connect_ms > 0


def test_checks_can_be_switched_off_and_on_again_on_one_handle(sender, context):
    with serve(echo, context()) as server:
        assert send(sender, server.url(host="site.example"), tls={"verify": False}).response.status == 200
        assert failing(sender, server.url(host="site.example")).error_class is ErrorClass.TLS


@pytest.mark.parametrize(("name", "days"), [("other.example", 10), ("site.example", -1)])
def test_a_wrong_name_and_an_expired_certificate_are_tls_errors(sender, context, authority, name, days):
    with serve(echo, context(name, days)) as server:
        error = failing(sender, server.url(host="site.example"), tls={"ca_pem": pem(authority)[0]})
    assert error.error_class is ErrorClass.TLS


def test_a_client_certificate_is_shown_to_the_server_that_asks(sender, context, authority):
    cert, key = pem(certificate("client", authority))
    trust = {"ca_pem": pem(authority)[0]}
    with serve(echo, context(client=True)) as server:
        url = server.url(host="site.example")
        assert send(sender, url, tls={**trust, "client_cert_pem": cert, "client_key_pem": key}).response.status == 200
        assert failing(sender, url, tls=trust).error_class is ErrorClass.TLS


def test_a_client_certificate_does_not_go_to_another_origin(sender, context, authority):
    cert, key = pem(certificate("client", authority))
    tls = {"ca_pem": pem(authority)[0], "client_cert_pem": cert, "client_key_pem": key}
    with serve(echo, context(client=True)) as inner:
        with serve(says(redirect(inner.url(host="site.example"))), context()) as outer:
            error = failing(sender, outer.url(host="site.example"), tls=tls)
    assert error.error_class is ErrorClass.TLS
    assert inner.requests == []


@pytest.mark.parametrize("tls", [{"ca_pem": "nonsense"}, {"client_cert_pem": "nonsense", "client_key_pem": "nonsense"}])
def test_unreadable_pem_is_a_tls_error(sender, context, tls):
    with serve(echo, context()) as server:
        assert (
            failing(
                sender, server.url(host="site.example"), tls={"verify": False, **tls} if "ca_pem" not in tls else tls
            ).error_class
            is ErrorClass.TLS
        )


def test_plain_http_on_a_tls_port_and_the_other_way_round_are_errors(sender, context):
    def answer_anything():
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(answer(b"speak HTTP", "400 Bad Request"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_anything, daemon=True).start()
        assert failing(sender, f"https://127.0.0.1:{listener.getsockname()[1]}/").error_class is ErrorClass.TLS
    with serve(echo, context()) as secure:
        assert failing(sender, f"http://127.0.0.1:{secure.port}/").error_class is ErrorClass.PROTOCOL


def test_a_server_that_is_silent_in_the_handshake_meets_the_connect_limit(sender):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        error = failing(sender, f"https://127.0.0.1:{listener.getsockname()[1]}/", timeouts={"connect_ms": 300})
    assert error.error_class is ErrorClass.TIMEOUT
    assert "300 ms (connect timeout)" in error.message


def test_what_is_left_in_a_tls_record_never_becomes_the_next_answer(sender, context, authority):
    trust = {"ca_pem": pem(authority)[0]}
    forged = answer(b"forged")
    with serve(says(answer(b"a" * 40_000) + forged, answer(b"true")), context()) as server:
        url = server.url(host="site.example")
        discard_body(send(sender, url, tls=trust, http_version="1.1").response)
        error = failing(sender, url, tls=trust, http_version="1.1")
        assert send(sender, url, tls=trust, http_version="1.1").response.body.read() == b"true"
    assert error.error_class is ErrorClass.PROTOCOL
    assert "answered before it was asked" in error.message
    assert server.accepted == 2


def test_a_tls_connection_is_kept_after_long_answers(sender, context, authority):
    trust = {"ca_pem": pem(authority)[0]}
    with serve(says(answer(b"a" * 40_000)), context()) as server:
        for _ in range(5):
            discard_body(send(sender, server.url(host="site.example"), tls=trust, http_version="1.1").response)
    assert server.accepted == 1


def speak_http_2(connection, request, number):
    """The least HTTP/2 that is one: settings, their acknowledgement, `:status 200` and a body on stream 1."""
    time.sleep(0.1)
    settings, acknowledged = b"\0\0\0\4\0\0\0\0\0", b"\0\0\0\4\1\0\0\0\0"
    head, data = b"\0\0\1\1\4\0\0\0\1\x88", b"\0\0\2\0\1\0\0\0\1ok"
    connection.sendall(settings + acknowledged + head + data)
    time.sleep(0.2)


@pytest.mark.parametrize("version", ["auto", "2"])
def test_http_2_is_agreed_on_by_alpn(sender, context, authority, version):
    trust = {"ca_pem": pem(authority)[0]}
    with serve(speak_http_2, context(protocols=["h2"])) as server:
        response = send(sender, server.url(host="site.example"), tls=trust, http_version=version).response
    assert server.requests[0].line == "PRI * HTTP/2.0"
    assert (response.http_version, response.status, response.reason) == ("2", 200, "")
    assert response.body.read() == b"ok"


def test_http_1_1_is_spoken_when_asked_for(sender, context, authority):
    trust = {"ca_pem": pem(authority)[0]}
    with serve(echo, context(protocols=["h2", "http/1.1"])) as server:
        response = send(sender, server.url(host="site.example"), tls=trust, http_version="1.1").response
    assert response.http_version == "1.1"


def test_http_1_1_bytes_after_agreeing_on_2_are_a_protocol_error(sender, context, authority):
    with serve(says(answer(b"hi")), context(protocols=["h2"])) as server:
        error = failing(sender, server.url(host="site.example"), tls={"ca_pem": pem(authority)[0]})
    assert error.error_class is ErrorClass.PROTOCOL
