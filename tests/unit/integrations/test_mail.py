"""Mail over SMTP: what arrives, over which security, and which refusals are worth another try."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.mail_server import Box, certificate_in, mailing
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


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_in(tmp_path_factory.mktemp("mail"))


@pytest.fixture
def server(box: Box) -> Iterator[MailServer]:
    with mailing(box) as server:
        yield server


@pytest.fixture(params=["starttls", "tls"])
def secure(box: Box, certificate: Path, request: pytest.FixtureRequest) -> Iterator[MailServer]:
    with mailing(box, request.param, certificate) as server:
        yield server


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


def test_tls_comes_before_the_password(secure, box):
    assert send(secure, ["a@example.com"], NOTICE, NOW).sent
    assert box.user == b"robot"
    assert len(box.mails) == 1


def test_a_server_that_nobody_vouches_for_gets_nothing(secure, box):
    outcome = send(replace(secure, ca_file=None), ["a@example.com"], NOTICE, NOW)
    assert (outcome.sent, outcome.final) == (False, False)
    assert (box.user, box.mails) == (b"", [])


def test_a_certificate_for_another_name_is_refused(secure, box):
    outcome = send(replace(secure, host="localhost"), ["a@example.com"], NOTICE, NOW)
    assert (outcome.sent, outcome.final, box.user) == (False, False, b"")
    assert "certificate" in outcome.detail


def test_a_server_that_speaks_another_security_fails_and_says_nothing(secure, box):
    other = {"tls": "starttls", "starttls": "tls"}[secure.security]
    outcome = send(replace(secure, security=other, timeout_s=1), ["a@example.com"], NOTICE, NOW)
    assert (outcome.sent, outcome.final) == (False, False)
    assert (box.user, box.mails) == (b"", [])


def test_a_wrong_password_is_the_operators_to_mend_and_is_not_told(secure):
    outcome = send(replace(secure, password="wrong-secret"), ["a@example.com"], NOTICE, NOW)
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
