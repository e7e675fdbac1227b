"""What a start does not pay for is there when it is asked for."""

import subprocess
import sys

import pytest

from wxcloudrun.core.container import Container
from wxcloudrun.core.http.binding import Binding
from wxcloudrun.core.http.later import Later
from wxcloudrun.core.http.route import Access, Route


def test_recipes_are_heard_when_something_unknown_is_asked_for():
    container, heard = Container(), []

    def more() -> None:
        heard.append(1)
        container.provide(int, lambda: 5)

    container.provide(str, lambda: "known")
    container.provide_later(more)
    assert container.get(str) == "known"
    assert heard == []
    assert container.get(int) == 5
    assert container.knows(int)
    assert not container.knows(float)
    assert heard == [1]


def test_what_was_said_before_counts_more_than_what_is_heard_later():
    container = Container()
    container.provide(int, lambda: 1)
    container.provide_later(lambda: container.provide(int, lambda: 2))
    assert not container.knows(float)
    assert container.get(int) == 1


def test_a_later_function_is_the_function():
    route = Route("GET", "/x", Later("wxcloudrun.features.counter.controller").read, Access.ANYONE)
    assert route.name == "read"
    with pytest.raises(AttributeError):
        Binding(Route("GET", "/x", Later("wxcloudrun.features.counter.controller").nothing, Access.ANYONE), Container())


def test_a_start_imports_no_feature_that_nobody_has_asked_for():
    code = "import os, sys; import wxcloudrun.app; print([name for name in sys.modules if '.features.' in name])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "features.users.service" in told
    assert "features.counter.errors" in told or "features.counter.routes" in told
    for unwanted in ("cases.models", "scenarios.schemas", "projects.service", "environments.dao", "runs.models"):
        assert unwanted not in told
    assert "wxcloudrun.engine" not in told
