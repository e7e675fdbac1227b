"""A dataclass that mypy holds frozen and the interpreter does not: for the small records that each step makes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    from dataclasses import dataclass

    def record(*, frozen: bool, slots: bool = False):
        """`dataclass` without the guard against assignment, which mypy gives already.

        A frozen dataclass sets each field through `object.__setattr__`, six times as slow as setting it; the two
        hundred fields that a step's records have would take a tenth of the step's time.
        """
        return dataclass(unsafe_hash=frozen, slots=slots)


__all__ = ["record"]
