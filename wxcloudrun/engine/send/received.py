"""The head of a response as libcurl hands it over, line by line, with its limits."""

from wxcloudrun.engine.record import record

type Headers = tuple[tuple[str, str], ...]


@record(frozen=True, slots=True)
class Head:
    """Status line and headers of the final answer, and the trailers that came after a chunked body."""

    version: str
    status: int
    reason: str
    headers: Headers
    trailers: Headers


class HeadReader:
    """Collects header lines. Interim answers (1xx) and a proxy's answer to CONNECT are counted and then forgotten."""

    def __init__(self, max_count: int, max_bytes: int) -> None:
        self.overflow = False
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._count = 0
        self._bytes = 0
        self._lines: list[bytes] = []
        self._trailers: list[bytes] = []
        self._ended = False

    def line(self, line: bytes) -> bool:
        """Takes a line; False once there are too many or too long ones, which ends the transfer."""
        self._count += 1
        self._bytes += len(line)
        # The status line and the empty line are not headers.
        if self._count > self._max_count + 2 or self._bytes > self._max_bytes:
            self.overflow = True
            return False
        if line[:5] == b"HTTP/" and (self._ended or not self._lines):
            self._lines = [line]
            self._ended = False
            self._trailers.clear()
        elif line in (b"\r\n", b"\n"):
            self._ended = True
        elif self._ended:
            self._trailers.append(line)
        else:
            self._lines.append(line)
        return True

    def head(self) -> Head:
        """The final answer's head; status 0 when there was none."""
        if not self._lines:
            return Head("", 0, "", (), ())
        version, _, rest = _text(self._lines[0]).strip().partition(" ")
        status, _, reason = rest.strip().partition(" ")
        number = int(status) if status.isascii() and status.isdigit() else 0
        return Head(version.removeprefix("HTTP/"), number, reason, _pairs(self._lines[1:]), _pairs(self._trailers))


def _pairs(lines: list[bytes]) -> Headers:
    """Decoded in one go: this runs for every answer."""
    if not lines:
        return ()
    pairs: list[tuple[str, str]] = []
    for text in _text(b"".join(lines)).split("\n")[:-1]:
        if text[:1] in (" ", "\t") and pairs:
            name, value = pairs.pop()
            pairs.append((name, f"{value} {text.strip()}"))
        else:
            name, _, value = text.partition(":")
            pairs.append((name, value.strip()))
    return tuple(pairs)


def _text(lines: bytes) -> str:
    """Headers are Latin-1 by the letter and UTF-8 by habit; one line that is not UTF-8 does not spoil the others."""
    try:
        return lines.decode()
    except UnicodeDecodeError:
        return "\n".join(_line(line) for line in lines.split(b"\n"))


def _line(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")
