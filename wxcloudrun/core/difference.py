"""What differs between two JSON documents, told so that a person understands it, in bounded time and length."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Final, Literal

from wxcloudrun.core.credentials import MARK

type Kind = Literal["added", "removed", "changed"]
type Pair = tuple[int | None, int | None]

MOST_CHANGES: Final = 500
_MOST_SHOWN = 262_144  # characters of all values together
_LONGEST = 1000  # characters of one value
_LEAD = 60  # characters shown before the place where two long texts part
_EFFORT = 10_000_000  # comparisons of list items at most; about half a second
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Hidden:
    """Stands in a document for a credential: it is compared, and a mark is shown in its place."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `path` is dotted (`request.headers.2.value`), an index is that in the later document.

    Of what was removed the index is that in the earlier one. `before` is None where it was added, `after` where it was
    removed; long texts are cut and say so.
    """

    path: str
    kind: Kind
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """The differences in the order of the documents; `cut` when there are more than these."""

    changes: list[Change]
    cut: bool


def difference(before: Any, after: Any) -> Difference:
    """What was done to the one JSON document to make the other.

    Objects are compared by member. Lists are aligned: an item that was put in between is one that was added, and an
    item that was changed in its place is looked into. Lists that are too much work are compared place by place.
    """
    changes: list[Change] = []
    room = _MOST_SHOWN
    for change in _Comparison().between("", before, after):
        room -= len(change.path) + _length(change.before) + _length(change.after)
        if len(changes) == MOST_CHANGES or room < 0:
            return Difference(changes, cut=True)
        changes.append(change)
    return Difference(changes, cut=False)


class _Comparison:
    """One comparison: what is equal has the same number, and the effort that is left."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._of: dict[int, int] = {}  # by the address of an object or list: both documents live as long as this
        self._effort = _EFFORT

    def between(self, path: str, before: Any, after: Any) -> Iterator[Change]:
        """The changes at this path and below it."""
        if before is _NOTHING:
            yield Change(_cut(path), "added", None, _shown(after))
        elif after is _NOTHING:
            yield Change(_cut(path), "removed", _shown(before), None)
        elif self._number(before) == self._number(after):
            return
        elif isinstance(before, dict) and isinstance(after, dict):
            for name in before | after:
                yield from self.between(_below(path, name), before.get(name, _NOTHING), after.get(name, _NOTHING))
        elif isinstance(before, list) and isinstance(after, list):
            yield from self._of_lists(path, before, after)
        else:
            yield Change(_cut(path), "changed", *_both(before, after))

    def _number(self, value: Any) -> int:
        """The same number for the same JSON, whatever the order of members; found in one pass over a document."""
        container = isinstance(value, dict | list)
        if container and id(value) in self._of:
            return self._of[id(value)]
        if isinstance(value, dict):
            made: tuple[Any, ...] = ("object", frozenset((name, self._number(item)) for name, item in value.items()))
        elif isinstance(value, list):
            made = ("list", *map(self._number, value))
        else:
            made = (type(value), value)
        number = self._numbers.setdefault(made, len(self._numbers))
        if container:
            self._of[id(value)] = number
        return number

    def _of_lists(self, path: str, before: list[Any], after: list[Any]) -> Iterator[Change]:
        for old, new in self._pairs(before, after):
            place = _below(path, str(old if new is None else new))
            yield from self.between(
                place, _NOTHING if old is None else before[old], _NOTHING if new is None else after[new]
            )

    def _pairs(self, before: list[Any], after: list[Any]) -> Iterator[Pair]:
        """Which items belong together where the lists differ: those of one name, or those in one place."""
        olds, news = [self._number(item) for item in before], [self._number(item) for item in after]
        for same, old, new in self._aligned(olds, news):
            if not same:
                for _, some, others in self._aligned(_labels(before, old), _labels(after, new)):
                    yield from zip_longest(_moved(some, old.start), _moved(others, new.start))

    def _aligned(self, before: Sequence[Any], after: Sequence[Any]) -> Iterator[tuple[bool, range, range]]:
        """Stretches that belong together, and whether they are the same; all at once where it is too much work."""
        start, end = _ends(before, after)
        stop, other_stop = len(before) - end, len(after) - end
        yield True, range(start), range(start)
        middle, other_middle = before[start:stop], after[start:other_stop]
        if self._affords(middle, other_middle):
            matcher = SequenceMatcher(None, middle, other_middle, autojunk=False)
            for tag, old, old_stop, new, new_stop in matcher.get_opcodes():
                yield tag == "equal", range(start + old, start + old_stop), range(start + new, start + new_stop)
        else:
            yield False, range(start, stop), range(start, other_stop)
        yield True, range(stop, len(before)), range(other_stop, len(after))

    def _affords(self, before: Sequence[Any], after: Sequence[Any]) -> bool:
        """Pay for an alignment: difflib may look at all equal pairs once for each item of the shorter list."""
        counted = Counter(after)
        pairs = sum(counted[item] for item in before)
        effort = (pairs + len(before) + len(after)) * min(len(before), len(after))
        if effort > self._effort:
            return False
        self._effort -= effort
        return True


def _ends(before: Sequence[Any], after: Sequence[Any]) -> tuple[int, int]:
    """How many items are the same at the beginning, and how many of the others at the end."""
    most = min(len(before), len(after))
    start = next((index for index in range(most) if before[index] != after[index]), most)
    rest = most - start
    return start, next((index for index in range(rest) if before[-1 - index] != after[-1 - index]), rest)


def _labels(items: list[Any], stretch: range) -> list[Any]:
    """What an item is known by while it changes: its name, or else what kind of thing it is."""
    return [_label(items[index]) for index in stretch]


def _label(item: Any) -> Any:
    if not isinstance(item, dict):
        return type(item)
    name = item.get("name")
    return name if isinstance(name, str) and name else dict


def _moved(stretch: range, by: int) -> range:
    return range(stretch.start + by, stretch.stop + by)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _both(before: Any, after: Any) -> tuple[Any, Any]:
    """Two values as they are shown; of two long texts the part where they begin to differ."""
    if not isinstance(before, str) or not isinstance(after, str) or max(len(before), len(after)) <= _LONGEST:
        return _shown(before), _shown(after)
    same = _same_until(before, after)
    start = max(0, same - _LEAD)
    return _cut(before, start), _cut(after, start)


def _same_until(before: str, after: str) -> int:
    """How many characters both begin with; by halves, so that long texts are compared at the speed of memory."""
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high + 1) // 2
        if before[low:middle] == after[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _shown(value: Any) -> Any:
    """The value with marks in place of credentials; one that is too long as the beginning of its text."""
    if isinstance(value, str):
        return _cut(value)
    bare = _bare(value)
    if isinstance(bare, dict | list) and _length(bare) > _LONGEST:
        return _cut(_text(bare))
    return bare


def _bare(value: Any) -> Any:
    if isinstance(value, Hidden):
        return dict(MARK)
    if isinstance(value, Mapping):
        return {name: _bare(item) for name, item in value.items()}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _cut(text: str, start: int = 0) -> str:
    """At most so many characters from there, with a word about those that are left out."""
    if len(text) <= _LONGEST:
        return text
    end = min(len(text), start + _LONGEST)
    left_out = (start, len(text) - end)
    before, after = (f"[{count} characters]" if count else "" for count in left_out)
    return f"{before}{text[start:end]}{after}"


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(_text(value))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
