"""Where a controller's collaborators come from: `app.py` says how each is made, and each is made once, when needed."""

import threading
from collections.abc import Callable
from typing import Any


class Container:
    """Makes each part of the application once, on first use."""

    def __init__(self) -> None:
        self._recipes: dict[type, Callable[[], Any]] = {}
        self._made: dict[type, Any] = {}
        self._later: list[Callable[[], None]] = []
        self._lock = threading.RLock()

    def provide[T](self, kind: type[T], recipe: Callable[[], T]) -> None:
        """Say how a `kind` is made; a later recipe (a test's) replaces an earlier one."""
        self._recipes[kind] = recipe
        self._made.pop(kind, None)

    def provide_later(self, provide: Callable[[], None]) -> None:
        """Call `provide`, which says more recipes, when something is first asked for that has none yet."""
        self._later.append(provide)

    def forget_made(self) -> None:
        """Make everything anew when it is next asked for, so that changed recipes reach those who use them."""
        self._made.clear()

    def knows(self, kind: object) -> bool:
        """True when there is a recipe for `kind`."""
        if kind not in self._recipes:
            self._hear_the_rest()
        return kind in self._recipes

    def get[T](self, kind: type[T]) -> T:
        """The one `kind` of this application."""
        made = self._made.get(kind)
        if made is None:
            with self._lock:
                made = self._made.get(kind)
                if made is None:
                    self.knows(kind)
                    made = self._made[kind] = self._recipes[kind]()
        return made  # type: ignore[no-any-return]  # the table is keyed by type

    def _hear_the_rest(self) -> None:
        with self._lock:
            while self._later:
                known = dict(self._recipes)
                self._later.pop()()
                self._recipes |= known  # what was said before, by a test perhaps, was said of purpose
