"""What libcurl adds to a request by itself, and what it is kept from adding."""

import pytest

from wxcloudrun.engine.send.framing import framing

NONE: frozenset[str] = frozenset()


def test_a_body_is_given_its_length_and_no_expectation():
    found = framing((), NONE, "POST", True)
    assert found.adds_length
    assert found.adds_host
    assert found.decode
    assert found.reusable
    assert found.silent == (b"content-type:", b"expect:")


def test_a_get_has_no_length_and_a_post_without_body_has_one():
    assert not framing((), NONE, "GET", False).adds_length
    assert framing((), NONE, "POST", False).adds_length


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
def test_a_length_that_the_user_wrote_ends_the_connection(name):
    found = framing((name,), NONE, "POST", True)
    assert not found.reusable
    assert not found.adds_length


def test_what_the_user_suppressed_is_kept_from_being_added():
    found = framing((), frozenset({"host", "accept-encoding", "content-length"}), "POST", True)
    assert not (found.adds_host)
    assert not (found.decode)
    assert not found.adds_length
    assert b"host:" in found.silent
