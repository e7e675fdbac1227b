"""Sends a notice as mail by SMTP (RFC 5321): TLS from the start, STARTTLS, or plain where the operator says so."""

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final, Literal

from wxcloudrun.exporters.wording import escaped, one_line
from wxcloudrun.integrations.notice import Notice, Outcome, told
from wxcloudrun.integrations.web_hook import DELIVERY_HEADER

type Security = Literal["tls", "starttls", "none"]
_NOT_NOW: Final = frozenset({421, 450, 451, 452, 454, 530, 534, 535})  # for later, or for the operator to mend


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. Without `username` nobody logs in; `timeout_s` is for each step."""

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    timeout_s: float = 10.0
    ca_file: str | None = None


def message_of(server: MailServer, recipients: Sequence[str], notice: Notice, now: datetime) -> EmailMessage:
    """The mail: plain text, and the same as HTML. Its id is that of the delivery, so that a repeat is known as one."""
    message = EmailMessage()
    message["Subject"] = one_line(notice.title)[:200]
    message["From"] = server.sender
    message["To"] = ", ".join(recipients)
    message["Date"] = format_datetime(now)
    domain = parseaddr(server.sender)[1].rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<{notice.mark or 'notice'}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message[DELIVERY_HEADER] = notice.mark
    message.set_content("\n".join(notice.lines()) + "\n")
    message.add_alternative(_html(notice), subtype="html")
    return message


def send(server: MailServer, recipients: Sequence[str], notice: Notice, now: datetime) -> Outcome:
    """Hand the mail in. One recipient who is refused does not hinder the others."""
    message = message_of(server, recipients, notice, now)
    try:
        refused = _handed_in(server, message)
    except smtplib.SMTPRecipientsRefused as fault:
        number, words = next(iter(fault.recipients.values()))
        return _refused(number, words, server)
    except smtplib.SMTPResponseException as fault:
        return _refused(fault.smtp_code, fault.smtp_error, server)
    except (smtplib.SMTPException, OSError, ValueError) as fault:
        return Outcome(False, None, told(f"{type(fault).__name__}: {fault}", (server.password,)))
    note = f"accepted, but for {len(refused)} of {len(recipients)} recipients" if refused else "accepted"
    return Outcome(True, 250, note)


def _handed_in(server: MailServer, message: EmailMessage) -> dict[str, tuple[int, bytes]]:
    context = ssl.create_default_context(cafile=server.ca_file)
    name = parseaddr(server.sender)[1].rpartition("@")[2] or "localhost"  # ours is not looked up: that may take long
    if server.security == "tls":
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, local_hostname=name, timeout=server.timeout_s, context=context
        )
    else:
        client = smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=server.timeout_s)
    with client:
        if server.security == "starttls":
            client.starttls(context=context)
        if server.username:
            client.login(server.username, server.password)
        return client.send_message(message)


def _refused(number: int, words: bytes | str, server: MailServer) -> Outcome:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return Outcome(False, number, told(text, (server.password,)), final=number >= 500 and number not in _NOT_NOW)


def _html(notice: Notice) -> str:
    color = "#1a7f37" if notice.good else "#cf222e"
    facts = "".join(
        f'<tr><td style="padding:2px 12px 2px 0;color:#57606a">{escaped(label)}</td><td>{escaped(text)}</td></tr>'
        for label, text in notice.facts
    )
    points = "".join(f"<li>{escaped(point)}</li>" for point in notice.points)
    more = f"<p>{escaped(notice.more)}</p>" if notice.more else ""
    link = f'<p><a href="{escaped(notice.link)}">{escaped(notice.link_text)}</a></p>' if notice.link else ""
    return (
        '<div style="font:14px/1.5 sans-serif;max-width:640px">'
        f'<h2 style="font-size:18px;color:{color}">{escaped(notice.title)}</h2>'
        f"<table>{facts}</table><ul>{points}</ul>{more}{link}"
        f'<p style="color:#57606a;font-size:12px">{escaped(notice.mark)}</p></div>'
    )
