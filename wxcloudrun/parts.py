"""How the parts of people are made; app.py puts them together with the rest."""

from typing import TYPE_CHECKING, Any

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.container import Container
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.auth.access import SessionService
from wxcloudrun.features.users.administration import AdministrationService
from wxcloudrun.features.users.moderation import AvatarModeration, ContentModeration
from wxcloudrun.features.users.phone import PhoneService
from wxcloudrun.features.users.pictures import AvatarService, PictureFiles
from wxcloudrun.features.users.privacy import PrivacyService, SessionHooks
from wxcloudrun.features.users.service import ProfileService
from wxcloudrun.features.users.verification import ReviewService, VerificationService
from wxcloudrun.features.wechat.subscriptions import SubscriptionService
from wxcloudrun.integrations.object_store import DiskStore, ObjectStore, S3Settings, S3Store
from wxcloudrun.integrations.wechat.contract import WeChat

if TYPE_CHECKING:
    from config import Settings
    from wxcloudrun.features.projects.members import MemberService


def provide_people(settings: "Settings", container: Container, session: Any, clock: Clock, keys: KeyRing) -> None:
    """How what people do with their own data, and administrators with people's, is made."""
    get, provide = container.get, container.provide

    def moderate(user_id: int, text: str) -> None:
        ContentModeration(session, get(WeChat)).check(user_id, text)

    def forget(user_id: int) -> None:
        get(SessionService).forget(user_id)
        get(SubscriptionService).forget(user_id)
        _members(container).forget(user_id)

    sessions = SessionHooks(
        forget=forget,
        end=lambda actor, user_id: get(SessionService).end_all(actor, user_id),
        of=lambda user_id: [
            view.model_dump(exclude={"current"}) for view in get(SessionService).sessions(Actor(user_id))
        ],
        subscriptions=lambda user_id: [
            view.model_dump() for view in get(SubscriptionService).own(Actor(user_id)).items
        ],
        projects=lambda user_id: _members(container).of_person(user_id),
    )
    check = moderate if settings.wechat_content_check else None
    provide(ObjectStore, lambda: object_store(settings))
    provide(PictureFiles, lambda: PictureFiles(session, clock, get(ObjectStore)))
    provide(ProfileService, lambda: ProfileService(session, clock, keys, get(AuditService), check_text=check))
    provide(PhoneService, lambda: PhoneService(session, clock, keys, get(AuditService), get(WeChat)))
    provide_avatars(settings, container, session, clock, keys)
    provide(
        VerificationService, lambda: VerificationService(session, clock, keys, get(AuditService), get(PictureFiles))
    )
    provide(ReviewService, lambda: ReviewService(session, clock, keys, get(AuditService), get(PictureFiles)))
    provide(
        PrivacyService,
        lambda: PrivacyService(session, clock, keys, get(AuditService), get(PictureFiles), sessions),
    )
    provide(
        AdministrationService,
        lambda: AdministrationService(session, clock, keys, get(AuditService), get(PrivacyService), sessions),
    )


def provide_avatars(settings: "Settings", container: Container, session: Any, clock: Clock, keys: KeyRing) -> None:
    """How avatars are kept and, where WeChat can fetch them, checked."""
    get, provide = container.get, container.provide
    address = settings.public_url.rstrip("/")
    checked = settings.wechat_content_check and address != ""
    provide(
        AvatarModeration,
        lambda: AvatarModeration(session, clock, get(AuditService), get(PictureFiles), lambda: get(WeChat), address),
    )
    provide(
        AvatarService,
        lambda: AvatarService(
            session,
            clock,
            keys,
            get(AuditService),
            get(PictureFiles),
            moderation=get(AvatarModeration) if checked else None,
        ),
    )


def _members(container: Container) -> "MemberService":
    from wxcloudrun.features.projects.members import MemberService  # noqa: PLC0415 - few starts need projects at once

    return container.get(MemberService)


def object_store(settings: "Settings") -> ObjectStore:
    """Where uploaded files are kept."""
    if settings.upload_store == "disk":
        return DiskStore(settings.data_dir / "uploads")
    return S3Store(
        S3Settings(
            endpoint=settings.s3_endpoint,
            bucket=settings.s3_bucket,
            access_key=settings.s3_access_key.get_secret_value(),
            secret_key=settings.s3_secret_key.get_secret_value(),
            region=settings.s3_region,
            secure=settings.s3_secure,
        )
    )
