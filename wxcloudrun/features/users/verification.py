"""Being verified: the materials and the application, and the administrators' reviews."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor, Verification
from wxcloudrun.core.clock import Clock, iso
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict
from wxcloudrun.core.pagination import Page
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.users import errors
from wxcloudrun.features.users.dao import UserDao, VerificationDao
from wxcloudrun.features.users.pictures import PictureFiles
from wxcloudrun.features.users.schemas import (
    ApplicationDetail,
    ApplicationLine,
    ApplicationsQuery,
    ApplicationView,
    Choice,
    MaterialView,
    OwnVerification,
    ReviewDecision,
    VerificationApplied,
)
from wxcloudrun.features.users.service import found

REAL_NAME = "verification_applications.real_name"
NUMBER = "verification_applications.number"
MATERIAL_SIDE = 1600
_MOST_UNUSED = 12
_UNUSED_LIFE = timedelta(hours=24)
_BATCH = 100


class VerificationService:
    """What somebody does to be verified."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        files: PictureFiles,
        users: UserDao | None = None,
        applications: VerificationDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._files = files
        self._users = users or UserDao(session)
        self._applications = applications or VerificationDao(session)

    def own(self, actor: Actor) -> OwnVerification:
        """One's own state and latest application."""
        person = found(self._users.get(actor.user_id or 0))
        latest = self._applications.latest(person.id)
        application = None if latest is None else ApplicationView.of(latest)
        return OwnVerification(verification=Choice.of(person.verification), application=application)

    def add_material(self, actor: Actor, content: bytes) -> MaterialView:
        """Keep an image for an application to come.

        Raises TooManyMaterials, ImageRefused, ImageTooLarge, StorageUnavailable.
        """
        self._refuse_too_many(actor.user_id or 0)
        return self._store_material(actor, self._files.keep(content, "materials", MATERIAL_SIDE))

    @unit_of_work
    def apply(self, actor: Actor, application: VerificationApplied) -> ApplicationView:
        """Ask to be verified. Raises VerificationPending, AlreadyVerified, MaterialNotFound."""
        person = found(self._users.locked(actor.user_id or 0))
        if person.verification is Verification.PENDING:
            raise errors.VerificationPending
        if person.verification is Verification.VERIFIED:
            raise errors.AlreadyVerified
        number = self._applications.add(
            {
                "user_id": person.id,
                "state": Verification.PENDING,
                "real_name": self._keys.encrypt(application.real_name, REAL_NAME),
                "number": self._keys.encrypt(application.number, NUMBER),
                "note": "",
                "version": 1,
                "created_at": self._clock.now(),
            }
        )
        materials = sorted(set(application.material_ids))
        if self._applications.attach(person.id, materials, number) != len(materials):
            raise errors.MaterialNotFound
        self._users.edit(person.id, {"verification": Verification.PENDING}, self._clock.now())
        self._audit.record(actor, "verification.applied", ("verification", number), None, {"materials": len(materials)})
        return ApplicationView.of(self._applications.latest(person.id))

    def clear(self) -> int:
        """Remove materials that were not used within a day; how many. Called in the background."""
        rows = self._applications.unattached(self._clock.now() - _UNUSED_LIFE, _BATCH)
        return sum(self._cleared(row) for row in rows)

    @unit_of_work
    def _cleared(self, row: Row[Any]) -> bool:
        if not self._applications.remove_material(row.id):
            return False
        self._files.let_go([row.file])
        return True

    @unit_of_work
    def _store_material(self, actor: Actor, key: str) -> MaterialView:
        person = found(self._users.locked(actor.user_id or 0))
        self._refuse_too_many(person.id)
        self._files.adopt(key)
        now = self._clock.now()
        number = self._applications.add_material(person.id, key, now)
        self._audit.record(actor, "verification.material", ("verification_material", number))
        return MaterialView(id=number, created_at=iso(now))

    def _refuse_too_many(self, user_id: int) -> None:
        rows = self._applications.materials_of_person(user_id)
        if sum(row.application_id is None for row in rows) >= _MOST_UNUSED:
            raise errors.TooManyMaterials


class ReviewService:
    """What administrators do with applications; the routes admit nobody else."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        files: PictureFiles,
        users: UserDao | None = None,
        applications: VerificationDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._files = files
        self._users = users or UserDao(session)
        self._applications = applications or VerificationDao(session)

    def page(self, query: ApplicationsQuery) -> Page[ApplicationLine]:
        """Applications, the oldest first; what was written in them is not shown here."""
        state = None if query.state is None else Verification[query.state.upper()]
        rows, total = self._applications.page(state, (query.page - 1) * query.size, query.size)
        return Page(items=[_line(row) for row in rows], page=query.page, size=query.size, total=total)

    @unit_of_work
    def view(self, actor: Actor, application_id: int) -> ApplicationDetail:
        """An application with name and number; that it was read is recorded. Raises VerificationNotFound."""
        row = self._found(application_id)
        self._audit.record(actor, "verification.viewed", ("verification", row.id))
        return self._detail(row)

    def material(self, actor: Actor, material_id: int) -> bytes:
        """The image of a material; that it was read is recorded. Raises ImageNotFound, StorageUnavailable."""
        return self._files.read(self._material(actor, material_id))

    @unit_of_work
    def decide(self, actor: Actor, application_id: int, decision: ReviewDecision) -> ApplicationDetail:
        """Verify the person, or not. Of two reviewers at once one decides, the other gets the present state.

        Raises VerificationNotFound, OwnApplicationProtected, VerificationDecided, EditConflict.
        """
        row = self._found(application_id)
        if row.user_id == actor.user_id:
            raise errors.OwnApplicationProtected
        found(self._users.locked(row.user_id))
        state = Verification.VERIFIED if decision.decision == "approved" else Verification.REJECTED
        now = self._clock.now()
        values = {"state": state, "note": decision.note, "reviewer_id": actor.user_id, "reviewed_at": now}
        if not self._applications.decide(application_id, decision.version, values):
            raise self._too_late(application_id, decision.version)
        self._users.edit(row.user_id, {"verification": state}, now)
        self._audit.record(
            actor,
            f"verification.{decision.decision}",
            ("verification", application_id),
            {"state": row.state, "user_id": row.user_id},
            {"state": state, "user_id": row.user_id},
        )
        return self._detail(self._found(application_id))

    def _too_late(self, application_id: int, version: int) -> Exception:
        row = self._found(application_id)
        present = _line(row)
        return (EditConflict if row.version != version else errors.VerificationDecided)(present=present)

    @unit_of_work
    def _material(self, actor: Actor, material_id: int) -> str:
        row = self._applications.material(material_id)
        if row is None:
            raise errors.ImageNotFound
        self._audit.record(actor, "verification.material_viewed", ("verification_material", row.id))
        return str(row.file)

    def _found(self, application_id: int) -> Row[Any]:
        row = self._applications.get(application_id)
        if row is None:
            raise errors.VerificationNotFound
        return row

    def _detail(self, row: Row[Any]) -> ApplicationDetail:
        return ApplicationDetail.of(
            row,
            user_id=row.user_id,
            nickname=row.nickname,
            real_name=opened(self._keys, row.real_name, REAL_NAME),
            number=opened(self._keys, row.number, NUMBER),
            reviewer_id=row.reviewer_id,
            materials=[
                MaterialView(id=material.id, created_at=iso(material.created_at))
                for material in self._applications.materials(row.id)
            ],
        )


def opened(keys: KeyRing, stored: str | None, context: str) -> str | None:
    """A value that may be empty, decrypted."""
    return None if stored is None else keys.decrypt(stored, context)


def _line(row: Row[Any]) -> ApplicationLine:
    return ApplicationLine.of(row, user_id=row.user_id, nickname=row.nickname)
