"""Shapes in the API's document: names of their own, since two would overwrite each other, and examples that work."""

import importlib
from collections import defaultdict

import pydantic

from tests.unit.architecture.source import modules
from wxcloudrun.core.shapes import Input, View


def _below(kind: type) -> set[type]:
    return {kind}.union(*(_below(child) for child in kind.__subclasses__()))


def _shapes() -> set[type]:
    for name in modules():
        if name.startswith("wxcloudrun.features."):
            importlib.import_module(name)
    return {kind for kind in _below(Input) | _below(View) if issubclass(kind, pydantic.BaseModel)}


def test_every_shape_has_a_name_of_its_own():
    homes = defaultdict(set)
    for kind in _shapes():
        if not kind.__pydantic_generic_metadata__["args"]:
            homes[kind.__name__].add(kind.__module__)
    assert {name: sorted(found) for name, found in homes.items() if len(found) > 1} == {}


def test_every_example_is_accepted_by_its_own_shape():
    shown = 0
    for kind in _shapes():
        extra = kind.model_config.get("json_schema_extra")
        for example in extra.get("examples", []) if isinstance(extra, dict) else ():
            assert kind.model_validate(example), kind
            shown += 1
    assert shown > 20
