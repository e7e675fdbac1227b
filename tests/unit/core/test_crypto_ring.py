"""Encrypted columns: keys change without downtime, and a value has one place where it opens."""

import base64

import pytest

from wxcloudrun.core.crypto import KeyRing, UnreadableSecret


def _entry(name: str, fill: bytes) -> str:
    return f"{name}:{base64.b64encode(fill * 32).decode()}"


RING = KeyRing.parse([_entry("k1", b"1")], "lookup")


def test_a_text_comes_back():
    assert RING.decrypt(RING.encrypt("手机 138", "users.phone"), "users.phone") == "手机 138"


def test_the_same_text_never_looks_the_same():
    assert RING.encrypt("a", "t.c") != RING.encrypt("a", "t.c")


def test_a_value_does_not_open_in_another_column():
    with pytest.raises(UnreadableSecret):
        RING.decrypt(RING.encrypt("a", "users.phone"), "users.session_key")


def test_altered_bytes_do_not_open():
    name, _, body = RING.encrypt("a text", "t.c").partition(".")
    raw = bytearray(base64.urlsafe_b64decode(body))
    raw[-1] ^= 1
    with pytest.raises(UnreadableSecret):
        RING.decrypt(f"{name}.{base64.urlsafe_b64encode(raw).decode()}", "t.c")


def test_a_new_first_key_encrypts_and_the_old_one_still_opens():
    both = KeyRing.parse([_entry("k2", b"2"), _entry("k1", b"1")], "lookup")
    assert both.decrypt(RING.encrypt("old", "t.c"), "t.c") == "old"
    assert both.encrypt("new", "t.c").startswith("k2.")
    with pytest.raises(UnreadableSecret, match="no key named 'k2'"):
        RING.decrypt(both.encrypt("new", "t.c"), "t.c")


@pytest.mark.parametrize("entry", ["k1", "k1:AAAA", ":" + "A" * 43, "k1:" + "A" * 60])
def test_a_key_that_is_none_is_named_by_its_place_not_by_its_content(entry):
    with pytest.raises(ValueError, match="entry 1") as caught:
        KeyRing.parse([entry], "lookup")
    assert "AAAA" not in str(caught.value)


def test_a_lookup_hash_needs_the_key():
    other = KeyRing.parse([_entry("k1", b"1")], "another lookup key")
    assert RING.lookup("+8613800138000") == RING.lookup("+8613800138000") != other.lookup("+8613800138000")


def test_the_ring_does_not_show_its_keys():
    assert "1111" not in repr(RING)


def test_what_was_kept_under_a_withdrawn_key_counts_as_not_there():
    assert RING.readable(RING.encrypt("a", "t.c"), "t.c") == "a"
    assert RING.readable(None, "t.c") is None
    assert KeyRing.parse([_entry("k2", b"2")], "lookup").readable(RING.encrypt("a", "t.c"), "t.c") is None
