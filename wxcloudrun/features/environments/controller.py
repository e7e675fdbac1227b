"""Environments and variables over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.environments.schemas import (
    EnvironmentChange,
    EnvironmentCopied,
    EnvironmentLine,
    EnvironmentMade,
    EnvironmentsQuery,
    EnvironmentView,
    VariablesPut,
    VariablesView,
)
from wxcloudrun.features.environments.service import EnvironmentService
from wxcloudrun.features.environments.variables import VariableService


def environments(
    actor: Actor, project_id: int, query: EnvironmentsQuery, environments: EnvironmentService
) -> Page[EnvironmentLine]:
    """List a project's environments."""
    return environments.page(actor, project_id, query)


def add_environment(
    actor: Actor, project_id: int, body: EnvironmentMade, environments: EnvironmentService
) -> EnvironmentView:
    """Make an environment. For editors."""
    return environments.add(actor, project_id, body)


def environment(
    actor: Actor, project_id: int, environment_id: int, environments: EnvironmentService
) -> EnvironmentView:
    """Read an environment; of secrets only that they are set."""
    return environments.view(actor, project_id, environment_id)


def change_environment(
    actor: Actor, project_id: int, environment_id: int, body: EnvironmentChange, environments: EnvironmentService
) -> EnvironmentView:
    """Change the fields of an environment that are sent. For editors."""
    return environments.change(actor, project_id, environment_id, body)


def remove_environment(actor: Actor, project_id: int, environment_id: int, environments: EnvironmentService) -> Removed:
    """Remove an environment. For editors."""
    return environments.remove(actor, project_id, environment_id)


def copy_environment(
    actor: Actor, project_id: int, environment_id: int, body: EnvironmentCopied, environments: EnvironmentService
) -> EnvironmentView:
    """Copy an environment with its secrets. For editors."""
    return environments.copy(actor, project_id, environment_id, body)


def make_default(
    actor: Actor, project_id: int, environment_id: int, environments: EnvironmentService
) -> EnvironmentView:
    """Make an environment the project's default. For editors."""
    return environments.make_default(actor, project_id, environment_id)


def variables(actor: Actor, project_id: int, variables: VariableService) -> VariablesView:
    """Read a project's own variables; of secrets only that they are set."""
    return variables.view(actor, project_id)


def put_variables(actor: Actor, project_id: int, body: VariablesPut, variables: VariableService) -> VariablesView:
    """Replace a project's own variables. For editors."""
    return variables.put(actor, project_id, body)
