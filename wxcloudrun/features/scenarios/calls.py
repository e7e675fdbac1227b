"""Which scenario calls which: no circles, not too deep, and not too many steps when all is put in place."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from wxcloudrun.features.scenarios.dao import ScenarioDao, StepDao
from wxcloudrun.features.scenarios.errors import CallsTooDeep, ScenarioCircle, ScenarioTooLarge

MOST_DEEP: Final = 10  # scenarios below a scenario
MOST_EXPANDED: Final = 5_000


class CallGraph:
    """Scenarios below or above some others: who calls whom how often, and how many steps each has."""

    def __init__(self) -> None:
        self.called: dict[int, dict[int, int]] = defaultdict(dict)
        self.own: dict[int, int] = defaultdict(int)

    def add(self, scenario_id: int, called_id: int | None, steps: int) -> None:
        """So many steps of it call that one, or nothing."""
        self.own[scenario_id] += steps
        if called_id is not None:
            self.called[scenario_id][called_id] = self.called[scenario_id].get(called_id, 0) + steps

    def way(self, start: int, goal: int) -> list[int]:
        """Scenarios on the way from one to another, both ends told; empty where none leads there."""
        ways = [[start]]
        seen: set[int] = set()
        while ways:
            way = ways.pop()
            if way[-1] == goal:
                return way
            if way[-1] not in seen:
                seen.add(way[-1])
                ways += [[*way, one] for one in self.called.get(way[-1], ())]
        return []

    def depth(self, start: int) -> int:
        """How many scenarios are called below one another, from there on. There are no circles."""
        known: dict[int, int] = {}

        def of(one: int) -> int:
            if one not in known:
                known[one] = 1 + max((of(below) for below in self.called.get(one, ())), default=-1)
            return known[one]

        return of(start)

    def size(self, start: int) -> int:
        """How many steps there are when every call is put in place. There are no circles."""
        known: dict[int, int] = {}

        def of(one: int) -> int:
            if one not in known:
                calls = self.called.get(one, {})
                known[one] = self.own.get(one, 0) + sum(times * of(below) for below, times in calls.items())
            return known[one]

        return of(start)


class CallRules:
    """Says whether one scenario may call another. The caller holds the project's lock."""

    def __init__(self, scenarios: ScenarioDao, steps: StepDao) -> None:
        self._scenarios = scenarios
        self._steps = steps

    def refuse(self, scenario_id: int, called_id: int) -> None:
        """Raises ScenarioCircle, CallsTooDeep, ScenarioTooLarge where it must not call that one."""
        graph = self.below([scenario_id, called_id])
        way = graph.way(called_id, scenario_id)
        if way:
            known = self._scenarios.several(way)
            raise ScenarioCircle(values={"way": " -> ".join(known[one].name for one in [scenario_id, *way])})
        if self._height(scenario_id) + 1 + graph.depth(called_id) > MOST_DEEP:
            raise CallsTooDeep(values={"limit": MOST_DEEP})
        self.refuse_size(graph.size(scenario_id) + 1 + graph.size(called_id))

    def refuse_growth(self, scenario_id: int, more: int) -> None:
        """Raises ScenarioTooLarge where so many more steps, calls opened, are too many."""
        self.refuse_size(self.below([scenario_id]).size(scenario_id) + more)

    def refuse_size(self, steps: int) -> None:
        """Raises ScenarioTooLarge for more steps than there may be."""
        if steps > MOST_EXPANDED:
            raise ScenarioTooLarge(values={"limit": MOST_EXPANDED})

    def below(self, scenario_ids: Iterable[int]) -> CallGraph:
        """These and all that they call: one question a level."""
        graph, seen, level = CallGraph(), set[int](), set(scenario_ids)
        while level:
            seen |= level
            found: list[Any] = [*self._steps.calls(level)]
            for row in found:
                graph.add(*row)
            level = {row.called_id for row in found if row.called_id is not None} - seen
        return graph

    def _height(self, scenario_id: int) -> int:
        """How many scenarios call one another down to this one."""
        graph, seen, level = CallGraph(), set[int](), {scenario_id}
        while level:
            seen |= level
            callers = self._steps.callers(level)
            for row in callers:
                graph.add(row.called_id, row.scenario_id, 1)  # turned round
            level = {row.scenario_id for row in callers} - seen
        return graph.depth(scenario_id)
