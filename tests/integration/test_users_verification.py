"""Being verified, over the API."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from tests.conftest import Person, log_in
from tests.unit.features.users import samples
from wxcloudrun.core.actor import Role
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.users.models import VerificationApplication


def material(person: Person, content: bytes | None = None) -> Any:
    data = {"file": (BytesIO(content or samples.picture("JPEG", (3000, 2000))), "card.jpg")}
    return person.call("POST", "/api/user/verification/materials", data=data)


def body(*material_ids: int) -> dict[str, object]:
    return {"real_name": "王小明", "number": "11010119900307888X", "material_ids": list(material_ids)}


def apply(person: Person) -> int:
    return person.ok("POST", "/api/user/verification", body(material(person).json["data"]["id"]))["id"]


def at_once(*calls: Any) -> list[Any]:
    """The replies to calls that begin at the same moment."""
    barrier = Barrier(len(calls))

    def call(one: Any) -> Any:
        barrier.wait()
        return one()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


def test_somebody_is_verified(each_app, each_wechat):
    person = log_in(each_app, each_wechat, "the-applicant-1")
    admin = log_in(each_app, each_wechat, "the-reviewer-1", Role.ADMINISTRATOR)
    number = apply(person)
    assert person.ok("GET", "/api/user/verification")["verification"] == {"value": 1, "name": "pending"}
    listed = admin.ok("GET", "/api/verifications?state=pending")
    assert [line["id"] for line in listed["items"]] == [number]
    assert "王小明" not in str(listed)

    detail = admin.ok("GET", f"/api/verifications/{number}")
    assert (detail["real_name"], detail["number"]) == ("王小明", "11010119900307888X")
    image = admin.call("GET", f"/media/materials/{detail['materials'][0]['id']}")
    assert (image.status_code, image.mimetype, samples.opened(image.data).size) == (200, "image/webp", (1600, 1067))
    assert "no-store" in image.headers["Cache-Control"]

    decision = {"decision": "approved", "note": "thank you", "version": detail["version"]}
    assert admin.ok("PUT", f"/api/verifications/{number}", decision)["state"] == {"value": 2, "name": "verified"}
    own = person.ok("GET", "/api/user/verification")
    assert (own["verification"]["name"], own["application"]["note"]) == ("verified", "thank you")
    again = person.call("POST", "/api/user/verification", body(material(person).json["data"]["id"]))
    assert (again.status_code, again.json["data"]["error"]) == (409, "already_verified")


def test_names_and_numbers_are_nowhere_in_plain(each_app, each_wechat):
    person = log_in(each_app, each_wechat, "the-applicant-2")
    admin = log_in(each_app, each_wechat, "the-reviewer-2", Role.ADMINISTRATOR)
    number = apply(person)
    admin.ok("GET", f"/api/verifications/{number}")
    with each_app.app_context():
        row = db.session.execute(select(VerificationApplication.__table__)).one()
        entries = db.session.execute(select(AuditEntry.__table__)).all()
    assert "王小明" not in str(row)
    assert "11010119900307888X" not in str(row)
    assert "11010119900307888X" not in str(entries)
    assert {"verification.applied", "verification.viewed"} <= {entry.action for entry in entries}


def test_of_two_reviewers_at_once_one_decides(each_app, each_wechat):
    person = log_in(each_app, each_wechat, "the-applicant-3")
    reviewers = [log_in(each_app, each_wechat, f"the-reviewer-{n}", Role.ADMINISTRATOR) for n in (3, 4)]
    number = apply(person)
    decisions = ("approved", "rejected")
    replies = at_once(
        *(
            lambda who=who, decision=decision: who.call(
                "PUT", f"/api/verifications/{number}", {"decision": decision, "version": 1}
            )
            for who, decision in zip(reviewers, decisions, strict=True)
        )
    )
    assert sorted(reply.status_code for reply in replies) == [200, 409]
    won, lost = sorted(replies, key=lambda reply: reply.status_code)
    assert lost.json["data"]["error"] == "edit_conflict"
    assert lost.json["data"]["present"]["state"] == won.json["data"]["state"]
    assert person.ok("GET", "/api/user/verification")["verification"] == won.json["data"]["state"]


def test_of_two_applications_at_once_one_is_taken(each_app, each_wechat):
    person = log_in(each_app, each_wechat, "the-applicant-5")
    bodies = [body(material(person).json["data"]["id"]) for _ in range(2)]
    replies = at_once(*(lambda one=one: person.call("POST", "/api/user/verification", one) for one in bodies))
    assert sorted(reply.status_code for reply in replies) == [201, 409]


def test_an_application_that_is_sent_again_is_one_application(each_app, each_wechat):
    person = log_in(each_app, each_wechat, "the-applicant-6")
    sent = body(material(person).json["data"]["id"])
    options = {"headers": {"Idempotency-Key": "the-same-key"}}
    first = person.call("POST", "/api/user/verification", sent, **options)
    second = person.call("POST", "/api/user/verification", sent, **options)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"


def test_a_rejected_person_may_try_again(person, admin):
    number = apply(person)
    admin.ok("PUT", f"/api/verifications/{number}", {"decision": "rejected", "note": "blurred", "version": 1})
    assert person.ok("GET", "/api/user/verification")["application"]["note"] == "blurred"
    assert apply(person) != number


def test_anothers_material_is_nobody_elses_proof(person, other):
    foreign = material(other).json["data"]["id"]
    reply = person.call("POST", "/api/user/verification", body(foreign))
    assert (reply.status_code, reply.json["data"]["error"]) == (404, "material_not_found")
    assert person.ok("GET", "/api/user/verification")["verification"]["name"] == "none"


def test_nobody_reviews_an_own_application(admin):
    number = apply(admin)
    reply = admin.call("PUT", f"/api/verifications/{number}", {"decision": "approved", "version": 1})
    assert (reply.status_code, reply.json["data"]["error"]) == (409, "own_application_protected")


def test_only_administrators_see_applications_and_materials(app, person, other):
    number, image = apply(person), material(person).json["data"]["id"]
    for path in ("/api/verifications", f"/api/verifications/{number}", f"/media/materials/{image}"):
        assert other.call("GET", path).status_code == 403
        assert person.call("GET", path).status_code == 403
        assert app.test_client().get(path).status_code == 401
    decision = {"decision": "approved", "version": 1}
    assert other.call("PUT", f"/api/verifications/{number}", decision).status_code == 403


def test_what_is_not_there_is_missing(admin):
    for path in ("/api/verifications/99", "/media/materials/99", "/media/materials/9007199254740993"):
        reply = admin.call("GET", path)
        assert (reply.status_code, reply.json["code"]) == (404, 0)
    assert admin.call("PUT", "/api/verifications/99", {"decision": "approved", "version": 1}).status_code == 404


@pytest.mark.parametrize("content", [b"not an image", samples.SVG, samples.bomb(6000)])
def test_a_hostile_material_is_refused(person, content):
    assert material(person, content).status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"real_name": ""},
        {"real_name": "x" * 51},
        {"real_name": "a\tb"},
        {"number": "123"},
        {"number": "1' OR '1'='1"},
        {"material_ids": []},
        {"material_ids": [1] * 7},
        {"material_ids": ["1"]},
        {"material_ids": [0]},
        {"material_ids": [2**53]},
        {"state": 2},
    ],
)
def test_an_application_of_another_form_is_refused(person, change):
    assert person.call("POST", "/api/user/verification", body(1) | change).status_code == 422


@pytest.mark.parametrize("change", [{"decision": "verified"}, {"version": None}, {"note": "x" * 501}, {"note": "a\0b"}])
def test_a_decision_of_another_form_is_refused(person, admin, change):
    number = apply(person)
    decision = {"decision": "approved", "version": 1} | change
    assert admin.call("PUT", f"/api/verifications/{number}", decision).status_code in {400, 422}
    assert person.ok("GET", "/api/user/verification")["verification"]["name"] == "pending"


def test_a_list_takes_known_filters_only(admin):
    assert admin.call("GET", "/api/verifications?state=none").status_code == 422
    assert admin.call("GET", "/api/verifications?size=101").status_code == 422
    assert admin.call("GET", "/api/verifications?colour=red").status_code == 422
