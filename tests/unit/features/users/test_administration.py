"""Administrators and people, deletion and export, with everything around the services made up."""

import pytest

from tests.unit.features.users.stand_ins import (
    KEYS,
    START,
    FakeAudit,
    FakeClock,
    FakeSession,
    FakeUserDao,
    FakeVerificationDao,
)
from tests.unit.features.users.stores import FakeFiles, FakeMediaCheckDao
from wxcloudrun.core.actor import SYSTEM, Actor, Role, Status, Verification
from wxcloudrun.core.errors import EditConflict
from wxcloudrun.features.users import errors
from wxcloudrun.features.users.administration import AdministrationService
from wxcloudrun.features.users.privacy import PrivacyService, SessionHooks
from wxcloudrun.features.users.schemas import PeopleQuery, PersonChange, PersonMade
from wxcloudrun.features.users.service import PHONE
from wxcloudrun.features.users.verification import NUMBER, REAL_NAME

PHONE_NUMBER = "+8613800138000"


class House:
    def __init__(self) -> None:
        self.session, self.audit, self.files, self.users = FakeSession(), FakeAudit(), FakeFiles(), FakeUserDao()
        self.rows = FakeVerificationDao(self.users)
        self.checks = FakeMediaCheckDao()
        self.forgotten: list[int] = []
        self.ended: list[int] = []
        hooks = SessionHooks(
            forget=self.forgotten.append,
            end=lambda actor, user_id: self.ended.append(user_id),
            of=lambda user_id: [{"id": 7, "device": "a phone"}],
        )
        made = (self.session, FakeClock(), KEYS, self.audit)
        self.privacy = PrivacyService(*made, self.files, hooks, self.users, self.rows, self.checks)
        self.people = AdministrationService(*made, self.privacy, hooks, self.users)
        self.admin = Actor(self.users.person(role=Role.ADMINISTRATOR, nickname="boss"), Role.ADMINISTRATOR)
        self.actor = Actor(self.somebody())

    def somebody(self) -> int:
        number = self.users.person(
            appid="wx",
            openid="open",
            unionid="union",
            session_key="sealed",
            nickname="小明",
            signature="hello",
            gender=1,
            avatar="avatars/a.webp",
            phone=KEYS.encrypt(PHONE_NUMBER, PHONE),
            phone_hash=KEYS.lookup(PHONE_NUMBER),
            verification=Verification.PENDING,
            last_login_at=START,
        )
        sealed = {"real_name": KEYS.encrypt("王小明", REAL_NAME), "number": KEYS.encrypt("A1234", NUMBER)}
        state = {"state": Verification.PENDING, "note": "", "version": 1, "created_at": START}
        application = self.rows.add({"user_id": number, **state, **sealed})
        self.rows.attach(number, [self.rows.add_material(number, "materials/m.webp", START)], application)
        self.checks.add("trace-1", number, "avatars/a.webp", START)
        return number


@pytest.fixture
def house() -> House:
    return House()


def test_a_deleted_person_leaves_a_number_and_nothing_else(house):
    house.privacy.delete_own(house.actor)
    row = vars(house.users.get(house.actor.user_id))
    kept = {name for name, value in row.items() if value not in {None, "", 0}}
    assert kept == {"id", "language", "role", "status", "token_version", "version", "created_at", "updated_at"} | (
        {"verification"} if row["verification"] else set()
    )
    assert (row["status"], row["verification"], row["token_version"]) == (Status.DELETED, Verification.NONE, 2)
    assert house.rows.applications == house.rows.images == house.checks.rows == {}
    assert sorted(house.files.gone) == ["avatars/a.webp", "materials/m.webp"]
    assert house.forgotten == [house.actor.user_id]
    assert house.session.commits == 1


def test_the_record_of_a_deletion_tells_nothing_about_the_person(house):
    house.privacy.delete_own(house.actor)
    assert house.audit.entries == [
        (
            "user.deleted",
            ("user", house.actor.user_id),
            {"status": Status.ACTIVE},
            {"status": Status.DELETED},
        )
    ]


def test_nobody_is_deleted_twice(house):
    house.privacy.delete_own(house.actor)
    with pytest.raises(errors.UserNotFound):
        house.privacy.delete_own(house.actor)
    with pytest.raises(errors.UserNotFound):
        house.people.delete(house.admin, house.actor.user_id)


def test_administrators_do_not_delete_themselves(house):
    for attempt in (
        lambda: house.privacy.delete_own(house.admin),
        lambda: house.people.delete(house.admin, house.admin.user_id),
    ):
        with pytest.raises(errors.OwnAccountProtected):
            attempt()
    assert house.users.get(house.admin.user_id).status is Status.ACTIVE


def test_an_export_holds_everything_and_no_key(house):
    export = house.privacy.export(house.actor)
    assert export.profile.phone == PHONE_NUMBER
    assert export.wechat == {"appid": "wx", "openid": "open", "unionid": "union"}
    (application,) = export.applications
    assert (application["real_name"], application["number"], len(application["materials"])) == ("王小明", "A1234", 1)
    assert export.sessions == [{"id": 7, "device": "a phone"}]
    assert [check["trace_id"] for check in export.avatar_checks] == ["trace-1"]
    assert "sealed" not in export.model_dump_json()
    assert house.audit.actions == ["user.exported"]


def test_people_are_listed_and_filtered_by_names(house):
    everybody = house.people.page(PeopleQuery())
    assert [(one.nickname, one.has_wechat) for one in everybody.items] == [("小明", True), ("boss", False)]
    assert everybody.items[0].phone == "+86138****8000"
    for query in ({"q": "明"}, {"phone": "13800138000"}, {"role": "user"}, {"verification": "pending"}):
        assert house.people.page(PeopleQuery(**query)).total == 1, query
    assert house.people.page(PeopleQuery(status="disabled")).total == 0
    assert house.people.page(PeopleQuery(phone="13900139000")).total == 0


def test_a_person_is_made_ahead(house):
    made = house.people.add(house.admin, PersonMade(nickname="later", phone="+8613900139000", role="administrator"))
    assert (made.nickname, made.phone, made.role.name, made.has_wechat) == (
        "later",
        "+86139****9000",
        "administrator",
        False,
    )
    action, _, _, after = house.audit.entries[-1]
    assert (action, after["nickname"]) == ("user.created", "***")


def test_a_phone_belongs_to_one_person(house):
    with pytest.raises(errors.PhoneTaken):
        house.people.add(house.admin, PersonMade(nickname="x", phone=PHONE_NUMBER))


def test_somebody_is_promoted_and_disabled(house):
    changed = house.people.change(house.admin, house.actor.user_id, PersonChange(role="administrator", version=1))
    assert (changed.role.name, changed.version) == ("administrator", 2)
    changed = house.people.change(house.admin, house.actor.user_id, PersonChange(status="disabled", nickname="x"))
    assert (changed.status.name, changed.nickname) == ("disabled", "x")
    assert house.audit.entries[-1][3] == {"nickname": "***", "status": Status.DISABLED}


def test_somebody_whom_an_administrator_knows_is_verified_without_an_application(house):
    changed = house.people.change(house.admin, house.actor.user_id, PersonChange(verification="verified"))
    assert changed.verification.name == "verified"
    changed = house.people.change(house.admin, house.actor.user_id, PersonChange(verification="none"))
    assert changed.verification.name == "none"
    assert house.audit.entries[-1][3] == {"verification": Verification.NONE}


def test_old_sessions_do_not_come_to_life_when_somebody_is_let_in_again(house):
    house.people.change(house.admin, house.actor.user_id, PersonChange(status="disabled"))
    assert house.ended == []
    house.people.change(house.admin, house.actor.user_id, PersonChange(status="active"))
    assert house.ended == [house.actor.user_id]


def test_an_older_version_is_a_conflict_that_shows_the_present_state(house):
    with pytest.raises(EditConflict) as caught:
        house.people.change(house.admin, house.actor.user_id, PersonChange(nickname="x", version=9))
    assert caught.value.present.nickname == "小明"


@pytest.mark.parametrize("change", [{"role": "user"}, {"status": "disabled"}])
def test_administrators_do_not_take_their_own_rights(house, change):
    with pytest.raises(errors.OwnAccountProtected):
        house.people.change(house.admin, house.admin.user_id, PersonChange(**change))


def test_administrators_may_rename_themselves(house):
    change = PersonChange(nickname="chief", role="administrator", status="active")
    assert house.people.change(house.admin, house.admin.user_id, change).nickname == "chief"


@pytest.mark.parametrize(
    "attempt",
    [
        lambda house: house.people.change(SYSTEM, house.admin.user_id, PersonChange(role="user")),
        lambda house: house.people.change(SYSTEM, house.admin.user_id, PersonChange(status="disabled")),
        lambda house: house.people.delete(SYSTEM, house.admin.user_id),
    ],
    ids=["demote", "disable", "delete"],
)
def test_the_last_administrator_stays(house, attempt):
    with pytest.raises(errors.LastAdministratorProtected):
        attempt(house)
    assert house.users.lock_administrators() == [house.admin.user_id]


def test_one_of_two_administrators_may_go(house):
    second = house.users.person(role=Role.ADMINISTRATOR)
    assert house.people.change(house.admin, second, PersonChange(role="user")).role.name == "user"


def test_a_change_of_nothing_changes_nothing(house):
    assert house.people.change(house.admin, house.actor.user_id, PersonChange()).version == 1
    assert house.audit.entries == []


def test_who_is_not_there_is_missing(house):
    for attempt in (
        lambda: house.people.view(99),
        lambda: house.people.change(house.admin, 99, PersonChange(nickname="x")),
        lambda: house.people.delete(house.admin, 99),
    ):
        with pytest.raises(errors.UserNotFound):
            attempt()
