"""What tests of scenarios share: a library, and short ways to make scenarios and steps in it."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Person
from tests.integration.cases_bench import Library, library
from tests.integration.projects_bench import Team


@dataclass
class Stage:
    """A library, in which an editor makes scenarios."""

    shelf: Library

    @property
    def editor(self) -> Person:
        return self.shelf.team.editor

    @property
    def all(self) -> str:
        """Where scenarios are listed and made."""
        return f"{self.shelf.path}/scenarios"

    def place(self, scenario: int) -> str:
        """The path of a scenario."""
        return f"{self.all}/{scenario}"

    def made(self, name: str = "scenario", **fields: Any) -> dict[str, Any]:
        """A new scenario, as it is answered."""
        made: dict[str, Any] = self.editor.ok("POST", self.all, {"name": name, **fields})
        return made

    def scenario(self, name: str = "scenario", **fields: Any) -> int:
        """A new scenario; its number."""
        return int(self.made(name, **fields)["id"])

    def added(self, scenario: int, kind: str = "wait", who: Person | None = None, **fields: Any) -> dict[str, Any]:
        """A new step, as it is answered."""
        body = {"kind": kind, **({"wait_ms": 1} if kind == "wait" else {}), **fields}
        added: dict[str, Any] = (who or self.editor).ok("POST", f"{self.place(scenario)}/steps", body)
        return added

    def step(self, scenario: int, kind: str = "wait", **fields: Any) -> int:
        """A new step; its number."""
        return int(self.added(scenario, kind, **fields)["id"])

    def refused(self, scenario: int, kind: str = "wait", **fields: Any) -> Any:
        """The response to a step that cannot be put in."""
        return self.editor.call("POST", f"{self.place(scenario)}/steps", {"kind": kind, **fields})

    def steps(self, scenario: int, who: Person | None = None) -> list[dict[str, Any]]:
        """All steps of a scenario, in order, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            page = (who or self.editor).ok("GET", f"{self.place(scenario)}/steps?page={len(found) // 100 + 1}")
            found += page["items"]
            if len(found) >= page["total"]:
                return found

    def shape(self, scenario: int) -> str:
        """Names of the steps in order, each under as many dots as there are groups around it."""
        return " ".join("." * one["depth"] + one["name"] for one in self.steps(scenario))


@pytest.fixture
def each_stage(each_team: Team) -> Stage:
    """Scenarios in the application on every database."""
    return Stage(library(each_team))


@pytest.fixture
def a_stage(a_team: Team) -> Stage:
    """Scenarios in the application on SQLite."""
    return Stage(library(a_team))
