"""Short pieces of text, by which a text is found that holds another one somewhere."""

_PIECE = 3  # characters; of two there would be too few different ones, and of four too many
_ASKED = 12  # pieces of a searched text that are counted to find its rarest one


def folded(text: str) -> str:
    """The text with every letter's case forgotten, the same on every database."""
    return text.casefold()


def grams(text: str) -> set[str]:
    """The pieces of a folded text, line by line.

    All of three characters; and the shorter ones that are not ASCII, since Chinese is searched by one or two.
    """
    found: set[str] = set()
    for line in text.split("\n"):
        found.update(line[start : start + _PIECE] for start in range(len(line) - _PIECE + 1))
        if not line.isascii():
            for size in range(1, _PIECE):
                pieces = (line[start : start + size] for start in range(len(line) - size + 1))
                found.update(piece for piece in pieces if not piece.isascii())
    return {_key(piece) for piece in found}


def asked(text: str) -> list[str]:
    """Pieces that whatever holds this folded text must have: one every third character, and the last one.

    Of a long text as many, spread evenly. None for one or two ASCII characters.
    """
    if len(text) < _PIECE:
        return [] if text.isascii() else [_key(text)]
    last = len(text) - _PIECE
    starts = [*range(0, last, _PIECE), last]
    if len(starts) > _ASKED:
        starts = [last * number // (_ASKED - 1) for number in range(_ASKED)]
    return list(dict.fromkeys(_key(text[start : start + _PIECE]) for start in starts))


def _key(piece: str) -> str:
    """As it is stored: to MariaDB a blank at the end is nothing. What a piece leads to is looked at anyway."""
    return piece.replace(" ", "_")
