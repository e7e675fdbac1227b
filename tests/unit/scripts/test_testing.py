"""How the tests are started and what is said of them."""

import subprocess

import pytest

from scripts import mysql_container as containers
from scripts import testing
from scripts.mysql_container import DockerMissingError, mysql_container
from scripts.testing import configured_mysql, load_environment

pytest_plugins = ["pytester"]


def command(monkeypatch, *arguments, environ=None):
    """What pytest is told."""
    seen = []
    monkeypatch.setattr(testing, "_run", lambda words: seen.append(words) or 0)
    monkeypatch.setattr(testing, "answers", lambda url: False)
    monkeypatch.setattr(testing.os, "environ", {"PATH": "/bin"} if environ is None else environ)
    assert testing.main(list(arguments)) == 0
    return seen[0][seen[0].index("scripts.test_report") + 1 :]


def test_everything_is_held_to_the_floor(monkeypatch):
    words = command(monkeypatch)
    assert words[:2] == ["tests/unit", "tests/integration"]
    assert "--coverage-floor=90" in words
    assert "--coverage-floor=90" in command(monkeypatch, "-q")


@pytest.mark.parametrize(
    "arguments", [[], ["-q"], ["--fast"], ["--unit", "--coverage"], ["-n", "3", "tests/unit/core"]]
)
def test_many_tests_share_the_cores(monkeypatch, arguments):
    words = command(monkeypatch, *arguments)
    assert words[words.index("-n") + 1] == ("3" if "3" in arguments else "auto")


@pytest.mark.parametrize("arguments", [["-n", "0"], ["-x"], ["-k", "login"], ["tests/unit/core"], ["--pdb"]])
def test_a_part_runs_in_one_process(monkeypatch, arguments):
    assert "-n" not in command(monkeypatch, *arguments)


@pytest.mark.parametrize("arguments", [["-k", "login"], ["tests/unit/core"], ["--fast"], ["--unit"]])
def test_a_part_is_held_to_no_floor(monkeypatch, arguments):
    assert not [word for word in command(monkeypatch, *arguments) if "floor" in word]


def test_paths_and_options_are_handed_on(monkeypatch):
    assert command(monkeypatch, "tests/unit/core", "-x") == ["tests/unit/core", "-x"]
    assert command(monkeypatch, "-k", "login") == ["tests/unit", "tests/integration", "-k", "login"]
    assert command(monkeypatch, "--fast", "-x") == ["tests/unit", "-x"]


def test_the_coverage_of_the_unit_tests_can_be_read(monkeypatch):
    assert "--cov-report=html" in command(monkeypatch, "--unit", "--coverage")


def test_unit_tests_are_told_of_no_server(monkeypatch):
    environ = {}
    command(monkeypatch, "--unit", environ=environ)
    assert environ["USE_SQLITE_FOR_TESTING"] == "true"
    assert "MYSQL_ADDRESS" not in environ


def test_a_server_that_answers_is_used(monkeypatch):
    environ = {"MYSQL_ADDRESS": "127.0.0.1:3307", "MYSQL_PASSWORD": "p@ss:word/"}
    monkeypatch.setattr(testing, "_run", lambda words: 0)
    monkeypatch.setattr(testing, "answers", lambda url: True)
    monkeypatch.setattr(testing.os, "environ", environ)
    testing.main([])
    assert environ["TEST_MYSQL_URL"] == "mysql+pymysql://root:p%40ss%3Aword%2F@127.0.0.1:3307?charset=utf8mb4"


def test_missing_docker_is_said_and_the_tests_go_on(monkeypatch, capsys):
    monkeypatch.setattr(containers.shutil, "which", lambda name: None)
    command(monkeypatch, environ={"RUN_DOCKER_INTEGRATION_TESTS": "true"})
    assert "No MySQL container: docker is not installed" in capsys.readouterr().out


def test_manual_tests_want_their_file(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(testing, "ROOT", tmp_path)
    assert testing.main(["--manual"]) == 1
    assert "copy .env.manual.example" in capsys.readouterr().err


def test_what_is_set_already_wins_over_the_file(tmp_path):
    (tmp_path / "some.env").write_text("A=from the file\nB=from the file\n")
    environ = {"A": "from the shell"}
    load_environment(environ, tmp_path / "some.env")
    assert environ == {"A": "from the shell", "B": "from the file"}


def test_the_configured_server_has_defaults():
    assert configured_mysql({}).render_as_string() == "mysql+pymysql://root@127.0.0.1:3306?charset=utf8mb4"


class Docker:
    """Stands in for the docker program; notes what it was told."""

    def __init__(self, codes=()):
        self.commands, self.codes = [], dict(codes)

    def __call__(self, command, **options):
        self.commands.append((command, options.get("env") or {}))
        word = next((word for word in ("info", "version", "up", "ps", "down") if word in command), "")
        return subprocess.CompletedProcess(
            command, self.codes.get(word, 0), "healthy\n" if word == "ps" else "", "said"
        )


def test_the_container_is_the_tests_own_and_is_removed(monkeypatch):
    docker = Docker()
    monkeypatch.setattr(containers.shutil, "which", lambda name: "/usr/bin/docker")
    monkeypatch.setattr(containers.subprocess, "run", docker)
    with mysql_container({"DOCKER_STARTUP_TIMEOUT": "5"}) as url:
        environ = docker.commands[-1][1]
        assert (
            url
            == f"mysql+pymysql://root:{environ['MYSQL_PASSWORD']}@127.0.0.1:{environ['MYSQL_PORT']}/?charset=utf8mb4"
        )
        assert environ["COMPOSE_PROJECT_NAME"].startswith("wxcloudrun-test-")
    last = docker.commands[-1][0]
    assert last[-3:] == ["down", "-v", "--remove-orphans"]


@pytest.mark.parametrize(
    ("codes", "words"),
    [({"version": 1}, "no compose plugin"), ({"info": 1}, "does not run"), ({"up": 1}, "docker compose failed: said")],
)
def test_what_docker_lacks_is_said(monkeypatch, codes, words):
    monkeypatch.setattr(containers.shutil, "which", lambda name: "/usr/bin/docker")
    monkeypatch.setattr(containers.subprocess, "run", Docker(codes))
    with pytest.raises(DockerMissingError, match=words), mysql_container({}):
        pass


def test_a_report_says_what_ran_where_and_why_not(pytester):
    pytester.makepyfile("""
        import pytest
        @pytest.mark.parametrize("database", ["sqlite", "mariadb"])
        def test_rows(database):
            if database == "mariadb":
                pytest.skip("no mariadb server at hand")
        def test_pure():
            pass
        def test_wrong():
            assert False
    """)
    result = pytester.runpytest("-p", "scripts.test_report", "-p", "no:randomly")
    result.stdout.fnmatch_lines_random(
        [
            "sqlite*1 passed",
            "mariadb*1 skipped",
            "no database*1 failed, 1 passed",
            "skipped*1 x no mariadb server at hand",
        ]
    )
    assert "1 failed, 2 passed, 1 skipped" in result.outlines[-1]


def test_workers_report_together(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(testing.ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(subject="def sign(n):\n    if n < 0:\n        return -1\n    return 0 if n == 0 else 1\n")
    pytester.makepyfile("""
        import pytest
        import subject
        @pytest.mark.parametrize("number", [-5, 5, 0, None])
        @pytest.mark.parametrize("database", ["mariadb"])
        def test_sign(database, number):
            if not number:
                pytest.skip("nothing to sign")
            assert abs(subject.sign(number)) == 1
    """)
    plugins = [word for name in ("xdist.plugin", "pytest_cov.plugin", "scripts.test_report") for word in ("-p", name)]
    options = ["--cov=subject", "--cov-branch", "--cov-report=", "--coverage-floor=101"]
    result = pytester.runpytest_subprocess(*plugins, "-n", "2", *options)
    result.stdout.fnmatch_lines(
        [
            "mariadb*2 passed, 2 skipped",
            "skipped*2 x nothing to sign",
            "lines: 100.00 %",
            "branches: 100.00 %",
            "FAILED: less than 101 % of lines and branches*",
        ]
    )
    assert result.ret == 1
    assert "2 passed, 2 skipped" in result.outlines[-1]
