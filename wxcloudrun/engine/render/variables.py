"""Which value a name has: the layers of scopes, one order of precedence, and a record of what was used."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.plan.case import Variable, VariableType
from wxcloudrun.engine.record import record
from wxcloudrun.engine.render.template import (
    Placeholder,
    Resolver,
    Template,
    as_text,
    compile_tree,
)


class Source(StrEnum):
    """Where a value came from, highest precedence first."""

    STEP = "step"
    EXTRACTED = "extracted"
    DATASET = "dataset"
    INPUT = "input"
    SCENARIO = "scenario"
    ENVIRONMENT = "environment"
    PROJECT = "project"
    DYNAMIC = "dynamic"


@record(frozen=True, slots=True)
class Layer:
    """The values of one scope. `place` seeds the dynamic variables inside them, so that each keeps its value."""

    source: Source
    values: Mapping[str, Any]
    place: str = ""


class Scope:
    """What one step can see. Extracted values belong to the scenario; a branch works on a copy and is joined later."""

    __slots__ = ("_base", "_changes", "_dataset", "_extracted", "_shared", "_shared_changes", "_steps")

    def __init__(self, base: tuple[Layer, ...], shared: dict[str, Any] | None = None) -> None:
        self._base = base
        self._steps: tuple[Layer, ...] = ()
        self._dataset: Layer | None = None
        self._extracted: dict[str, Any] = {}
        self._shared: dict[str, Any] = {} if shared is None else shared
        self._changes: list[tuple[str, Any]] | None = None
        self._shared_changes: list[tuple[str, Any]] | None = None

    def inside(self, layer: Layer | None = None, dataset: Layer | None = None) -> "Scope":
        """The same scope with the values of one more step, or of a dataset row, in it."""
        scope = self._copy()
        if layer is not None and layer.values:
            scope._steps = (layer, *self._steps)
        if dataset is not None:
            scope._dataset = dataset
        return scope

    def with_extracted(self, values: Mapping[str, Any]) -> "Scope":
        """The same scope with values of this step's own answer; they are not kept."""
        scope = self._copy()
        scope._extracted = {**self._extracted, **values}
        return scope

    def call(self, base: tuple[Layer, ...]) -> "Scope":
        """The scope of a scenario called from here: it sees its own layers and what is shared by the run."""
        scope = Scope(base, self._shared)
        scope._shared_changes = self._shared_changes
        return scope

    def fork(self) -> "Scope":
        """A copy for a branch: what the branch extracts is not seen here until `join`."""
        scope = self._copy()
        scope._extracted = dict(self._extracted)
        scope._shared = dict(self._shared)
        scope._changes, scope._shared_changes = [], []
        return scope

    def join(self, branch: "Scope") -> None:
        """Take over what a branch extracted; called in the plan's order, so the last in the plan wins."""
        for name, value in branch._changes or ():
            self.keep(name, value)
        for name, value in branch._shared_changes or ():
            self._share(name, value)

    def keep(self, name: str, value: Any, *, shared: bool = False) -> None:
        """Remember a value for the rest of the scenario, or (shared) of the run."""
        self._extracted[name] = value
        if self._changes is not None:
            self._changes.append((name, value))
        if shared:
            self._share(name, value)

    def _share(self, name: str, value: Any) -> None:
        self._shared[name] = value
        if self._shared_changes is not None:
            self._shared_changes.append((name, value))

    def find(self, name: str) -> tuple[Layer, Any] | None:
        """The layer that gives the name its value, and the value (perhaps still a template)."""
        for layer in self._steps:
            if name in layer.values:
                return layer, layer.values[name]
        if name in self._extracted:
            return _EXTRACTED, self._extracted[name]
        if name in self._shared:
            return _EXTRACTED, self._shared[name]
        if self._dataset is not None and name in self._dataset.values:
            return self._dataset, self._dataset.values[name]
        for layer in self._base:
            if name in layer.values:
                return layer, layer.values[name]
        return None

    def names(self) -> list[str]:
        """Every name that has a value here, each once, highest scope first."""
        layers: list[Mapping[str, Any]] = [layer.values for layer in self._steps]
        layers += [self._extracted, self._shared]
        layers += [self._dataset.values] if self._dataset else []
        layers += [layer.values for layer in self._base]
        return list(dict.fromkeys(name for layer in layers for name in layer))

    @property
    def extracted(self) -> dict[str, Any]:
        """Values made by this scenario so far."""
        return {**self._shared, **self._extracted}

    @property
    def shared(self) -> dict[str, Any]:
        """Values with scope `global`, seen by the whole run."""
        return self._shared

    def _copy(self) -> "Scope":
        scope = Scope.__new__(Scope)
        scope._base, scope._steps, scope._dataset = self._base, self._steps, self._dataset
        scope._extracted, scope._shared = self._extracted, self._shared
        scope._changes, scope._shared_changes = self._changes, self._shared_changes
        return scope


_EXTRACTED = Layer(Source.EXTRACTED, {})


@dataclass(frozen=True, slots=True)
class Typed(Template):
    """A template whose text becomes a number, a boolean or JSON after rendering."""

    inner: Template
    type: VariableType
    field: str

    def render(self, names: Resolver) -> Any:
        """The rendered value in its type; raises `StepError` when it cannot be read so."""
        value = self.inner.render(names)
        try:
            return converted(value, self.type)
        except ValueError:
            raise StepError(
                ErrorClass.VARIABLE, f"{self.field}: the value cannot be read as {self.type.value}"
            ) from None

    def placeholders(self) -> list[tuple[str, Placeholder]]:
        """Every placeholder with the field it stands in."""
        return self.inner.placeholders()


def compile_variables(variables: tuple[Variable, ...], field: str) -> dict[str, Any]:
    """Names to compiled values; raises `DefinitionError` for values that cannot be read."""
    return {one.name: _compiled(one, f"{field}.{one.name}") for one in variables}


def _compiled(variable: Variable, field: str) -> Any:
    value = compile_tree(variable.value, field)
    if variable.type is None:
        return value
    if isinstance(value, Template):
        return Typed(value, variable.type, field)
    try:
        return converted(value, variable.type)
    except ValueError:
        raise DefinitionError(field, f"the value cannot be read as {variable.type.value}") from None


_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}


def converted(value: Any, wanted: VariableType) -> Any:
    """A value typed in as text, in the type it shall have; raises `ValueError`."""
    if wanted is VariableType.STRING:
        return as_text(value)
    if not isinstance(value, str):
        return value
    if wanted is VariableType.JSON:
        return json.loads(value)
    if wanted is VariableType.BOOLEAN:
        word = value.strip().lower()
        if word not in _WORDS:
            raise ValueError(value)
        return _WORDS[word]
    return int(value) if value.strip().lstrip("+-").isdigit() else float(value)
