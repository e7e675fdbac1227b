"""Who may do what with scenarios; what a member may is ProjectAccess's to say."""

from wxcloudrun.core.errors import EditConflict
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.cases.errors import CaseNotFound
from wxcloudrun.features.environments.errors import EnvironmentNotFound
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired
from wxcloudrun.features.scenarios import errors

controller = Later("wxcloudrun.features.scenarios.controller")
_USER = Access.USER
_ALL = "/api/projects/<int:project_id>/scenarios"
_ONE = f"{_ALL}/<int:scenario_id>"
_STEPS = f"{_ONE}/steps"
_STEP = f"{_STEPS}/<int:step_id>"
_READ = (ProjectNotFound, errors.ScenarioNotFound)
_WRITTEN = (ProjectNotFound, RightRequired, ProjectArchived)
_FOUND = (*_WRITTEN, errors.ScenarioNotFound)
_CHANGED = (*_FOUND, errors.ScenarioInTrash)
_PLACED = (errors.StepNotFound, errors.StepHoldsNone, errors.NestingTooDeep)
_DEFINED = (
    CaseNotFound, errors.StepKeyTaken, errors.ScenarioCircle, errors.CallsTooDeep, errors.ScenarioTooLarge,
)  # fmt: skip
_OFTEN = Limit(user="120/minute")
_CHECKED = Limit(user="30/minute")

# fmt: off
ROUTES = [
    Route("GET", _ALL, controller.scenarios, _USER, errors=(ProjectNotFound,)),
    Route("POST", _ALL, controller.add_scenario, _USER, status=201, limit=_OFTEN, idempotent=True,
          errors=(*_WRITTEN, errors.ScenarioNameTaken)),
    Route("GET", _ONE, controller.scenario, _USER, errors=_READ),
    Route("PUT", _ONE, controller.change_scenario, _USER, limit=_OFTEN,
          errors=(*_CHANGED, errors.ScenarioNameTaken, EditConflict)),
    Route("DELETE", _ONE, controller.remove_scenario, _USER, errors=(*_CHANGED, errors.ScenarioInUse)),
    Route("POST", f"{_ONE}/restore", controller.restore_scenario, _USER, limit=_OFTEN,
          errors=(*_FOUND, errors.ScenarioNameTaken)),
    Route("POST", f"{_ONE}/copy", controller.copy_scenario, _USER, status=201, limit=_OFTEN, idempotent=True,
          errors=(*_CHANGED, errors.ScenarioNameTaken, errors.StepCaseHidden)),
    Route("GET", f"{_ONE}/check", controller.check_scenario, _USER, limit=_CHECKED,
          errors=(*_READ, EnvironmentNotFound)),
    Route("GET", _STEPS, controller.steps, _USER, errors=_READ),
    Route("POST", _STEPS, controller.add_step, _USER, status=201, limit=_OFTEN, idempotent=True,
          errors=(*_CHANGED, *_PLACED, errors.TooManySteps, *_DEFINED)),
    Route("GET", _STEP, controller.step, _USER, errors=(*_READ, errors.StepNotFound)),
    Route("PUT", _STEP, controller.change_step, _USER, limit=_OFTEN,
          errors=(*_CHANGED, errors.StepNotFound, errors.StepCaseHidden, *_DEFINED, EditConflict)),
    Route("DELETE", _STEP, controller.remove_step, _USER, limit=_OFTEN, errors=(*_CHANGED, errors.StepNotFound)),
    Route("POST", f"{_STEP}/move", controller.move_step, _USER, limit=_OFTEN,
          errors=(*_CHANGED, *_PLACED, errors.StepInItself)),
    Route("POST", f"{_STEP}/copy", controller.copy_step, _USER, status=201, limit=_OFTEN, idempotent=True,
          errors=(*_CHANGED, errors.StepNotFound, errors.StepCaseHidden, errors.TooManySteps, errors.ScenarioTooLarge)),
]
# fmt: on
