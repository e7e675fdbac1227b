"""A sent request as a curl command without secrets: those with a name stand in it as shell variables."""

from dataclasses import replace

from wxcloudrun.engine.result.redaction import MASK, Redactor, sensitive_name
from wxcloudrun.engine.send.body import PartSummary
from wxcloudrun.engine.send.curl import to_curl
from wxcloudrun.engine.send.exchange import SentRequest


def curl_of(redactor: Redactor, sent: SentRequest) -> str:
    """The command: a known secret becomes `${NAME}`, any other credential `***`."""
    body = sent.body_head
    try:
        masked = redactor.place(body.decode()).encode()
    except UnicodeDecodeError:
        masked = body
    complete = len(body) == sent.body_size
    hidden = replace(
        sent,
        url=redactor.place(sent.url),
        headers=redactor.headers(sent.headers, keep_known=True),
        body_head=masked,
        body_size=len(masked) if complete else sent.body_size,
        parts=tuple(_part(redactor, part) for part in sent.parts),
    )
    return redactor.text(to_curl(hidden, redactor.labels))


def _part(redactor: Redactor, part: PartSummary) -> PartSummary:
    """A part of a form; its value is masked when its name is telling and the value has no name of its own."""
    value = part.value
    if value is None or redactor.text(value) != value:
        return part
    return replace(part, value=MASK if sensitive_name(part.name) else redactor.place(value))
