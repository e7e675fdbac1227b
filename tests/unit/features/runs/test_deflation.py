"""Compression: everything comes back, and what was ever stored can always be read."""

import os
import zlib

import pytest

from wxcloudrun.features.runs import deflation
from wxcloudrun.features.runs.deflation import deflated, deflated_result, inflated

CONTENTS = [b"", b"x", b'{"ordinal":"2","path":"steps/0"}' * 40, os.urandom(5_000), b"long " * 100_000]


@pytest.mark.parametrize("content", CONTENTS)
def test_everything_comes_back(content):
    assert inflated(deflated(content)) == content
    assert inflated(deflated_result(content)) == content
    assert zlib.decompress(deflated(content)) == content
    assert inflated(zlib.compress(content)) == content


def test_the_texts_that_stored_results_need_are_still_here():
    assert set(deflation._KNOWN) >= {0x8FEFD3AD}


def test_a_text_of_a_later_version_is_told_apart_from_damage():
    work = zlib.compressobj(1, zlib.DEFLATED, 13, 5, zlib.Z_DEFAULT_STRATEGY, b"of the future")
    with pytest.raises(zlib.error, match="this version"):
        inflated(work.compress(b"x") + work.flush())
    with pytest.raises(zlib.error):
        inflated(b"no stream")
