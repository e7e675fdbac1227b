"""Sends one request through a sender with short timeouts, and answers it byte by byte."""

import time

import pytest

from wxcloudrun.engine.errors import StepError
from wxcloudrun.engine.send.request import parse_request

FAST = {"connect_ms": 400, "read_ms": 300, "total_ms": 3000}


def send(sender, url, *, jar=None, deadline=None, cancel=None, tokens=None, **spec):
    prepared = sender.prepare(parse_request({"url": url, "timeouts": FAST, **spec}), tokens=tokens)
    return sender.send(prepared, jar=jar, deadline=deadline, cancel=cancel)


def failing(sender, url, **spec):
    """The error that it ends with."""
    with pytest.raises(StepError) as caught:
        send(sender, url, **spec)
    return caught.value


def raw(*pieces, keep=False, pause=0.0):
    """A handler that writes these bytes, `pause` seconds after each."""

    def handler(connection, request, number):
        for piece in pieces:
            connection.sendall(piece)
            if pause:
                time.sleep(pause)
        return keep

    return handler
