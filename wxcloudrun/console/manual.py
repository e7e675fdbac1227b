"""The manual in the browser: the files of docs/, drawn as pages beside the API's documentation."""

import functools
import re
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parents[2] / "docs"
_HIDDEN = ("adr/",)  # decisions are for who changes the code
_NOT_A_WORD = re.compile(r"[^\w\- ]")


@functools.lru_cache(1)
def names() -> tuple[str, ...]:
    """Every page: its path below docs/, without `.md`."""
    found = sorted(str(path.relative_to(_FOLDER).with_suffix("")) for path in _FOLDER.rglob("*.md"))
    return tuple(name for name in found if not name.startswith(_HIDDEN))


@functools.lru_cache(64)
def page(name: str) -> tuple[str, str]:
    """Title and HTML of a page. Raises KeyError for any other name, so that no path leads out of the folder."""
    if name not in names():
        raise KeyError(name)
    tokens = _reader().parse((_FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    title = name
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            text = tokens[place + 1].content
            token.attrSet("id", _anchor(text))
            title = text if token.tag == "h1" else title
    return title, str(_reader().renderer.render(tokens, _reader().options, {}))


@functools.lru_cache(1)
def _reader() -> Any:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only who opens the manual pays for it

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _anchor(text: str) -> str:
    """As GitHub makes them, since the pages link to one another that way."""
    return _NOT_A_WORD.sub("", text.lower()).replace(" ", "-")
