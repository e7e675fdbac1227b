"""Being verified: the applicant's side and the reviewers'."""

from datetime import timedelta

import pytest

from tests.unit.features.users.stand_ins import (
    KEYS,
    FakeAudit,
    FakeClock,
    FakeSession,
    FakeUserDao,
    FakeVerificationDao,
)
from tests.unit.features.users.stores import FakeFiles
from wxcloudrun.core.actor import Actor, Role, Verification
from wxcloudrun.core.errors import EditConflict
from wxcloudrun.features.users import errors
from wxcloudrun.features.users.schemas import ApplicationsQuery, ReviewDecision, VerificationApplied
from wxcloudrun.features.users.verification import ReviewService, VerificationService

NUMBER = "11010119900307888X"


class Office:
    def __init__(self) -> None:
        self.audit, self.files, self.clock = FakeAudit(), FakeFiles(), FakeClock()
        self.users = FakeUserDao()
        self.rows = FakeVerificationDao(self.users)
        made = (FakeSession(), self.clock, KEYS, self.audit, self.files, self.users, self.rows)
        self.desk = VerificationService(*made)
        self.reviews = ReviewService(*made)
        self.actor = Actor(self.users.person(nickname="applicant"))
        self.admin = Actor(self.users.person(role=Role.ADMINISTRATOR), Role.ADMINISTRATOR)

    def apply(self, actor: Actor | None = None):
        who = actor or self.actor
        material = self.desk.add_material(who, b"image")
        body = VerificationApplied(real_name="王小明", number=NUMBER, material_ids=[material.id, material.id])
        return self.desk.apply(who, body)

    def decide(self, number: int, decision: str, version: int = 1, actor: Actor | None = None):
        body = ReviewDecision(decision=decision, note="seen", version=version)
        return self.reviews.decide(actor or self.admin, number, body)


@pytest.fixture
def office() -> Office:
    return Office()


def test_nobody_is_verified_from_the_start(office):
    own = office.desk.own(office.actor)
    assert (own.verification.name, own.application) == ("none", None)


def test_an_application_waits_and_its_content_is_sealed(office):
    sent = office.apply()
    own = office.desk.own(office.actor)
    assert (own.verification.name, own.application) == ("pending", sent)
    (row,) = office.rows.applications.values()
    assert "王小明" not in str(row)
    assert NUMBER not in str(row)
    assert NUMBER not in str(office.audit.entries)
    assert "王小明" not in str(office.audit.entries)


def test_one_application_waits_at_a_time(office):
    office.apply()
    with pytest.raises(errors.VerificationPending):
        office.apply()


def test_who_is_verified_does_not_apply_again(office):
    office.users.change(office.actor.user_id, {"verification": Verification.VERIFIED})
    with pytest.raises(errors.AlreadyVerified):
        office.apply()


def test_who_was_rejected_may_try_again(office):
    office.decide(office.apply().id, "rejected")
    assert office.desk.own(office.actor).verification.name == "rejected"
    second = office.apply()
    assert office.desk.own(office.actor).application.id == second.id


@pytest.mark.parametrize("whose", ["nobody's", "another's", "used"])
def test_only_own_unused_materials_count(office, whose):
    if whose == "another's":
        number = office.desk.add_material(office.admin, b"image").id
    elif whose == "used":
        office.decide(office.apply().id, "rejected")
        number = next(iter(office.rows.images))
    else:
        number = 10**6
    with pytest.raises(errors.MaterialNotFound):
        office.desk.apply(office.actor, VerificationApplied(real_name="x", number="1234", material_ids=[number]))


def test_nobody_hoards_materials(office):
    for _ in range(12):
        office.desk.add_material(office.actor, b"image")
    with pytest.raises(errors.TooManyMaterials):
        office.desk.add_material(office.actor, b"image")
    assert len(office.files.kept) == 12, "nothing is stored for who has too many"
    office.desk.add_material(office.admin, b"image")


def test_unused_materials_go_after_a_day_and_used_ones_stay(office):
    office.apply()
    office.desk.add_material(office.actor, b"never used")
    assert office.desk.clear() == 0
    office.clock.move(timedelta(hours=25))
    assert office.desk.clear() == 1
    assert office.files.gone == ["materials/1.webp"]
    assert len(office.rows.images) == 1


def test_reviewers_list_without_reading_what_was_written(office):
    sent = office.apply()
    page = office.reviews.page(ApplicationsQuery(state="pending"))
    assert [(line.id, line.nickname) for line in page.items] == [(sent.id, "applicant")]
    assert "王" not in page.model_dump_json()
    assert office.reviews.page(ApplicationsQuery(state="verified")).total == 0


def test_reading_an_application_is_recorded(office):
    sent = office.apply()
    detail = office.reviews.view(office.admin, sent.id)
    assert (detail.real_name, detail.number, len(detail.materials)) == ("王小明", NUMBER, 1)
    assert office.audit.entries[-1][:2] == ("verification.viewed", ("verification", sent.id))


def test_looking_at_a_material_is_recorded(office):
    material = office.desk.add_material(office.actor, b"image")
    assert office.reviews.material(office.admin, material.id) == b"image"
    assert office.audit.actions[-1] == "verification.material_viewed"
    with pytest.raises(errors.ImageNotFound):
        office.reviews.material(office.admin, 10**6)


@pytest.mark.parametrize(("decision", "state"), [("approved", "verified"), ("rejected", "rejected")])
def test_a_decision_changes_application_and_person(office, decision, state):
    decided = office.decide(office.apply().id, decision)
    assert (decided.state.name, decided.note, decided.reviewer_id) == (state, "seen", office.admin.user_id)
    own = office.desk.own(office.actor)
    assert (own.verification.name, own.application.state.name, own.application.note) == (state, state, "seen")
    assert office.audit.actions[-1] == f"verification.{decision}"


def test_the_second_reviewer_sees_what_the_first_decided(office):
    sent = office.apply()
    office.decide(sent.id, "approved")
    with pytest.raises(EditConflict) as caught:
        office.decide(sent.id, "rejected")
    assert caught.value.present.state.name == "verified"
    assert office.desk.own(office.actor).verification.name == "verified"


def test_a_decision_stands(office):
    decided = office.decide(office.apply().id, "approved")
    with pytest.raises(errors.VerificationDecided):
        office.decide(decided.id, "rejected", decided.version)


def test_nobody_reviews_an_own_application(office):
    sent = office.apply(office.admin)
    with pytest.raises(errors.OwnApplicationProtected):
        office.decide(sent.id, "approved")


def test_what_is_not_there_cannot_be_read_or_decided(office):
    with pytest.raises(errors.VerificationNotFound):
        office.reviews.view(office.admin, 1)
    with pytest.raises(errors.VerificationNotFound):
        office.decide(1, "approved")
