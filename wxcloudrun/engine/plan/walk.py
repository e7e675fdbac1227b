"""Walks over a plan's steps and scenarios without running them."""

from collections.abc import Iterator

from wxcloudrun.engine.plan.steps import GroupStep, ParallelStep, Scenario, ScenarioStep, StepBase


def steps_of(scenario: Scenario) -> Iterator[StepBase]:
    """Every step of a scenario, groups and branches opened, called scenarios not."""
    yield from _inside((*scenario.setup, *scenario.steps, *scenario.teardown))


def scenarios_of(scenario: Scenario) -> Iterator[Scenario]:
    """The scenario and every scenario called from it, at any depth."""
    yield scenario
    for step in steps_of(scenario):
        if isinstance(step, ScenarioStep):
            yield from scenarios_of(step.scenario)


def _inside(steps: tuple[StepBase, ...]) -> Iterator[StepBase]:
    for step in steps:
        yield step
        if isinstance(step, GroupStep):
            yield from _inside(step.steps)
        elif isinstance(step, ParallelStep):
            yield from _inside(step.parallel)
