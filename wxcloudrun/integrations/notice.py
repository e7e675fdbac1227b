"""A message about runs, whoever receives it, and what became of one attempt to hand it over."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from wxcloudrun.exporters.wording import one_line

MOST_TOLD: Final = 500
"""Characters of an answer that are kept."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message in one language. `title` is the verdict in one line; `mark` tells a repeat from another message.

    `facts` are labels with what they stand for, `points` what went wrong, the most important first. `data` is the same
    for programs, and `values` the same for templates with places for it.
    """

    title: str
    good: bool
    mark: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    points: tuple[str, ...] = ()
    more: str = ""
    link: str | None = None
    link_text: str = ""
    data: Mapping[str, Any] | None = None
    values: Mapping[str, str] | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Notice":
        """From what `as_kept` gave."""
        facts = tuple((str(label), str(text)) for label, text in kept["facts"])
        return cls(**{**kept, "facts": facts, "points": tuple(kept["points"])})

    def as_kept(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The message as plain text."""
        facts = [f"{label}: {one_line(text)}" for label, text in self.facts]
        points = [f"- {one_line(point)}" for point in self.points]
        return [one_line(self.title), *facts, *points, *filter(None, (self.more, self.link, self.mark))]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt. `detail` is the beginning of the answer or what went wrong, without secrets.

    `final`: trying again would change nothing. `wait_s`: the receiver asked for that pause. `drop`: why nobody minds
    that it was not sent, as of a person who wants no more messages.
    """

    sent: bool
    status: int | None = None
    detail: str = ""
    final: bool = False
    wait_s: float | None = None
    drop: str | None = None


def fitted(write: Callable[[Notice], bytes], notice: Notice, most: int) -> bytes:
    """What `write` makes of the notice in at most so many bytes: the last points go first, then facts, then letters."""
    written = write(notice)
    for shorter in _shorter(notice):
        if len(written) <= most:
            break
        written = write(shorter)
    return written


def _shorter(notice: Notice) -> Iterator[Notice]:
    """Ever shorter ones; each says that something is missing."""
    for count in range(len(notice.points) - 1, -1, -1):
        yield replace(notice, points=notice.points[:count], more=notice.more or "…")
    bare = replace(notice, points=(), more=notice.more or "…")
    for count in range(len(notice.facts) - 1, -1, -1):
        yield replace(bare, facts=notice.facts[:count])
    size = len(notice.title) // 2
    while size > 8:
        yield replace(bare, facts=(), title=notice.title[:size] + "…")
        size //= 2


def told(text: str, hidden: tuple[str, ...] = ()) -> str:
    """The beginning of an answer on one line, what is hidden left out."""
    for secret in sorted(filter(None, hidden), key=len, reverse=True):
        text = text.replace(secret, "***")
    return one_line(text)[:MOST_TOLD]
