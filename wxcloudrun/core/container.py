"""Where a controller's collaborators come from: `app.py` says how each is made, and each is made once, when needed."""

import threading
from collections.abc import Callable
from typing import Any


class Container:
    """Makes each part of the application once, on first use."""

    def __init__(self) -> None:
        self._recipes: dict[type, Callable[[], Any]] = {}
        self._made: dict[type, Any] = {}
        self._lock = threading.RLock()

    def provide[T](self, kind: type[T], recipe: Callable[[], T]) -> None:
        """Say how a `kind` is made; a later recipe (a test's) replaces an earlier one."""
        self._recipes[kind] = recipe
        self._made.pop(kind, None)

    def forget_made(self) -> None:
        """Make everything anew when it is next asked for, so that changed recipes reach those who use them."""
        self._made.clear()

    def knows(self, kind: object) -> bool:
        """True when there is a recipe for `kind`."""
        return kind in self._recipes

    def get[T](self, kind: type[T]) -> T:
        """The one `kind` of this application."""
        made = self._made.get(kind)
        if made is None:
            with self._lock:
                made = self._made.get(kind)
                if made is None:
                    made = self._made[kind] = self._recipes[kind]()
        return made  # type: ignore[no-any-return]  # the table is keyed by type
