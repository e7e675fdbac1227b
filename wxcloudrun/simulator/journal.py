"""The journal of every request that the simulator was sent, kept whole for assertions and in memory only."""

from collections import Counter, deque
from dataclasses import dataclass

from wxcloudrun.simulator.wire import Call, Json

MOST_ENTRIES = 10_000
SHOWN_BODY_BYTES = 64 * 1024


@dataclass
class Entry:
    """One request and how it was answered; `status` is 0 while it is under way or if the caller was dropped."""

    number: int
    time: float
    call: Call
    status: int = 0
    errcode: int = 0
    fault: str | None = None

    def shown(self) -> Json:
        """The entry for the control API; nothing is masked, which is why the simulator listens on loopback only."""
        return {
            "number": self.number,
            "time": self.time,
            "method": self.call.method,
            "path": self.call.path,
            "query": self.call.query,
            "headers": self.call.headers,
            "body": self.call.body[:SHOWN_BODY_BYTES].decode("utf-8", "replace"),
            "size": len(self.call.body),
            "status": self.status,
            "errcode": self.errcode,
            "fault": self.fault,
        }


class Journal:
    """Requests in the order of arrival. Not thread safe by itself: the state's lock is held around it."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MOST_ENTRIES)
        self._counts: Counter[str] = Counter()

    def add(self, call: Call, now: float) -> Entry:
        """Write down that `call` arrived."""
        self._counts[call.path] += 1
        entry = Entry(self._counts.total(), now, call)
        self._entries.append(entry)
        return entry

    def find(self, path: str | None = None) -> list[Entry]:
        """The entries of one path, or all."""
        return [entry for entry in self._entries if path in (None, entry.call.path)]

    def counts(self) -> dict[str, int]:
        """How many requests each path got since the last reset."""
        return dict(self._counts)
