"""A sent request as a curl command without secrets: those with a name stand in it as shell variables."""

from dataclasses import replace

from wxcloudrun.engine.curl import to_curl
from wxcloudrun.engine.exchange import SentRequest
from wxcloudrun.engine.redaction import Redactor


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
    )
    return redactor.text(to_curl(hidden, redactor.labels))
