"""Short pieces of text, by which a text is found that holds another one somewhere."""

LONGEST = 6  # characters; pieces so long are rare, also in numbers, where each short one is common
_SHORT = 3  # of two there would be too few different ones
_ASKED = 12  # pieces of a searched text that are counted to find its rarest one


def folded(text: str) -> str:
    """The text with every letter's case forgotten, the same on every database."""
    return text.casefold()


def grams(text: str) -> set[str]:
    """The pieces of a folded text, line by line.

    All of three and of six characters; and shorter ones that are not ASCII, since Chinese is searched by one or two.
    """
    found: set[str] = set()
    for line in text.split("\n"):
        for size in (_SHORT, LONGEST):
            found.update(_pieces(line, size))
        if not line.isascii():
            for size in range(1, _SHORT):
                found.update(piece for piece in _pieces(line, size) if not piece.isascii())
    return {_key(piece) for piece in found}


def asked(text: str) -> list[str]:
    """Pieces that whatever holds this folded text must have: one every third character, and the last one.

    Six characters each where the text has as many; of a long text a dozen, spread evenly. None for one or two ASCII
    characters.
    """
    if len(text) < _SHORT:
        return [] if text.isascii() else [_key(text)]
    size = LONGEST if len(text) >= LONGEST else _SHORT
    last = len(text) - size
    starts = [*range(0, last, _SHORT), last]
    if len(starts) > _ASKED:
        starts = [last * number // (_ASKED - 1) for number in range(_ASKED)]
    return list(dict.fromkeys(_key(text[start : start + size]) for start in starts))


def _pieces(line: str, size: int) -> list[str]:
    return [line[start : start + size] for start in range(len(line) - size + 1)]


def _key(piece: str) -> str:
    """As it is stored: to MariaDB a blank at the end is nothing. What a piece leads to is looked at anyway."""
    return piece.replace(" ", "_")
