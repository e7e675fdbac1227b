"""Tests reach databases of their own only."""

from tests.disposable import only_disposable_databases  # noqa: F401 - a fixture that every test has
from tests.integration.cases_bench import a_library, each_library  # noqa: F401 - fixtures of every test of the library
from tests.integration.fuzz_bench import fuzzed  # noqa: F401 - a fixture of the tests that fuzz the documented API
from tests.integration.notices_bench import each_post, post, receiver  # noqa: F401 - fixtures of tests of messages
from tests.integration.projects_bench import a_team, each_team  # noqa: F401 - fixtures of every test of projects
from tests.integration.runs_api_bench import a_runs, each_runs, runs_target  # noqa: F401 - fixtures of tests of runs
from tests.integration.scenarios_bench import a_stage, each_stage  # noqa: F401 - fixtures of tests of scenarios
from tests.integration.schedules_bench import a_calendar, each_calendar  # noqa: F401 - fixtures of tests of schedules
