"""People, their applications to be verified, pictures that are being checked, and files that await removal."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.actor import Role, Status, Verification
from wxcloudrun.core.columns import ENCRYPTED, ROW_ID, IntEnumColumn, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class User(Base):
    """A person. `phone` and `session_key` are encrypted; `phone_hash` is keyed and finds a phone.

    `token_version` rises when every session must end at once; `version` rises with each edit of the person's data.
    """

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("appid", "openid"),
        UniqueConstraint("phone_hash"),
        Index(None, "role", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = row_id()
    appid: Mapped[str | None] = mapped_column(code(64))
    openid: Mapped[str | None] = mapped_column(code(64))
    unionid: Mapped[str | None] = mapped_column(code(64), index=True)
    session_key: Mapped[str | None] = mapped_column(String(255), info=ENCRYPTED)
    nickname: Mapped[str] = mapped_column(String(64), default="")
    gender: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(code(8), default="zh_CN")
    signature: Mapped[str] = mapped_column(String(255), default="")
    avatar: Mapped[str | None] = mapped_column(code(128))
    phone: Mapped[str | None] = mapped_column(String(255), info=ENCRYPTED)
    phone_hash: Mapped[str | None] = mapped_column(code(64))
    role: Mapped[Role] = mapped_column(IntEnumColumn(Role), default=Role.USER)
    status: Mapped[Status] = mapped_column(IntEnumColumn(Status), default=Status.ACTIVE)
    verification: Mapped[Verification] = mapped_column(IntEnumColumn(Verification), default=Verification.NONE)
    token_version: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VerificationApplication(Base):
    """Somebody's request to be verified; name and number are encrypted."""

    __tablename__ = "verification_applications"
    __table_args__ = (Index(None, "state", "id"), Base.__table_args__)

    id: Mapped[int] = row_id()
    user_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"), index=True)
    state: Mapped[Verification] = mapped_column(IntEnumColumn(Verification), default=Verification.PENDING)
    real_name: Mapped[str | None] = mapped_column(String(512), info=ENCRYPTED)
    number: Mapped[str | None] = mapped_column(String(512), info=ENCRYPTED)
    note: Mapped[str] = mapped_column(String(500), default="")
    reviewer_id: Mapped[int | None] = mapped_column(ROW_ID, ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VerificationMaterial(Base):
    """An image that proves something: uploaded first, attached to an application when that is sent."""

    __tablename__ = "verification_materials"

    id: Mapped[int] = row_id()
    user_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ROW_ID, ForeignKey("verification_applications.id"), index=True)
    file: Mapped[str] = mapped_column(code(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MediaCheck(Base):
    """A picture that WeChat was asked about and has not judged yet."""

    __tablename__ = "media_checks"

    trace_id: Mapped[str] = mapped_column(code(128), primary_key=True)
    user_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"), index=True)
    file: Mapped[str] = mapped_column(code(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class LooseFile(Base):
    """A stored file that no row refers to: not yet, since it is being uploaded, or no more.

    Written before the file is, and in the transaction that drops the last reference; so no file is ever forgotten.
    """

    __tablename__ = "loose_files"

    key: Mapped[str] = mapped_column(code(128), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
