"""Mail about runs, from a rule to the mail box, through the settings of an operator."""

from datetime import timedelta
from pathlib import Path

import pytest

from config import Settings
from tests.integration.notices_bench import Post, red_then_green
from tests.mail_server import Box, certificate_in, mailing
from wxcloudrun.integrations.mail import MailServer, Security
from wxcloudrun.notice_parts import _mail_server


def as_set(server: MailServer) -> MailServer | None:
    """The server as the product knows it from the settings for it."""
    named = {
        "mail_host": server.host, "mail_port": server.port, "mail_from": server.sender, "mail_ca_file": server.ca_file,
        "mail_security": server.security, "mail_username": server.username, "mail_password": server.password,
    }  # fmt: skip
    return _mail_server(Settings.model_validate(named))


@pytest.mark.parametrize(("security", "port"), [("tls", 465), ("starttls", 587), ("none", 587)])
def test_the_port_follows_the_security_unless_it_is_said(security: Security, port: int):
    told = {"mail_host": "mail.example", "mail_from": "robot@example.com", "mail_security": security}
    server, other = (_mail_server(Settings.model_validate(told | more)) for more in ({}, {"mail_port": 2525}))
    assert server is not None
    assert other is not None
    assert (server.port, other.port) == (port, 2525)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_red_run_is_mailed_over_tls_once_and_under_the_id_of_its_delivery(
    post: Post, tmp_path: Path, security: Security
):
    box = Box()
    with mailing(box, security, certificate_in(tmp_path)) as server:
        post.mail = as_set(server)
        channel = post.ask("POST", "/channels", {"name": "team", "kind": "mail", "recipients": ["team@example.com"]})
        post.rule(channel["id"], events=["first_failure"])
        red_then_green(post)
        post.both()
        post.both()
    (mail,) = box.mails
    (delivery,) = post.deliveries()
    assert (box.user, box.recipients) == (b"robot", ["team@example.com"])
    assert (delivery["state"], delivery["mark"]) == ("sent", mail["X-Wxcloudrun-Delivery"])
    assert mail["Message-ID"] == f"<{delivery['mark']}@example.com>"
    assert "418" in mail.get_body(("plain",)).get_content()


def test_a_mail_server_that_nobody_vouches_for_gets_nothing_until_the_operator_names_its_authority(
    post: Post, tmp_path: Path
):
    box = Box()
    with mailing(box, "tls", certificate_in(tmp_path)) as server:
        channel = post.ask("POST", "/channels", {"name": "team", "kind": "mail", "recipients": ["team@example.com"]})
        post.rule(channel["id"], events=["first_failure"])
        run, _ = red_then_green(post)
        post.mail = as_set(MailServer(server.host, server.port, server.sender, "tls", "robot", "right"))
        post.both()
        (waiting,) = post.deliveries()
        assert (waiting["state"], box.user, box.mails) == ("waiting", b"", [])
        log = post.ask("GET", f"/deliveries/{waiting['id']}")["log"]
        assert "CERTIFICATE_VERIFY_FAILED" in log[0]["detail"]
        assert post.runs.view(run["id"])["state"] == "failed"
        post.mail = as_set(server)
        post.clock.shift = timedelta(minutes=2)
        post.send()
    assert [one["X-Wxcloudrun-Delivery"] for one in box.mails] == [waiting["mark"]]
