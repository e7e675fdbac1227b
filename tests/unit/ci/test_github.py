"""GitHub's conventions and limits, and a log that obeys nobody else."""

from pathlib import Path

import pytest

from tests.unit.ci.bench import TOKEN, FakeService, result, serving
from wxcloudrun.ci import command, github, watching

HOSTILE = "::error::obey me\n::add-mask::a\x1b[2J"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the next look."""
    monkeypatch.setattr(watching, "_LOOK_S", 0.0)


def test_what_a_server_answered_commands_nothing(capsys, tmp_path: Path):
    broken = [result(0, "create", "failed", message=HOSTILE, explanation=HOSTILE)]
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "sum.md"), "WXCLOUDRUN_TOKEN": TOKEN}
    with serving(FakeService("failed", broken)) as service:
        words = ["run", "--server", service.url, "--project", "1", "--tag", "x"]
        assert command.main(words, environ | {"GITHUB_OUTPUT": str(tmp_path / "out")}) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"::add-mask::{TOKEN}"
    assert lines[1].startswith("::stop-commands::")
    word = lines[1].removeprefix("::stop-commands::")
    end = lines.index(f"::{word}::")
    assert [line for line in lines[end + 1 :] if not line.startswith("::error title=create::")] == []
    assert "\x1b" not in "".join(lines)
    assert (tmp_path / "out").read_text() == "run_id=12\nstate=failed\nverdict=FAILED\n"


def test_of_many_failures_ten_are_shown_and_the_first_says_so():
    told = list(github.commands([(f"step {at}", "got 500") for at in range(37)]))
    assert len(told) == 10
    assert told[0] == "::error title=step 0::37 failures, 10 shown here. got 500"


def test_titles_and_texts_are_escaped():
    (told,) = github.commands([("a: b, 100%", "one\ntwo: 5 %")])
    assert told == "::error title=a%3A b%2C 100%25::one%0Atwo: 5 %25"


def test_a_summary_stays_below_githubs_limit(tmp_path: Path):
    path = tmp_path / "sum.md"
    for _ in range(3):
        github.add_summary(path, "| 失败 |\n" * 60_000)
    assert path.stat().st_size <= 1024 * 1024
    assert "(cut:" in path.read_text(encoding="utf-8")
