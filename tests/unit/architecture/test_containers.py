"""What the image and the compose files promise; no engine is needed to see it."""

import json
import re

import pytest
from ruamel.yaml import YAML

from tests.unit.architecture.source import ROOT
from wxcloudrun.simulator.constants import DEFAULT_APPID, DEFAULT_SECRET

FILES = sorted(path.name for path in ROOT.glob("docker-compose*.yml"))
SECRET = re.compile(r"SECRET|PASSWORD|KEY|TOKEN")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
"""The simulator's AppSecret is public: it opens nothing."""
PUBLIC = {DEFAULT_SECRET, f"${{SIMULATOR_SECRET:-{DEFAULT_SECRET}}}"}


def services(name):
    return YAML(typ="safe").load((ROOT / name).read_text(encoding="utf-8"))["services"]


def each_service():
    return [pytest.param(service, id=f"{file}:{name}") for file in FILES for name, service in services(file).items()]


def target_port(text):
    return str(text).rpartition(":")[2]


@pytest.mark.parametrize("file", FILES)
def test_whoever_is_waited_for_exists_and_can_be_waited_for(file):
    known = services(file)
    for service in known.values():
        for name, how in service.get("depends_on", {}).items():
            assert name in known
            if how["condition"] == "service_healthy":
                assert "test" in known[name]["healthcheck"] or known[name].get("command") is None


@pytest.mark.parametrize("file", FILES)
def test_rows_are_migrated_before_anybody_uses_them(file):
    known = services(file)
    for name in ("web", "worker", "beat"):
        assert known[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert known["migrate"]["command"] == ["python", "run_migrations.py", "upgrade"]


@pytest.mark.parametrize("service", each_service())
def test_health_is_checked_or_said_to_be_pointless(service):
    checked = "healthcheck" in service or ("build" in service and "command" not in service)
    assert checked or "gunicorn" in service["command"], "the image's own check fits the web server only"


@pytest.mark.parametrize("service", each_service())
def test_images_are_pinned(service):
    assert re.fullmatch(r"\S+:\S+", service["image"])
    assert not service["image"].endswith(":latest")


@pytest.mark.parametrize("service", each_service())
def test_no_secret_is_written_down(service):
    for name, value in service.get("environment", {}).items():
        if SECRET.search(name):
            assert str(value).startswith("${"), name
            assert ":-" not in value or value in PUBLIC, name


@pytest.mark.parametrize("file", FILES)
def test_the_published_port_is_the_one_that_is_listened_on(file):
    web = services(file)["web"]
    assert [target_port(text) for text in web["ports"]] == [web["environment"]["PORT"]]


@pytest.mark.parametrize("file", [name for name in FILES if name != "docker-compose.yml"])
def test_development_is_reached_from_this_machine_only(file):
    for service in services(file).values():
        assert all(str(text).startswith("127.0.0.1:") for text in service.get("ports", []))


@pytest.mark.parametrize("file", FILES)
def test_the_simulator_is_used_in_development_only(file):
    simulated = services(file)["web"]["environment"].get("WX_APPID") == DEFAULT_APPID
    assert simulated == (file != "docker-compose.yml")
    assert simulated == ("simulator" in services(file))


@pytest.mark.parametrize("file", FILES)
def test_messages_are_kept_and_everybody_knows_where(file):
    known = services(file)
    assert {"--appendonly", "yes", "noeviction"} <= set(known["redis"]["command"])
    assert known["redis"]["volumes"] == ["messages:/data"]
    assert "ports" not in known["redis"]
    for name in ("web", "worker", "beat"):
        assert known[name]["environment"]["RUN_BROKER_URL"] == "redis://redis:6379/0"


@pytest.mark.parametrize("file", FILES)
def test_workers_and_beat_are_celerys(file):
    for name, kind in (("worker", "worker"), ("beat", "beat")):
        command = services(file)[name]["command"]
        at = command.index("celery")
        assert command[at : at + 4] == ["celery", "-A", "wxcloudrun.worker", kind]
    assert "redis" not in services(file)["web"]["depends_on"], "runs wait for a broker, people do not"


def test_mysql_speaks_all_of_unicode():
    for file in ("docker-compose.yml", "docker-compose.dev.yml"):
        assert "--character-set-server=utf8mb4" in services(file)["mysql"]["command"]


def test_the_image_serves_where_cloud_run_looks():
    # A comment is a line whose first characters are two slashes.
    text = re.sub(r"^\s*//.*$", "", (ROOT / "container.config.json").read_text(encoding="utf-8"), flags=re.MULTILINE)
    settings = json.loads(text)
    assert f"EXPOSE {settings['containerPort']}\n" in DOCKERFILE
    assert f"PORT={settings['containerPort']}\n" in DOCKERFILE
    assert settings["mem"] == 2 * settings["cpu"]
    assert (ROOT / settings["dockerfilePath"]).is_file()
    assert not [name for name in settings["envParams"] if SECRET.search(name)]


def test_the_image_is_not_run_by_root_and_ends_when_asked():
    assert "USER 10001:10001\n" in DOCKERFILE
    assert "STOPSIGNAL SIGTERM\n" in DOCKERFILE
    assert 'CMD ["gunicorn", "run:app"]' in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE


def test_the_image_takes_pinned_packages_only():
    assert "pip install --require-hashes --only-binary :all: -r requirements.txt" in DOCKERFILE
    assert 'ARG PIP_INDEX_URL=""' in DOCKERFILE
    assert "trusted-host" not in DOCKERFILE


def test_what_the_image_copies_reaches_the_builder():
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    }
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, flags=re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert names == allowed
    assert all((ROOT / name).exists() for name in names)
