"""Scenarios and steps over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.pagination import Page, Slice
from wxcloudrun.features.scenarios.checking import ScenarioChecking
from wxcloudrun.features.scenarios.copies import ScenarioCopies
from wxcloudrun.features.scenarios.schemas import (
    Checked,
    CheckQuery,
    Placed,
    ScenarioChange,
    ScenarioCopied,
    ScenarioLine,
    ScenarioMade,
    ScenarioSaved,
    ScenariosQuery,
    ScenarioView,
    StepChange,
    StepLine,
    StepMade,
    StepRemoved,
    StepSaved,
    StepsQuery,
    StepView,
    Trashed,
)
from wxcloudrun.features.scenarios.service import ScenarioService
from wxcloudrun.features.scenarios.steps import StepService


def scenarios(actor: Actor, project_id: int, query: ScenariosQuery, scenarios: ScenarioService) -> Slice[ScenarioLine]:
    """List a project's scenarios."""
    return scenarios.page(actor, project_id, query)


def add_scenario(actor: Actor, project_id: int, body: ScenarioMade, scenarios: ScenarioService) -> ScenarioSaved:
    """Make a scenario. For editors."""
    return scenarios.add(actor, project_id, body)


def scenario(actor: Actor, project_id: int, scenario_id: int, scenarios: ScenarioService) -> ScenarioView:
    """Read a scenario; of secrets only that they are set."""
    return scenarios.view(actor, project_id, scenario_id)


def change_scenario(
    actor: Actor, project_id: int, scenario_id: int, body: ScenarioChange, scenarios: ScenarioService
) -> ScenarioSaved:
    """Change the fields of a scenario that are sent. For editors."""
    return scenarios.change(actor, project_id, scenario_id, body)


def remove_scenario(actor: Actor, project_id: int, scenario_id: int, scenarios: ScenarioService) -> Trashed:
    """Put a scenario into the trash. For editors."""
    return scenarios.remove(actor, project_id, scenario_id)


def restore_scenario(actor: Actor, project_id: int, scenario_id: int, scenarios: ScenarioService) -> ScenarioSaved:
    """Take a scenario out of the trash. For editors."""
    return scenarios.restore(actor, project_id, scenario_id)


def copy_scenario(
    actor: Actor, project_id: int, scenario_id: int, body: ScenarioCopied, copies: ScenarioCopies
) -> ScenarioSaved:
    """Copy a scenario with all its steps. For editors."""
    return copies.scenario(actor, project_id, scenario_id, body)


def check_scenario(
    actor: Actor, project_id: int, scenario_id: int, query: CheckQuery, checking: ScenarioChecking
) -> Checked:
    """Look a scenario over, with all that it calls, as a run would."""
    return checking.check(actor, project_id, scenario_id, query)


def steps(actor: Actor, project_id: int, scenario_id: int, query: StepsQuery, steps: StepService) -> Page[StepLine]:
    """List the steps of a scenario in order, groups opened."""
    return steps.page(actor, project_id, scenario_id, query)


def add_step(actor: Actor, project_id: int, scenario_id: int, body: StepMade, steps: StepService) -> StepSaved:
    """Put a step into a scenario. For editors."""
    return steps.add(actor, project_id, scenario_id, body)


def step(actor: Actor, project_id: int, scenario_id: int, step_id: int, steps: StepService) -> StepView:
    """Read a step."""
    return steps.view(actor, project_id, scenario_id, step_id)


def change_step(
    actor: Actor, project_id: int, scenario_id: int, step_id: int, body: StepChange, steps: StepService
) -> StepSaved:
    """Change the fields of a step that are sent. For editors."""
    return steps.change(actor, project_id, scenario_id, step_id, body)


def remove_step(actor: Actor, project_id: int, scenario_id: int, step_id: int, steps: StepService) -> StepRemoved:
    """Remove a step with everything inside it. For editors."""
    return steps.remove(actor, project_id, scenario_id, step_id)


def move_step(
    actor: Actor, project_id: int, scenario_id: int, step_id: int, body: Placed, steps: StepService
) -> StepSaved:
    """Give a step another place. For editors."""
    return steps.move(actor, project_id, scenario_id, step_id, body)


def copy_step(actor: Actor, project_id: int, scenario_id: int, step_id: int, copies: ScenarioCopies) -> StepSaved:
    """Copy a step with everything inside it. For editors."""
    return copies.step(actor, project_id, scenario_id, step_id)
