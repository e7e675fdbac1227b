"""A mail server on this machine, plain, by STARTTLS or in TLS from the start, with a certificate of its own making."""

import asyncio
import email
import email.policy
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wxcloudrun.core.clock import SystemClock
from wxcloudrun.integrations.mail import MailServer, Security


class Box:
    """Keeps mails; `refuse` is what is said to recipients instead, `late` to the content."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refuse: dict[str, str] = {}
        self.late = ""
        self.hang = False
        self.user = b""

    async def handle_RCPT(self, _s: Any, _session: Any, envelope: Any, address: str, _o: Any) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _s: Any, _session: Any, envelope: Any) -> str:
        if self.hang:
            await asyncio.sleep(5)
        if self.late:
            return self.late
        self.recipients += envelope.rcpt_tos
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.user = data.login
        return AuthResult(success=data.password == b"right", handled=False)


class OnAnyPort(Controller):
    """Listens where the system has a place."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def certificate_in(folder: Path) -> Path:
    """A PEM file with a key and a certificate of 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def mailing(box: Box, security: Security = "none", certificate: Path | None = None) -> Iterator[MailServer]:
    """The server inside the block, as the product is told of it; with a certificate also as whom it logs in."""
    options: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        options = {"authenticator": box.authenticate}
        if security == "tls":
            options |= {"ssl_context": context, "auth_require_tls": False}  # aiosmtpd does not know that it is inside
        else:
            options |= {"tls_context": context, "require_starttls": True, "auth_required": True}
    controller = OnAnyPort(box, "127.0.0.1", 0, **options)
    controller.start()
    ca_file = None if certificate is None else str(certificate)
    user, password = ("", "") if certificate is None else ("robot", "right")
    try:
        yield MailServer(
            "127.0.0.1", controller.port, "测试 <robot@example.com>", security, user, password, ca_file=ca_file
        )
    finally:
        controller.stop()
