"""The record of changes: written with the change or not at all, masked, and a chain that shows what was altered."""

import threading

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from tests.conftest import FakeWeChat, Person, log_in
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.actor import SYSTEM
from wxcloudrun.core.db import db, transaction
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.audit.service import AuditService


def _service(app: Flask) -> AuditService:
    return app.extensions[EXTENSION].get(AuditService)


def _write(app: Flask, count: int, **state: object) -> None:
    with transaction(db.session):
        for number in range(count):
            _service(app).record(SYSTEM, "test.written", ("thing", number), None, state or {"number": number})


def _rows() -> list[AuditEntry]:
    return list(
        db.session.scalars(select(AuditEntry).order_by(AuditEntry.id).execution_options(populate_existing=True))
    )


def test_a_change_and_its_entry_are_kept_together(app: Flask, person: Person):
    person.ok("PUT", "/api/user/profile", {"nickname": "new"}, headers={"X-Request-ID": "request-of-the-change"})
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "user.profile")).one()
    assert (entry.actor_id, entry.target_id, entry.request_id) == (person.id, person.id, "request-of-the-change")
    assert "nickname" in (entry.after or "")


def test_a_change_that_was_not_kept_leaves_no_entry(app: Flask, person: Person):
    with app.app_context():
        before = db.session.scalar(select(func.count()).select_from(AuditEntry))
    assert person.call("PUT", "/api/user/profile", {"nickname": "late", "version": 99}).status_code == 409
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before
        with pytest.raises(ZeroDivisionError), transaction(db.session):  # noqa: PT012 - both belong to the block
            _service(app).record(SYSTEM, "test.undone", ("thing", 1))
            raise ZeroDivisionError
        assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_secrets_and_personal_data_are_masked_before_they_are_written(app: Flask):
    with app.app_context():
        _write(app, 1, phone="+8613800138000", deep={"session_key": "abc", "list": [{"token": "abc"}]}, nickname="seen")
        text = _rows()[-1].after or ""
    assert "13800138000" not in text
    assert "abc" not in text
    assert "seen" in text


def test_a_chain_that_nobody_touched_holds(each_app: Flask):
    with each_app.app_context():
        service = _service(each_app)
        assert service.seal() == 0
        _write(each_app, 7)
        held = _rows()
        assert service.seal() == 7
        _write(each_app, 3)
        assert service.seal() == 3, "also when a session still holds the rows as they were"
        assert service.seal() == 0
        verdict = service.verify()
        assert (verdict.links, verdict.faults) == (10, ())
        assert len(held) == 7


@pytest.mark.parametrize(
    "change",
    [{"action": "test.forged"}, {"actor_id": 1}, {"after": None}, {"target_id": 99}, {"request_id": "x"}],
    ids=str,
)
def test_an_altered_entry_is_named(each_app: Flask, change: dict[str, object]):
    with each_app.app_context():
        _write(each_app, 5)
        _service(each_app).seal()
        victim = _rows()[2].id
        db.session.execute(update(AuditEntry).where(AuditEntry.id == victim).values(**change))
        db.session.commit()
        db.session.expunge_all()
        faults = _service(each_app).verify().faults
        assert len(faults) == 1
        assert f"audit entry {victim} " in faults[0]


def test_a_removed_entry_is_named_by_its_place(each_app: Flask):
    with each_app.app_context():
        _write(each_app, 5)
        _service(each_app).seal()
        db.session.execute(delete(AuditEntry).where(AuditEntry.id == _rows()[2].id))
        db.session.commit()
        db.session.expunge_all()
        faults = _service(each_app).verify().faults
        assert any("3 to 3 were removed" in fault for fault in faults), faults


def test_two_entries_that_changed_places_are_named(app: Flask):
    with app.app_context():
        _write(app, 4)
        _service(app).seal()
        second, third = _rows()[1].id, _rows()[2].id
        db.session.execute(update(AuditEntry).where(AuditEntry.id == second).values(target_id=2))
        db.session.execute(update(AuditEntry).where(AuditEntry.id == third).values(target_id=1))
        db.session.commit()
        db.session.expunge_all()
        assert len(_service(app).verify().faults) == 2


def test_two_sealers_and_a_writer_at_once_make_one_chain(each_app: Flask):
    """A sealer that comes second may be refused by the unique number; it tries again later. The chain always holds."""
    stop, refused, broken = threading.Event(), [], []

    def seal() -> None:
        with each_app.app_context():
            while not stop.is_set():
                try:
                    _service(each_app).seal()
                except IntegrityError:
                    refused.append(1)
                except Exception as error:
                    broken.append(error)
                    return

    sealers = [threading.Thread(target=seal) for _ in range(2)]
    for sealer in sealers:
        sealer.start()
    with each_app.app_context():
        for _ in range(30):
            _write(each_app, 3)
    stop.set()
    for sealer in sealers:
        sealer.join()
    assert broken == []
    with each_app.app_context():
        _service(each_app).seal()
        verdict = _service(each_app).verify()
    assert (verdict.links, verdict.faults) == (90, ())


def test_administrators_page_through_the_record_and_nobody_else_does(app: Flask, wechat: FakeWeChat, admin: Person):
    people = [log_in(app, wechat, f"somebody-recorded-{number}") for number in range(5)]
    seen, mark = [], ""
    while True:
        page = admin.ok("GET", f"/api/audit?size=2{mark}")
        seen += [entry["id"] for entry in page["items"]]
        if page["next"] is None:
            break
        mark = f"&cursor={page['next']}"
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) >= 6
    mine = admin.ok("GET", f"/api/audit?target_type=user&target_id={people[0].id}")["items"]
    assert [entry["action"] for entry in mine] == ["user.created"]
    assert people[0].call("GET", "/api/audit").status_code == 403


def test_the_command_line_seals_and_checks(app: Flask):
    with app.app_context():
        _write(app, 2)
    runner = app.test_cli_runner()
    assert "2 entries sealed" in runner.invoke(args=["audit", "seal"]).output
    assert runner.invoke(args=["audit", "verify"]).exit_code == 0
    with app.app_context():
        db.session.execute(update(AuditEntry).values(action="forged"))
        db.session.commit()
    checked = runner.invoke(args=["audit", "verify"])
    assert checked.exit_code == 1
    assert "was altered" in checked.output


def test_a_chain_that_was_cut_or_made_anew_is_found_out_by_a_link_kept_elsewhere(app, person):
    audit = app.extensions[EXTENSION].get(AuditService)
    with app.app_context():
        person.ok("PUT", "/api/user/profile", {"nickname": "somebody"})
        audit.seal()
        verdict = audit.verify()
        kept = (verdict.links, verdict.tip)
        assert not audit.verify(kept).faults
        db.session.execute(delete(AuditEntry).where(AuditEntry.seal == verdict.links))
        db.session.commit()
        assert not audit.verify().faults, "alone, the chain cannot see that its end is missing"
        assert "cut or made anew" in audit.verify(kept).faults[-1]
