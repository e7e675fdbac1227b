"""Tests reach databases of their own only."""

from tests.disposable import only_disposable_databases  # noqa: F401 - a fixture that every test has
from tests.integration.projects_bench import a_team, each_team  # noqa: F401 - fixtures of every test of projects
