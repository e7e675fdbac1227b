"""What the tests of sending have in common: a sender that may call this machine, where every name leads to it."""

import pytest

from wxcloudrun.engine.send.egress import AddressGuard
from wxcloudrun.engine.send.sender import Sender


@pytest.fixture
def sender():
    with Sender(AddressGuard(["127.0.0.1/32"], lookup=lambda name: ["127.0.0.1"])) as found:
        yield found
