"""What one evaluation of an expression may use: steps and memory, counted, never timed."""

from typing import Final

MAX_STEPS: Final = 100_000
MAX_MEMORY: Final = 4_000_000
"""Characters and items that one evaluation may make, all together."""


class ExpressionError(Exception):
    """An expression that cannot be evaluated: a sentence, and the place in its text."""

    def __init__(self, reason: str, position: int | None = None) -> None:
        super().__init__(reason if position is None else f"{reason} (at character {position})")
        self.position = position
        self.where = ""


class BudgetUsedUp(ExpressionError):  # noqa: N818 - it names a state, and is a kind of ExpressionError
    """The steps or the memory of an evaluation are used up."""


class Budget:
    """Steps and memory left; the same expression over the same values always uses the same."""

    __slots__ = ("memory_left", "steps_left")

    def __init__(self, steps: int = MAX_STEPS, memory: int = MAX_MEMORY) -> None:
        self.steps_left = steps
        self.memory_left = memory

    def step(self, position: int | None = None, count: int = 1) -> None:
        """Use steps; raises BudgetUsedUp."""
        self.steps_left -= count
        if self.steps_left < 0:
            raise BudgetUsedUp("budget used up: too many steps", position)

    def memory(self, units: int, position: int | None = None) -> None:
        """Use memory for something of `units` characters or items, before it is made; raises BudgetUsedUp."""
        self.memory_left -= units
        if self.memory_left < 0:
            raise BudgetUsedUp("budget used up: the values become too large", position)
