"""Long bodies, masked while they are read: whatever the cut, no secret comes through and nothing else changes."""

import base64
import random
from pathlib import Path

import pytest

from wxcloudrun.engine.result import masked_body as module
from wxcloudrun.engine.result.masked_body import masked_body
from wxcloudrun.engine.result.redaction import Redactor

SECRET = "p4ss/wörd+42"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces so small that a body has many."""
    monkeypatch.setattr(module, "PIECE", 301)
    monkeypatch.setattr(module, "OVERLAP", 100)


def masked(tmp_path: Path, content: bytes, charset: str = "utf-8", *, text: bool = True) -> bytes:
    path = tmp_path / "body"
    path.write_bytes(content)
    redactor = Redactor()
    redactor.add(SECRET, "pin")
    return b"".join(masked_body(redactor, path, charset, text=text))


def test_a_secret_is_masked_wherever_a_piece_ends(small, tmp_path: Path):
    draw = random.Random(7)
    forms = [SECRET, SECRET.replace("+", "%2B"), base64.b64encode(SECRET.encode()).decode(), SECRET.encode().hex()]
    for _ in range(40):
        parts, clean = [], []
        for _ in range(30):
            filler = "z" * draw.randrange(60)
            parts += [filler, draw.choice(forms), " "]
            clean += [filler, "***", " "]
        assert masked(tmp_path, "".join(parts).encode()).decode() == "".join(clean)


def test_a_member_with_a_telling_name_is_masked_across_pieces(small, tmp_path: Path):
    for before in range(180, 330):
        told = masked(tmp_path, b"x" * before + b'{"api_key": "ab cdef", "id": 1}' + b"y" * 400)
        assert b"cdef" not in told
        assert b'"id": 1}' in told


def test_what_has_no_secret_stays_as_it_is(small, tmp_path: Path):
    content = "".join(random.Random(1).choices("abc 订单 😀\n", k=5000))
    assert masked(tmp_path, content.encode()).decode() == content


def test_another_charset_comes_out_as_utf_8(small, tmp_path: Path):
    assert masked(tmp_path, ("订单" * 500).encode("gbk"), "gbk").decode() == "订单" * 500


def test_bytes_lose_the_secrets_own_bytes(small, tmp_path: Path):
    for before in range(180, 330):
        content = b"\xff\x00" * before + SECRET.encode() + b"\xfe" * 300
        assert masked(tmp_path, content, text=False) == content.replace(SECRET.encode(), b"***")


def test_memory_stays_small(tmp_path: Path):
    path = tmp_path / "body"
    path.write_bytes(b"0123456789abcdef" * (20 * 65536))
    sizes = [len(piece) for piece in masked_body(Redactor(), path, "utf-8", text=True)]
    assert sum(sizes) == path.stat().st_size
    assert max(sizes) < 3 * module.PIECE
