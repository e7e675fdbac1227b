"""One gives an input a value while another makes it secret: whoever is second waits, and nothing is kept in clear.

One of the two is played by a connection of the test, which stands still between two statements of its transaction; the
other one is a request to a server. On SQLite, which has one writer at a time, the lock is the database's own.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, create_engine, select, update

from tests.integration.test_project_races import Office, office, told  # noqa: F401 - `office` is a fixture
from tests.integration.waiting import waits
from wxcloudrun.features.projects.models import Project
from wxcloudrun.features.scenarios.models import Scenario, ScenarioStep

SECRET = {"inputs": [{"name": "pin", "secret": True, "required": False, "default": None}]}
MARK = {"pin": {"is_set": True}}


@dataclass
class Shop:
    """A scenario that asks for a pin, and another one with a step that gives it."""

    office: Office
    path: str
    login: int
    buy: int
    step: int

    @property
    def steps(self) -> str:
        """Where the steps of the caller are."""
        return f"{self.path}/scenarios/{self.buy}/steps"

    def calling(self, pin: str) -> dict[str, object]:
        """A step that gives the pin."""
        return {"kind": "scenario", "scenario_id": self.login, "inputs": {"pin": pin}}

    def kept(self) -> list[dict[str, object]]:
        """What the steps give, as it stands in the table."""
        engine = create_engine(self.office.url)
        with engine.connect() as connection:
            query = select(ScenarioStep.content).where(ScenarioStep.scenario_id == self.buy).order_by(ScenarioStep.id)
            found = [json.loads(text)["inputs"] for text in connection.scalars(query)]
        engine.dispose()
        return found


@pytest.fixture
def shop(office: Office) -> Shop:  # noqa: F811 - the fixture's value
    path = office.project("editor")
    login = office.ok(0, "POST", f"{path}/scenarios", {"name": "log in", "inputs": [{"name": "pin"}]})["id"]
    buy = office.ok(0, "POST", f"{path}/scenarios", {"name": "buy"})["id"]
    made = Shop(office, path, login, buy, 0)
    made.step = office.ok(0, "POST", made.steps, made.calling("before-4711"))["id"]
    assert made.kept() == [{"pin": "before-4711"}]
    return made


@contextmanager
def standing_still(office: Office) -> Iterator[Connection]:  # noqa: F811 - as above
    """A connection in the middle of a transaction."""
    engine = create_engine(office.url)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
    engine.dispose()


def meanwhile(shop: Shop, connection: Connection, call: tuple[str, str, object], rest: Callable[[], object]) -> None:
    """Somebody calls and has to wait, until the rest of the transaction is done; then they are served."""
    engine = create_engine(shop.office.url)
    with ThreadPoolExecutor(1) as pool, engine.connect() as watching:
        watching.execution_options(isolation_level="AUTOCOMMIT")
        answer = pool.submit(shop.office.call, 1, *call)
        waited = connection.dialect.name == "sqlite" or waits(watching, answer)
        rest()
        connection.commit()
        assert told([answer.result(30)]) == {"ok": 1}
        assert waited, "the two did not wait for each other"
    engine.dispose()


def test_who_makes_an_input_secret_waits_for_who_gives_it_a_value(shop: Shop):
    with standing_still(shop.office) as changing:
        changing.execute(select(Scenario.id).where(Scenario.id == shop.buy).with_for_update(key_share=True))

        def give() -> None:
            content = json.loads(changing.scalar(select(ScenarioStep.content).where(ScenarioStep.id == shop.step)))
            text = json.dumps(content | {"inputs": {"pin": "after-4711"}})
            changing.execute(update(ScenarioStep).where(ScenarioStep.id == shop.step).values(content=text))

        meanwhile(shop, changing, ("PUT", f"{shop.path}/scenarios/{shop.login}", {"inputs": SECRET["inputs"]}), give)
    assert shop.kept() == [MARK]


def _made_secret(shop: Shop, connection: Connection) -> None:
    """The scenario's own row, as it is when its input is secret."""
    content = json.loads(connection.scalar(select(Scenario.content).where(Scenario.id == shop.login)))
    connection.execute(update(Scenario).where(Scenario.id == shop.login).values(content=json.dumps(content | SECRET)))


def test_who_gives_an_input_a_value_waits_for_who_makes_it_secret(shop: Shop):
    with standing_still(shop.office) as hiding:
        hiding.execute(select(Scenario.id).where(Scenario.id == shop.buy).with_for_update(key_share=True))
        call = ("PUT", f"{shop.steps}/{shop.step}", {"inputs": {"pin": "after-4711"}})
        meanwhile(shop, hiding, call, lambda: _made_secret(shop, hiding))
    assert shop.kept() == [MARK]


def test_who_puts_in_another_call_waits_for_who_makes_its_input_secret(shop: Shop):
    """The new step is no caller yet whose scenario could be locked: the project is."""
    project = int(shop.path.rpartition("/")[2])
    with standing_still(shop.office) as hiding:
        hiding.execute(select(Project.id).where(Project.id == project).with_for_update(key_share=True))
        call = ("POST", shop.steps, shop.calling("another-4711"))
        meanwhile(shop, hiding, call, lambda: _made_secret(shop, hiding))
    assert shop.kept() == [{"pin": "before-4711"}, MARK], "the first one is whoever hides the input's to encrypt"
