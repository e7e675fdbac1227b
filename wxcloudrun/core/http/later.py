"""Controllers that are imported when they are first called: a start does not pay for what nobody has asked for yet."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LaterCall:
    """A function of a module that need not be imported yet."""

    module: str
    name: str

    def found(self) -> Callable[..., Any]:
        """The function. Raises AttributeError where the module has none of that name."""
        function: Callable[..., Any] = getattr(importlib.import_module(self.module), self.name)
        return function


class Later:
    """Stands for a feature's controller in its table of routes: `Later("...cases.controller").add_case`."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> LaterCall:
        return LaterCall(self._module, name)
