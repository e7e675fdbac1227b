"""Projects, their members, invitations to them, and the tokens by which programs come in."""

from datetime import datetime
from enum import IntEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import ROW_ID, IntEnumColumn, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class ProjectState(IntEnum):
    """Whether a project can be changed."""

    ACTIVE = 1
    ARCHIVED = 2


class MemberRole(IntEnum):
    """What a member may do in a project; who may more may everything that one with a smaller number may."""

    VIEWER = 1
    RUNNER = 2
    EDITOR = 3
    OWNER = 4


class Project(Base):
    """The tenant: everything else of the product belongs to one."""

    __tablename__ = "projects"

    id: Mapped[int] = row_id()
    name: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[ProjectState] = mapped_column(IntEnumColumn(ProjectState), default=ProjectState.ACTIVE)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ProjectMember(Base):
    """A person in a project."""

    __tablename__ = "project_members"
    __table_args__ = (
        UniqueConstraint("project_id", "user_id"),
        Index(None, "user_id", "project_id"),
        Index(None, "project_id", "role", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    user_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"))
    role: Mapped[MemberRole] = mapped_column(IntEnumColumn(MemberRole))
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ProjectInvitation(Base):
    """A code that makes whoever shows it a member; only its hash is kept."""

    __tablename__ = "project_invitations"
    __table_args__ = (Index(None, "project_id", "id"), Base.__table_args__)

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    inviter_id: Mapped[int | None] = mapped_column(ROW_ID, ForeignKey("users.id"))
    code_hash: Mapped[str] = mapped_column(code(64), unique=True)
    role: Mapped[MemberRole] = mapped_column(IntEnumColumn(MemberRole))
    uses: Mapped[int]
    uses_left: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiToken(Base):
    """What a program shows instead of a person; only its hash is kept. It does what its maker may, up to `role`."""

    __tablename__ = "api_tokens"
    __table_args__ = (Index(None, "project_id", "id"), Base.__table_args__)

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    maker_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(code(64), unique=True)
    role: Mapped[MemberRole] = mapped_column(IntEnumColumn(MemberRole))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AddressGrant(Base):
    """An address range that a project's runs may reach though it is not public; an administrator answers for it."""

    __tablename__ = "address_grants"
    __table_args__ = (Index(None, "project_id", "id"), Base.__table_args__)

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    rule: Mapped[str] = mapped_column(code(64))
    reason: Mapped[str] = mapped_column(String(200))
    granter_id: Mapped[int | None] = mapped_column(ROW_ID)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
