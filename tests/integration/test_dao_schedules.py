"""What the DAO of schedules promises: kept on every database, and by that of the tests."""

from types import SimpleNamespace

import pytest
from sqlalchemy import insert

from tests.unit.features.schedules.stand_ins import FakeScheduleDao
from tests.unit.features.users.stand_ins import START
from wxcloudrun.core.db import db, transaction
from wxcloudrun.features.projects.models import Project
from wxcloudrun.features.schedules.dao import ScheduleDao
from wxcloudrun.features.schedules.models import Misfire, Overlap


def schedule(here, name: str, project: int = 0, **more: object) -> int:
    values = {"project_id": here.projects[project], "name": name, "enabled": True, "person_id": 1, "tag": "smoke"}
    values |= {"inputs": "sealed", "deadline_ms": 60_000, "concurrency": 1, "time_zone": "UTC", "every_ms": 60_000}
    values |= {"anchor_at": START, "overlap": Overlap.SKIP, "misfire": Misfire.ONCE, "grace_ms": 60_000, "version": 1}
    return here.dao.add({**values, "created_at": START, "updated_at": START, **more})


def names(here, person: int | None = None, **filters: object) -> list[str]:
    return [row.name for row in here.dao.page(here.projects[0], person, filters, 0, 10)[0]]


def a_schedule_is_read_as_written_in_its_own_project(here):
    number = schedule(here, "夜间 😀")
    row = here.dao.get(here.projects[0], number)
    assert (row.id, row.name, row.anchor_at, row.overlap, row.next_at) == (number, "夜间 😀", START, Overlap.SKIP, None)
    assert here.dao.get(here.projects[1], number) is here.dao.locked(here.projects[1], number) is None
    here.dao.change(number, {"name": "other", "cron": "0 2 * * *", "every_ms": None})
    fresh = here.dao.locked(here.projects[0], number)
    assert (fresh.name, fresh.cron, fresh.every_ms, fresh.tag) == ("other", "0 2 * * *", None, "smoke")


def schedules_come_by_age_page_by_page(here):
    for name in "abc":
        schedule(here, name)
    schedule(here, "x", 1)
    rows, total = here.dao.page(here.projects[0], None, {}, 1, 1)
    assert ([row.name for row in rows], total, here.dao.count(here.projects[0])) == (["b"], 3, 3)
    assert here.dao.page(here.projects[0], None, {}, 9, 1) == ([], 3)


def private_ones_are_their_persons(here):
    schedule(here, "everybody's", scenario_id=4)
    schedule(here, "private", private_to=7, enabled=False)
    assert (names(here, 7), names(here, 8), names(here)) == (
        ["everybody's", "private"],
        ["everybody's"],
        ["everybody's", "private"],
    )
    assert (names(here, scenario_id=4), names(here, enabled=False)) == (["everybody's"], ["private"])


def what_is_removed_is_gone(here):
    first, _ = schedule(here, "a"), schedule(here, "b")
    here.dao.remove(first)
    assert (names(here), here.dao.count(here.projects[0])) == (["b"], 1)


PROMISES = [
    a_schedule_is_read_as_written_in_its_own_project,
    schedules_come_by_age_page_by_page,
    private_ones_are_their_persons,
    what_is_removed_is_gone,
]
each_promise = pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)


@each_promise
def test_the_dao_of_the_tests_keeps_the_promise(promise):
    promise(SimpleNamespace(dao=FakeScheduleDao(), projects=[7, 8]))


@each_promise
def test_the_real_dao_keeps_the_promise(promise, each_app):
    with each_app.app_context(), transaction(db.session) as session:
        stamp = {"created_at": START, "updated_at": START}
        made = [session.execute(insert(Project).values(name=name, **stamp)) for name in ("one", "other")]
        promise(SimpleNamespace(dao=ScheduleDao(session), projects=[one.inserted_primary_key[0] for one in made]))
