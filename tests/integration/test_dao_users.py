"""What the DAOs of the users feature promise: kept by the real ones on every database, and by those of the tests."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import IntegrityError

from tests.unit.features.users.stand_ins import START, FakeUserDao, FakeVerificationDao
from tests.unit.features.users.stores import FakeFileDao, FakeMediaCheckDao
from wxcloudrun.core.actor import Role, Status, Verification
from wxcloudrun.core.db import db, transaction
from wxcloudrun.features.users.dao import FileDao, MediaCheckDao, PeopleFilter, UserDao, VerificationDao
from wxcloudrun.features.users.errors import PhoneTaken

LATER = START + timedelta(seconds=1, microseconds=123_456)


def person(**values: object) -> dict[str, object]:
    return {
        "nickname": "",
        "gender": 0,
        "language": "zh_CN",
        "signature": "",
        "role": Role.USER,
        "status": Status.ACTIVE,
        "verification": Verification.NONE,
        "token_version": 1,
        "version": 1,
        "created_at": START,
        "updated_at": START,
    } | values


def application(user_id: int, **values: object) -> dict[str, object]:
    state = {"state": Verification.PENDING, "real_name": "sealed", "number": "sealed", "note": "", "version": 1}
    return {"user_id": user_id, "created_at": START} | state | values


def names(found) -> list[str]:
    return [row.nickname for row in found[0]]


def a_person_is_read_as_written(dao):
    number = dao.users.add(person(nickname="小明😀", appid="wx", openid="Open-ID", last_login_at=LATER))
    row = dao.users.get(number)
    assert (row.id, row.nickname, row.role, row.status) == (number, "小明😀", Role.USER, Status.ACTIVE)
    assert row.last_login_at == LATER
    assert dao.users.locked(number).id == number
    assert dao.users.get(number + 1) is None


def an_identity_is_found_by_every_letter_of_it(dao):
    number = dao.users.add(person(appid="wx", openid="Open-ID"))
    assert dao.users.by_openid("wx", "Open-ID").id == number
    assert dao.users.by_openid("wx", "open-id") is None
    assert dao.users.by_openid("other", "Open-ID") is None


def a_phone_belongs_to_one_person(dao):
    dao.users.add(person(phone_hash="hash-1"))
    second = dao.users.add(person(phone_hash="hash-2"))
    with pytest.raises(PhoneTaken), dao.attempt():
        dao.users.change(second, {"phone_hash": "hash-1"})


def a_new_person_cannot_take_a_phone(dao):
    dao.users.add(person(phone_hash="hash-1"))
    with pytest.raises(PhoneTaken), dao.attempt():
        dao.users.add(person(phone_hash="hash-1"))


def many_people_have_no_phone(dao):
    assert dao.users.add(person()) != dao.users.add(person())


def an_edit_raises_the_version_and_asks_for_it(dao):
    number = dao.users.add(person())
    assert dao.users.edit(number, {"nickname": "first"}, LATER, 1) is True
    assert dao.users.edit(number, {"nickname": "late"}, LATER, 1) is False
    assert dao.users.edit(number, {"gender": 1}, LATER) is True
    row = dao.users.get(number)
    assert (row.nickname, row.gender, row.version, row.updated_at) == ("first", 1, 3, LATER)


def a_token_version_rises_by_one(dao):
    number = dao.users.add(person(token_version=4))
    dao.users.change(number, {"token_version": dao.users.next_token_version()})
    assert dao.users.get(number).token_version == 5


def a_deleted_person_is_never_changed_or_listed(dao):
    number = dao.users.add(person(status=Status.DELETED, nickname="gone"))
    assert dao.users.change(number, {"nickname": "back"}) is False
    assert dao.users.page(PeopleFilter(), "id", 0, 10)[1] == 0
    assert dao.users.page(PeopleFilter(status=Status.DELETED), "id", 0, 10)[1] == 0


def administrators_are_those_who_may_come_in(dao):
    first = dao.users.add(person(role=Role.ADMINISTRATOR))
    dao.users.add(person(role=Role.ADMINISTRATOR, status=Status.DISABLED))
    dao.users.add(person())
    second = dao.users.add(person(role=Role.ADMINISTRATOR))
    assert dao.users.lock_administrators() == [first, second]


def every_letter_of_a_search_is_meant(dao):
    for nickname in ("100%", "1000", "a_b", "axb", "/slash", "back\\slash", "Alice", "😀 one", "🎉 two", "王小明"):
        dao.users.add(person(nickname=nickname))

    def search(text: str) -> list[str]:
        return names(dao.users.page(PeopleFilter(text=text), "id", 0, 20))

    assert search("0%") == ["100%"]
    assert search("a_b") == ["a_b"]
    assert search("/s") == ["/slash"]
    assert search("\\") == ["back\\slash"]
    assert search("aLiC") == ["Alice"]
    assert search("😀") == ["😀 one"]
    assert search("小") == ["王小明"]
    assert search("'; --") == []


def filters_are_joined(dao):
    dao.users.add(person(nickname="one", phone_hash="h"))
    dao.users.add(person(nickname="two", role=Role.ADMINISTRATOR))
    dao.users.add(person(nickname="three", status=Status.DISABLED, verification=Verification.PENDING))
    page = dao.users.page
    assert names(page(PeopleFilter(phone_hash="h"), "id", 0, 9)) == ["one"]
    assert names(page(PeopleFilter(role=Role.ADMINISTRATOR), "id", 0, 9)) == ["two"]
    assert names(page(PeopleFilter(status=Status.DISABLED), "id", 0, 9)) == ["three"]
    assert names(page(PeopleFilter(verification=Verification.PENDING, text="thr"), "id", 0, 9)) == ["three"]
    assert names(page(PeopleFilter(status=Status.ACTIVE, text="thr"), "id", 0, 9)) == []


def people_who_never_came_are_last_in_either_direction(dao):
    dao.users.add(person(nickname="never"))
    dao.users.add(person(nickname="early", last_login_at=START))
    dao.users.add(person(nickname="late", last_login_at=LATER))
    assert names(dao.users.page(PeopleFilter(), "last_login_at", 0, 9)) == ["early", "late", "never"]
    assert names(dao.users.page(PeopleFilter(), "-last_login_at", 0, 9)) == ["late", "early", "never"]


def pages_follow_one_another(dao):
    for number in range(5):
        dao.users.add(person(nickname=str(number)))
    assert names(dao.users.page(PeopleFilter(), "-id", 0, 2)) == ["4", "3"]
    rows, total = dao.users.page(PeopleFilter(), "-id", 4, 2)
    assert (names((rows, total)), total) == (["0"], 5)


def an_application_is_decided_once(dao):
    number = dao.applications.add(application(dao.users.add(person(nickname="who"))))
    values = {"state": Verification.VERIFIED, "note": "fine", "reviewed_at": LATER}
    assert dao.applications.decide(number, 2, values) is False
    assert dao.applications.decide(number, 1, values) is True
    assert dao.applications.decide(number, 1, values) is False
    assert dao.applications.decide(number, 2, values) is False
    row = dao.applications.get(number)
    assert (row.state, row.version, row.note, row.nickname) == (Verification.VERIFIED, 2, "fine", "who")


def the_latest_application_is_the_one_sent_last(dao):
    who = dao.users.add(person())
    first = dao.applications.add(application(who, state=Verification.REJECTED))
    second = dao.applications.add(application(who))
    dao.applications.add(application(dao.users.add(person())))
    assert dao.applications.latest(who).id == second
    assert [row.id for row in dao.applications.of_person(who)] == [second, first]
    assert dao.applications.latest(who + 99) is None


def applications_are_listed_by_state_oldest_first(dao):
    who = dao.users.add(person(nickname="who"))
    first = dao.applications.add(application(who, state=Verification.REJECTED))
    second = dao.applications.add(application(who))
    rows, total = dao.applications.page(None, 0, 9)
    assert ([row.id for row in rows], total, rows[0].nickname) == ([first, second], 2, "who")
    assert [row.id for row in dao.applications.page(Verification.PENDING, 0, 9)[0]] == [second]
    assert dao.applications.page(None, 1, 1)[0][0].id == second


def only_own_and_unused_materials_are_attached(dao):
    who, other = dao.users.add(person()), dao.users.add(person())
    mine, used = (dao.applications.add_material(who, f"materials/{name}", START) for name in "ab")
    foreign = dao.applications.add_material(other, "materials/c", START)
    first, second = dao.applications.add(application(who)), dao.applications.add(application(who))
    assert dao.applications.attach(who, [used], first) == 1
    assert dao.applications.attach(who, [mine, used, foreign, 10**6], second) == 1
    assert [row.id for row in dao.applications.materials(second)] == [mine]
    assert [row.id for row in dao.applications.materials_of_person(who)] == [mine, used]
    assert dao.applications.material(foreign).application_id is None
    assert dao.applications.material(10**6) is None


def unused_materials_are_found_and_removed(dao):
    who = dao.users.add(person())
    old = dao.applications.add_material(who, "materials/old", START)
    used = dao.applications.add_material(who, "materials/used", START)
    dao.applications.add_material(who, "materials/new", LATER)
    dao.applications.attach(who, [used], dao.applications.add(application(who)))
    assert [row.id for row in dao.applications.unattached(LATER, 9)] == [old]
    assert dao.applications.remove_material(used) is False
    assert dao.applications.remove_material(old) is True
    assert dao.applications.remove_material(old) is False


def nothing_of_a_forgotten_person_stays(dao):
    who, other = dao.users.add(person()), dao.users.add(person())
    for number in (who, other):
        material = dao.applications.add_material(number, f"materials/{number}", START)
        dao.applications.attach(number, [material], dao.applications.add(application(number)))
    dao.applications.forget(who)
    assert dao.applications.materials_of_person(who) == []
    assert dao.applications.of_person(who) == []
    assert len(dao.applications.materials_of_person(other)) == len(dao.applications.of_person(other)) == 1


def loose_files_are_listed_by_age(dao):
    dao.files.add("avatars/b", START + timedelta(seconds=1))
    dao.files.add("avatars/a", START)
    dao.files.add("avatars/c", START + timedelta(hours=1))
    assert dao.files.older(START + timedelta(minutes=1), 9) == ["avatars/a", "avatars/b"]
    assert dao.files.older(START + timedelta(minutes=1), 1) == ["avatars/a"]
    assert dao.files.strike("avatars/a") is True
    assert dao.files.strike("avatars/a") is False


def a_check_is_found_by_every_letter_of_its_trace_until_it_is_over(dao):
    who = dao.users.add(person())
    dao.checks.add("Trace-1", who, "avatars/a", LATER)
    row = dao.checks.get("Trace-1")
    assert (row.trace_id, row.user_id, row.file, row.created_at) == ("Trace-1", who, "avatars/a", LATER)
    assert dao.checks.get("trace-1") is None
    dao.checks.remove("trace-1")
    assert dao.checks.get("Trace-1") is not None
    dao.checks.remove("Trace-1")
    assert dao.checks.get("Trace-1") is None


def checks_go_by_person_and_by_age(dao):
    who, other = dao.users.add(person()), dao.users.add(person())
    for trace_id, user_id, at in (("t2", who, LATER), ("t1", who, START), ("t3", other, START), ("t4", other, LATER)):
        dao.checks.add(trace_id, user_id, "avatars/a", at)
    assert [row.trace_id for row in dao.checks.of_person(who)] == ["t1", "t2"]
    dao.checks.forget(who)
    assert dao.checks.of_person(who) == []
    assert dao.checks.clear(LATER) == 1
    assert [row.trace_id for row in dao.checks.of_person(other)] == ["t4"]


CONTRACT: list[Callable[..., None]] = [
    a_person_is_read_as_written,
    an_identity_is_found_by_every_letter_of_it,
    a_phone_belongs_to_one_person,
    a_new_person_cannot_take_a_phone,
    many_people_have_no_phone,
    an_edit_raises_the_version_and_asks_for_it,
    a_token_version_rises_by_one,
    a_deleted_person_is_never_changed_or_listed,
    administrators_are_those_who_may_come_in,
    every_letter_of_a_search_is_meant,
    filters_are_joined,
    people_who_never_came_are_last_in_either_direction,
    pages_follow_one_another,
    an_application_is_decided_once,
    the_latest_application_is_the_one_sent_last,
    applications_are_listed_by_state_oldest_first,
    only_own_and_unused_materials_are_attached,
    unused_materials_are_found_and_removed,
    nothing_of_a_forgotten_person_stays,
    loose_files_are_listed_by_age,
    a_check_is_found_by_every_letter_of_its_trace_until_it_is_over,
    checks_go_by_person_and_by_age,
]
each_promise = pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)


class _NothingToUndo:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None


@each_promise
def test_the_daos_of_the_tests_keep_the_promise(promise):
    users = FakeUserDao()
    daos = {"users": users, "applications": FakeVerificationDao(users), "files": FakeFileDao()}
    promise(SimpleNamespace(**daos, checks=FakeMediaCheckDao(), attempt=_NothingToUndo))


@each_promise
def test_the_real_daos_keep_the_promise(promise, each_app):
    with each_app.app_context(), transaction(db.session) as session:
        promise(
            SimpleNamespace(
                users=UserDao(session),
                applications=VerificationDao(session),
                files=FileDao(session),
                checks=MediaCheckDao(session),
                attempt=session.begin_nested,
            )
        )


def test_an_identity_belongs_to_one_person(each_app):
    with each_app.app_context(), transaction(db.session) as session:
        users = UserDao(session)
        users.add(person(appid="wx", openid="o"))
        with pytest.raises(IntegrityError), session.begin_nested():
            users.add(person(appid="wx", openid="o"))
