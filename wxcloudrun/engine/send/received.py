"""The head of a response as libcurl hands it over, line by line: its limits, and what the lines say."""

from collections.abc import Sequence
from functools import lru_cache

from wxcloudrun.engine.record import record

type Headers = tuple[tuple[str, str], ...]

_LONGEST = 2**63 - 1
_ENDS = (b"\r\n", b"\n")
_BLANK = (" ", "\t")
_SHORT = 4_096
"""Bytes of a head whose lines are looked up: a server sends most of them again and again."""

_KEPT = frozenset(
    b"accept-ranges access-control-allow-credentials access-control-allow-headers access-control-allow-methods "
    b"access-control-allow-origin access-control-expose-headers access-control-max-age allow alt-svc cache-control "
    b"connection content-encoding content-language content-length content-type cross-origin-embedder-policy "
    b"cross-origin-opener-policy cross-origin-resource-policy date expires keep-alive permissions-policy pragma "
    b"referrer-policy retry-after server strict-transport-security transfer-encoding vary via x-content-type-options "
    b"x-dns-prefetch-control x-download-options x-frame-options x-permitted-cross-domain-policies x-powered-by "
    b"x-xss-protection".split()
)
"""Names whose lines are looked up, and so outlive their run: values of any other may be credentials or hold one."""


@record(frozen=True, slots=True)
class Head:
    """Status line and headers of the final answer, and the trailers that came after a chunked body."""

    version: str
    status: int
    reason: str
    headers: Headers
    trailers: Headers


def too_long(lines: Sequence[bytes], max_count: int, max_bytes: int) -> bool:
    """True when there are more header lines or bytes than allowed; interim answers and a proxy's count as well."""
    # The status line and the empty line are not headers.
    return len(lines) > max_count + 2 or sum(map(len, lines)) > max_bytes


def read_head(lines: list[bytes]) -> Head:
    """The final answer's head; status 0 when there was none. Interim answers (1xx) and one to CONNECT are left out."""
    if not lines:
        return Head("", 0, "", (), ())
    trailers: list[bytes] = []
    if lines[-1] in _ENDS and lines.index(lines[-1]) == len(lines) - 1:
        head = lines[:-1]  # one head and nothing after it, as nearly always
    else:
        head, trailers = _last_head(lines)
    version, status, reason = _status_line(head[0])
    return Head(version, status, reason, _pairs(head[1:]), _pairs(trailers))


def impossible_length(headers: Headers) -> bool:
    """True for a Content-Length beyond 63 bits, which libcurl passes over as if it were not there."""
    return any(
        name.lower() == "content-length" and value.isascii() and value.isdigit() and int(value[:30]) > _LONGEST
        for name, value in headers
    )


def _last_head(lines: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    head: list[bytes] = []
    trailers: list[bytes] = []
    ended = False
    for line in lines:
        if line[:5] == b"HTTP/" and (ended or not head):
            head, trailers, ended = [line], [], False
        elif line in _ENDS:
            ended = True
        else:
            (trailers if ended else head).append(line)
    return head, trailers


@lru_cache(maxsize=256)
def _status_line(line: bytes) -> tuple[str, int, str]:
    version, _, rest = _line(line).strip().partition(" ")
    status, _, reason = rest.strip().partition(" ")
    number = int(status) if status.isascii() and status.isdigit() else 0
    return version.removeprefix("HTTP/"), number, reason


def _pairs(lines: list[bytes]) -> Headers:
    if sum(map(len, lines)) <= _SHORT:
        known = tuple(map(_pair, lines))
        if None not in known:
            return known  # type: ignore[return-value]  # mypy does not see that none is None
    texts = _texts(lines)
    pairs: list[tuple[str, str]] = []
    for text in texts:
        if text[:1] in _BLANK and pairs:
            name, value = pairs.pop()
            pairs.append((name, f"{value} {text.strip()}"))
        else:
            name, _, value = text.partition(":")
            pairs.append((name, value.strip()))
    return tuple(pairs)


def _pair(line: bytes) -> tuple[str, str] | None:
    """Name and value; None for a line that continues the one before it."""
    return _kept_pair(line) if line.partition(b":")[0].lower() in _KEPT else _read_pair(line)


@lru_cache(maxsize=1024)
def _kept_pair(line: bytes) -> tuple[str, str] | None:
    return _read_pair(line)


def _read_pair(line: bytes) -> tuple[str, str] | None:
    text = _line(line)
    name, _, value = text.partition(":")
    return None if text[:1] in _BLANK else (name, value.strip())


def _texts(lines: list[bytes]) -> list[str]:
    """Headers are Latin-1 by the letter and UTF-8 by habit; one line that is not UTF-8 does not spoil the others."""
    try:
        return [line.decode() for line in lines]
    except UnicodeDecodeError:
        return [_line(line) for line in lines]


def _line(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")
