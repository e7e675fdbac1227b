"""`flask runs`, with a worker in the same process."""

import threading
from io import StringIO
from typing import Any

import pytest

from tests.integration.runs_api_bench import BAD, RunStage
from wxcloudrun.cli.runs import Progress
from wxcloudrun.features.runs.schemas import RunView


def command(stage: RunStage, *words: object) -> Any:
    """The outcome of `flask runs ...`."""
    return stage.team.app.test_cli_runner().invoke(args=["runs", *map(str, words)])


def started(stage: RunStage, scenario: int, *more: str) -> Any:
    place = ("--project", stage.team.project, "--scenario", scenario, "--environment", stage.environment)
    return command(stage, "start", *place, *more)


def test_a_run_is_started_shown_and_canceled(a_runs: RunStage):
    scenario = a_runs.scenario("buy", a_runs.case("pay", assertions=[BAD]))
    assert started(a_runs, scenario).output == "Run 1: buy in target\n"
    assert command(a_runs, "cancel", 1).output == "Run 1 is canceled\n"
    again = command(a_runs, "cancel", 1)
    assert again.exit_code == 1
    assert "has ended already" in again.output
    started(a_runs, scenario)
    a_runs.work()
    told = command(a_runs, "show", 2).output
    assert "FAILED  pay 200" in told
    assert "expected status to equal 418, got 200" in told
    assert told.endswith("Run 2 failed: 0 passed, 1 failed, 0 errors, 0 skipped\n")


@pytest.mark.parametrize(("assertions", "code"), [([], 0), ([BAD], 1)])
def test_watching_ends_with_the_run_and_says_how_it_went(a_runs: RunStage, assertions: list[Any], code: int):
    scenario = a_runs.scenario("buy", a_runs.case("pay", assertions=assertions))
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            a_runs.work()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        outcome = started(a_runs, scenario, "--watch")
    finally:
        stop.set()
        worker.join()
    assert outcome.exit_code == code
    assert "pay 200" in outcome.output


def test_a_case_a_tag_and_inputs_can_be_given(a_runs: RunStage):
    case = a_runs.case("pay", "/{{shop}}")
    a_runs.scenario("buy", case, tags=["smoke"], inputs=[{"name": "shop", "required": True}])
    place = ("--project", a_runs.team.project, "--environment", a_runs.environment, "--input", "shop=north")
    assert command(a_runs, "start", *place, "--tag", "smoke").output == "Run 1: #smoke in target\n"
    a_runs.work()
    assert [path for _, _, path in a_runs.target.seen] == ["/north"]
    assert command(a_runs, "start", *place, "--case", case).output == "Run 2: pay in target\n"


def test_wrong_use_is_told(a_runs: RunStage):
    place = ("--project", a_runs.team.project)
    assert "one of --scenario, --case and --tag" in command(a_runs, "start", *place).output
    assert "NAME=VALUE" in command(a_runs, "start", *place, "--tag", "x", "--input", "shop").output


def test_progress_is_one_line_that_goes_before_anything_else_is_written(a_runs: RunStage):
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    started(a_runs, a_runs.scenario("buy", a_runs.case("pay")))
    run = RunView.model_validate(a_runs.view(1))
    terminal, file = Terminal(), StringIO()
    for stream in (terminal, file):
        progress = Progress(stream)
        progress.show(run, 3.2)
        progress.clear()
        progress.clear()
    assert terminal.getvalue() == "\r\033[Kwaiting | 0 passed, 0 failed, 0 errors | 3 s\r\033[K"
    assert file.getvalue() == ""


def test_what_cannot_be_started_is_told_in_words(a_runs: RunStage):
    outcome = started(a_runs, 999)
    assert outcome.exit_code == 1
    assert outcome.output == "Error: There is no such scenario; look at the list of scenarios\n"
    assert command(a_runs, "show", 999).output == "Error: There is no such run\n"
