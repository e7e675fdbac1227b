"""What the children of a development start are told."""

import config
from scripts import children
from scripts.children import Place, setting_names, settings
from wxcloudrun.simulator.constants import DEFAULT_APPID, DEFAULT_SECRET


def place(tmp_path):
    return Place(8181, 9191, tmp_path)


def test_the_names_of_the_settings_are_known_without_importing_them():
    assert setting_names() == set(config.environment_names())


def test_no_other_database_and_no_real_secret_reach_a_development_start(tmp_path):
    shell = {"DATABASE_URL": "mysql://root@production/", "WX_SECRET": "real", "TOKEN_SECRET": "real", "PATH": "/bin"}
    told = settings(place(tmp_path), shell)
    assert "DATABASE_URL" not in told
    assert "TOKEN_SECRET" not in told
    assert told["WX_SECRET"] == DEFAULT_SECRET
    assert told["PATH"] == "/bin"


def test_the_log_level_of_the_shell_counts(tmp_path):
    assert settings(place(tmp_path), {"LOG_LEVEL": "DEBUG"})["LOG_LEVEL"] == "DEBUG"


def test_the_service_takes_what_it_is_told(tmp_path):
    loaded = config.load(settings(place(tmp_path), {"MYSQL_ADDRESS": "elsewhere:3306"}))
    assert loaded.database().database == str(tmp_path / "wxcloudrun.sqlite3")
    assert loaded.wechat_api_base == "http://127.0.0.1:9191"
    assert loaded.simulated
    assert loaded.wx_appid == DEFAULT_APPID
    assert loaded.allow_mock_login
    assert loaded.run_allowed == ["127.0.0.1/32:8181", "127.0.0.1/32:9191"]


def test_the_secrets_are_for_their_owner_only(tmp_path):
    config.load(settings(place(tmp_path), {}))
    assert (tmp_path / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_every_child_writes_to_a_file_of_its_own(tmp_path):
    programs = [make(place(tmp_path), {}) for make in (children.simulator, children.web, children.worker)]
    assert [program.name for program in programs] == ["simulator", "web", "worker"]
    assert len({program.log for program in programs}) == 3


def test_everything_listens_on_this_machine_only(tmp_path):
    assert "127.0.0.1:8181" in " ".join(children.web(place(tmp_path), {}).command).replace(
        "127.0.0.1 8181", "127.0.0.1:8181"
    )
    assert settings(place(tmp_path), {"HOST": "0.0.0.0"})["HOST"] == "127.0.0.1"


def test_where_nobody_listens_nobody_answers():
    assert not children.answers(1, "/healthz")
