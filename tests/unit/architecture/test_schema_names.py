"""Two shapes of one name would overwrite each other in the API's document."""

import importlib
from collections import defaultdict

import pydantic

from tests.unit.architecture.source import modules
from wxcloudrun.core.shapes import Input, View


def _below(kind: type) -> set[type]:
    return {kind}.union(*(_below(child) for child in kind.__subclasses__()))


def test_every_shape_has_a_name_of_its_own():
    for name in modules():
        if name.startswith("wxcloudrun.features."):
            importlib.import_module(name)
    homes = defaultdict(set)
    for kind in _below(Input) | _below(View):
        if issubclass(kind, pydantic.BaseModel) and not kind.__pydantic_generic_metadata__["args"]:
            homes[kind.__name__].add(kind.__module__)
    assert {name: sorted(found) for name, found in homes.items() if len(found) > 1} == {}
