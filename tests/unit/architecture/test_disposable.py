"""The development database is out of the tests' reach."""

from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, create_engine, event

from tests.conftest import make_app
from tests.disposable import DATA, MARK, NotDisposableError, refuse_unmarked_postgresql


@pytest.mark.parametrize(
    "url",
    [
        "mysql+pymysql://root@127.0.0.1:1/wxcloudrun",
        "mariadb+pymysql://root@127.0.0.1:1/wxcloudrun",
        f"sqlite:///{DATA / 'wxcloudrun.sqlite3'}",
    ],
)
def test_a_database_without_the_mark_is_refused(url):
    with pytest.raises(NotDisposableError):
        create_engine(url).connect()


def test_the_fixtures_are_refused_too(tmp_path):
    with pytest.raises(NotDisposableError):
        make_app(create_engine("mysql+pymysql://root@127.0.0.1:1/wxcloudrun").url, tmp_path)


@pytest.mark.parametrize("name", ["wxcloudrun", "defaultdb", f"x{MARK}1"])
def test_a_postgresql_database_without_the_mark_is_refused(name):
    connection = SimpleNamespace(info=SimpleNamespace(dbname=name))
    with pytest.raises(NotDisposableError):
        refuse_unmarked_postgresql(connection, None)


def test_postgresql_is_asked_too():
    assert event.contains(Engine, "connect", refuse_unmarked_postgresql)
    refuse_unmarked_postgresql(SimpleNamespace(info=SimpleNamespace(dbname=f"{MARK}1")), None)


@pytest.mark.parametrize("name", [f"{MARK}1_a", ""])
def test_a_database_of_the_tests_own_is_let_through(name):
    with pytest.raises(Exception, match="refused|connect") as caught:
        create_engine(f"mysql+pymysql://root@127.0.0.1:1/{name}").connect()
    assert not isinstance(caught.value, NotDisposableError)


def test_a_file_elsewhere_is_let_through(tmp_path):
    create_engine(f"sqlite:///{tmp_path / 'rows.sqlite3'}").connect().close()
