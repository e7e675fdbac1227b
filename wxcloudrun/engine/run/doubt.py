"""Requests that an earlier worker may have sent without anybody knowing what came of them: `resume.ahead`.

It sent at most so many steps whose results are not recorded. In each sequence those are the first ones that are left,
since nothing is sent there before everything above it was. Of branches side by side the first ones began.
"""

import threading


class Doubt:
    """How many of the next unsafe requests in one sequence may have been sent already."""

    __slots__ = ("_branches", "_left")

    def __init__(self, left: int = 0, branches: "DoubtfulBranches | None" = None) -> None:
        self._left = left
        self._branches = branches

    def take(self) -> bool:
        """True when the request that is about to be sent may have been sent already; asked once for each step."""
        if not self._left:
            return False
        if not self.left:
            return False
        self._left -= 1
        return True

    @property
    def left(self) -> int:
        """Of a branch, the first question tells the group that it has something to send."""
        if self._branches is not None:
            branches, self._branches = self._branches, None
            self._left = branches.enter()
        return self._left

    def branches(self, concurrency: int) -> "DoubtfulBranches":
        """For branches that begin here, at most `concurrency` of them at once."""
        return DoubtfulBranches(self, concurrency, self._left)


class DoubtfulBranches:
    """Branches side by side: those that began before the worker ended are among the first that have something to send.

    Besides as many as were sent these are those that were under way, and their order may now differ by as many again.
    """

    def __init__(self, parent: Doubt, concurrency: int, most: int) -> None:
        self._parent = parent
        self._concurrency = concurrency
        self._most = most
        self._open: int | None = None
        self._lock = threading.Lock()

    def branch(self) -> Doubt:
        """The doubt of one branch."""
        return Doubt(self._most, self) if self._most else NO_DOUBT

    def enter(self) -> int:
        """A branch has its first request to send: how many of its requests may have been sent already."""
        with self._lock:
            if self._open is None:
                left = self._parent.left
                self._open = left + 2 * self._concurrency if left else 0
            if not self._open:
                return 0
            self._open -= 1
            return self._parent.left


NO_DOUBT = Doubt()
