"""Mail over SMTP: what arrives, over which security, and which refusals are worth another try."""

import asyncio
import email
import email.policy
import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wxcloudrun.core.clock import SystemClock
from wxcloudrun.integrations.mail import MailServer, send
from wxcloudrun.integrations.notice import Notice

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
NOTICE = Notice(
    title="【失败】登录\r\nBcc: x@example.org",
    good=False,
    mark="D7",
    facts=(("环境", "<b>staging</b>"),),
    points=("POST /login: <script>1</script>",),
    link="https://x.example/report",
    link_text="查看报告",
)


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


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
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
    path = tmp_path_factory.mktemp("mail") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def running(box: Box, certificate: Path | None = None, **options: Any) -> Iterator[MailServer]:
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        options["tls_context"] = context
    controller = OnAnyPort(box, "127.0.0.1", 0, **options)
    controller.start()
    security = "none" if certificate is None else "starttls"
    yield MailServer(
        "127.0.0.1", controller.port, "测试 <robot@example.com>", security, ca_file=str(certificate or "") or None
    )
    controller.stop()


@pytest.fixture
def server(box: Box) -> Iterator[MailServer]:
    yield from running(box)


@pytest.fixture
def secure(box: Box, certificate: Path) -> Iterator[MailServer]:
    yield from running(box, certificate, require_starttls=True, auth_required=True, authenticator=box.authenticate)


def test_a_mail_arrives_as_text_and_html_with_the_id_of_its_delivery(server, box):
    assert send(server, ["a@example.com", "b@example.com"], NOTICE, NOW).sent
    (mail,) = box.mails
    assert mail["X-Wxcloudrun-Delivery"] == "D7"
    assert mail["Message-ID"] == "<D7@example.com>"
    assert mail["Subject"] == "【失败】登录 Bcc: x@example.org"
    assert "Bcc" not in mail
    assert box.recipients == ["a@example.com", "b@example.com"]
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "https://x.example/report" in text
    assert "<script>" not in html
    assert "&lt;b&gt;staging" in html


def test_starttls_comes_before_the_password(secure, box):
    logged_in = MailServer(
        secure.host, secure.port, secure.sender, "starttls", "robot", "right", ca_file=secure.ca_file
    )
    assert send(logged_in, ["a@example.com"], NOTICE, NOW).sent
    assert box.user == b"robot"


def test_a_server_that_nobody_vouches_for_gets_nothing(secure, box):
    stranger = MailServer(secure.host, secure.port, secure.sender, "starttls", "robot", "right")
    outcome = send(stranger, ["a@example.com"], NOTICE, NOW)
    assert (outcome.sent, outcome.final) == (False, False)
    assert (box.user, box.mails) == (b"", [])


def test_a_wrong_password_is_the_operators_to_mend_and_is_not_told(secure):
    wrong = MailServer(
        secure.host, secure.port, secure.sender, "starttls", "robot", "wrong-secret", ca_file=secure.ca_file
    )
    outcome = send(wrong, ["a@example.com"], NOTICE, NOW)
    assert (outcome.sent, outcome.status, outcome.final) == (False, 535, False)
    assert "wrong-secret" not in outcome.detail


def test_a_recipient_who_is_refused_hinders_nobody_else(server, box):
    box.refuse = {"gone@example.com": "550 no such box"}
    outcome = send(server, ["a@example.com", "gone@example.com"], NOTICE, NOW)
    assert outcome.sent
    assert "1 of 2" in outcome.detail


@pytest.mark.parametrize(("said", "final"), [("550 no such box", True), ("450 busy", False)])
def test_a_refusal_of_all_is_final_where_the_server_says_so(server, box, said, final):
    box.refuse = {"a@example.com": said}
    outcome = send(server, ["a@example.com"], NOTICE, NOW)
    assert (outcome.sent, outcome.status, outcome.final) == (False, int(said[:3]), final)


@pytest.mark.parametrize(("said", "final"), [("554 spam", True), ("451 later", False)])
def test_content_may_be_refused(server, box, said, final):
    box.late = said
    assert send(server, ["a@example.com"], NOTICE, NOW).final is final


def test_a_server_that_is_away_or_slow_is_tried_again(server, box):
    box.hang = True
    impatient = MailServer(server.host, server.port, server.sender, "none", timeout_s=0.2)
    slow = send(impatient, ["a@example.com"], NOTICE, NOW)
    away = send(MailServer("127.0.0.1", 1, server.sender, "none"), ["a@example.com"], NOTICE, NOW)
    for outcome in (slow, away):
        assert (outcome.sent, outcome.final) == (False, False)
