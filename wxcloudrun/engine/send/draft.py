"""A request on its way to being sent: what the user wrote, before defaults, cookies and credentials are added."""

from collections.abc import Iterable
from functools import lru_cache

from wxcloudrun.engine.record import record
from wxcloudrun.engine.send.body import Payload
from wxcloudrun.engine.send.request import Tls
from wxcloudrun.engine.send.url import Url

type Pairs = tuple[tuple[str, str], ...]


@lru_cache(maxsize=1024)
def _taken(names: tuple[str, ...], suppressed: frozenset[str]) -> frozenset[str]:
    """Names, in lower case, that nothing is added to; the same in every attempt of a step."""
    return suppressed.union([name.lower() for name in names])


@record(frozen=True, slots=True)
class Draft:
    """One hop: `suppressed` names (lower case) are not sent even by default; `trusted` until it leaves its origin."""

    method: str
    url: Url
    headers: Pairs
    suppressed: frozenset[str]
    cookies: Pairs
    payload: Payload | None
    tls: Tls
    trusted: bool = True

    def header(self, name: str) -> str | None:
        """The first header of that name, ignoring case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def with_defaults(self, added: Iterable[tuple[str, str]]) -> "Draft":
        """The same with more headers, each only where the user neither set nor suppressed it."""
        taken = _taken(tuple([name for name, _ in self.headers]), self.suppressed)
        fresh = tuple([pair for pair in added if pair[0].lower() not in taken])
        if not fresh:
            return self
        # Written out: `dataclasses.replace` takes several times as long, and this runs for every request.
        headers = self.headers + fresh
        return Draft(
            self.method, self.url, headers, self.suppressed, self.cookies, self.payload, self.tls, self.trusted
        )
