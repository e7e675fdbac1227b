"""The checks before a change is shared."""

import sys

from scripts import checks
from scripts.checks import Check, run, shell_scripts


def test_a_check_that_fails_is_shown_with_what_it_said(monkeypatch, capsys):
    both = [
        Check("good", [sys.executable, "-c", "print('all is well')"]),
        Check("bad", [sys.executable, "-c", "raise SystemExit('line 7 is wrong')"]),
    ]
    monkeypatch.setattr(checks, "checks", lambda root: both)
    assert checks.main([]) == 1
    said = capsys.readouterr().out
    assert "FAILED bad" in said
    assert "line 7 is wrong" in said
    assert "all is well" not in said
    assert "2 checks, 1 failed" in said


def test_one_check_can_be_chosen(monkeypatch, capsys):
    monkeypatch.setattr(
        checks, "checks", lambda root: [Check("good", [sys.executable, "-c", ""]), Check("bad", ["false"])]
    )
    assert checks.main(["good"]) == 0
    assert "bad" not in capsys.readouterr().out


def test_a_name_that_is_no_check_is_not_taken_for_success(capsys):
    assert checks.main(["no-such-check"]) == 1


def test_every_compose_file_and_shell_script_is_checked():
    commands = {check.name: check.command for check in checks.checks(checks.ROOT)}
    assert {"docker-compose.yml", "docker-compose.dev.yml"} <= set(commands["compose"])
    assert set(shell_scripts(checks.ROOT)) >= {".ci/run", "manual_test.sh"}
    assert run(Check("nothing", [sys.executable, "-c", ""])).code == 0
