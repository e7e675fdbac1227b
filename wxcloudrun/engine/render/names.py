"""Gives names their values while a step is rendered, and remembers which were used and where they came from."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from wxcloudrun.engine.clock import Clock
from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.render.dynamic import Draw
from wxcloudrun.engine.render.placeholder_filters import filtered
from wxcloudrun.engine.render.template import MAX_RENDERED, Placeholder, Template, placeholders
from wxcloudrun.engine.render.variables import Layer, Scope, Source
from wxcloudrun.engine.result.redaction import Redactor
from wxcloudrun.engine.shape import kind_in_words

_MISSING = object()


class Names(Mapping[str, Any]):
    """Gives names their values for one attempt of a step, and notes each that was used with its source."""

    __slots__ = ("_clock", "_draw", "_place", "_redactor", "_scope", "_seed", "_stack", "limit", "used")

    def __init__(
        self,
        scope: Scope,
        *,
        seed: str,
        place: str,
        clock: Clock,
        redactor: Redactor | None = None,
        limit: int = MAX_RENDERED,
    ) -> None:
        self._scope = scope
        self._seed = seed
        self._clock = clock
        self._redactor = redactor
        self._place = place
        self._draw: Draw | None = None
        self._stack: tuple[str, ...] = ()
        self.limit = limit
        self.used: dict[str, tuple[Source, Any]] = {}

    def resolve(self, placeholder: Placeholder, field: str) -> Any:
        """The value of a placeholder; raises `StepError` (variable) that names the field and the closest name."""
        if placeholder.dynamic:
            if self._draw is None:
                self._draw = Draw(f"{self._seed}/{self._place}", self._clock)
            value = self._draw.value(placeholder.name, placeholder.arguments)
            self.used[placeholder.text] = (Source.DYNAMIC, value)
        else:
            value = self._named(placeholder, field)
        for text in placeholder.filters:
            value = filtered(value, text, field)
        return value

    def _named(self, placeholder: Placeholder, field: str) -> Any:
        name = placeholder.name
        value = self._lookup(name)
        path: tuple[str | int, ...] = placeholder.path
        while value is _MISSING and "." in name:
            name, _, member = name.rpartition(".")
            path = (member, *path)
            value = self._lookup(name)
        if value is _MISSING:
            raise StepError(ErrorClass.VARIABLE, self._unknown(placeholder, field))
        for key in path:
            value = _member(value, key, placeholder, field)
        return value

    def _lookup(self, name: str) -> Any:
        found = self._scope.find(name)
        if found is None:
            return _MISSING
        layer, value = found
        if isinstance(value, Template):
            value = self._nested(layer, name, value)
        if not self._stack or name not in self.used:
            self.used[name] = (layer.source, value)
        return value

    def _nested(self, layer: Layer, name: str, value: Template) -> Any:
        chain = (*self._stack, name)
        if name in self._stack or any(one.name in chain for _, one in placeholders(value)):
            raise StepError(ErrorClass.VARIABLE, f"{' -> '.join(chain)}: these values refer to one another in a circle")
        if self._stack:
            raise StepError(
                ErrorClass.VARIABLE,
                f"{' -> '.join(chain)}: a value may refer to other values, but those may not refer further",
            )
        before = self._draw
        self._stack, self._draw = chain, Draw(f"{self._seed}/{layer.place}/{name}", self._clock)
        try:
            rendered = value.render(self)
            if self._redactor is not None and name in self._redactor.names:
                self._redactor.add(rendered, name)
            return rendered
        finally:
            self._stack, self._draw = (), before

    def _unknown(self, placeholder: Placeholder, field: str) -> str:
        known = self._scope.names()
        close = difflib.get_close_matches(placeholder.name, known, n=1, cutoff=0.6)
        hint = f"; did you mean `{close[0]}`?" if close else ""
        if not close and known:
            hint = f"; known here: {', '.join(sorted(known)[:8])}"
        return f"{field}: `{placeholder.name}` has no value{hint}"

    def __getitem__(self, name: str) -> Any:
        value = self._lookup(name)
        if value is _MISSING:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._scope.find(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._scope.names())

    def __len__(self) -> int:
        return len(self._scope.names())


def _member(value: Any, key: str | int, placeholder: Placeholder, field: str) -> Any:
    if isinstance(value, dict) and str(key) in value:
        return value[str(key)]
    if isinstance(value, list) and str(key).lstrip("-").isdigit() and -len(value) <= int(key) < len(value):
        return value[int(key)]
    shape = f"an object with {', '.join(list(value)[:8])}" if isinstance(value, dict) else kind_in_words(value)
    if isinstance(value, list):
        shape = f"a list of {len(value)}"
    raise StepError(ErrorClass.VARIABLE, f"{field}: `{placeholder.text}` has no `{key}`; there is {shape}")
