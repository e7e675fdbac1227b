"""Projects, members, invitations and activity as clients send and receive them."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints

from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import LINE, PART, TEXT, RowNumber, Version
from wxcloudrun.core.pagination import Cursor, PageNumber, PageSize
from wxcloudrun.core.shapes import Input, View, example
from wxcloudrun.features.projects.models import MemberRole
from wxcloudrun.features.users.schemas import Choice, media_path

ProjectName = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=LINE), Field(description="Shown to its members.")
]
Description = Annotated[str, Field(max_length=500, pattern=TEXT)]
RoleName = Literal["viewer", "runner", "editor", "owner"]
InvitedRole = Literal["viewer", "runner", "editor"]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$", description="Code of the invitation.")]
ProjectOrder = Literal["id", "-id", "name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"]
MemberOrder = Literal["id", "-id", "role", "-role", "nickname", "-nickname"]


class ProjectMade(Input):
    """A new project; who makes it owns it."""

    model_config = example({"name": "Shop", "description": "Tests of the shop's API."})

    name: ProjectName
    description: Description = ""


class ProjectChange(Input):
    """The fields of a project to change; those that are not sent stay."""

    model_config = example({"description": "Tests of the shop's API, version 2."})

    name: ProjectName | None = None
    description: Description | None = None
    version: Version | None = None


class ProjectsQuery(Input):
    """Which projects to list."""

    q: str | None = Field(None, max_length=64, pattern=PART, description="Part of the name, letter by letter.")
    state: Literal["active", "archived"] | None = None
    role: RoleName | None = Field(None, description="Only those in which one has this role.")
    everyone: bool = Field(False, description="Not only one's own; for administrators of the service.")
    sort: ProjectOrder = Field("-id", description="Order; `-` means falling.")
    page: PageNumber = 1
    size: PageSize = 20


class ProjectView(View):
    """A project, and one's own role in it (null: none, an administrator of the service looks on)."""

    id: int
    name: str
    description: str
    state: Choice
    role: Choice | None
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, project: Any, role: MemberRole | None) -> Self:
        """The view of a project's row."""
        return cls(
            id=project.id,
            name=project.name,
            description=project.description,
            state=Choice.of(project.state),
            role=None if role is None else Choice.of(role),
            version=project.version,
            created_at=iso(project.created_at),
            updated_at=iso(project.updated_at),
        )


class ActivityQuery(Input):
    """Which stretch of a project's activity to list, newest first."""

    cursor: Cursor | None = None
    size: PageSize = 20


class ActivityView(View):
    """What somebody changed: `before` and `after` hold what differs, secrets masked."""

    id: int
    at: str
    actor_id: int | None
    nickname: str | None
    action: str
    target_type: str
    target_id: int | None
    before: Any
    after: Any

    @classmethod
    def of(cls, entry: Any) -> Self:
        """The view of an audit entry's row with its actor's nickname."""
        return cls(
            id=entry.id,
            at=iso(entry.at),
            actor_id=entry.actor_id,
            nickname=entry.nickname,
            action=entry.action,
            target_type=entry.target_type,
            target_id=entry.target_id,
            before=None if entry.before is None else json.loads(entry.before),
            after=None if entry.after is None else json.loads(entry.after),
        )


class MembersQuery(Input):
    """Which members to list."""

    q: str | None = Field(None, max_length=32, pattern=PART, description="Part of the nickname, letter by letter.")
    role: RoleName | None = None
    sort: MemberOrder = Field("id", description="Order (`id` is that of joining); `-` means falling.")
    page: PageNumber = 1
    size: PageSize = 20


class MemberView(View):
    """A person in a project."""

    user_id: int
    nickname: str
    avatar_url: str | None
    role: Choice
    joined_at: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """The view of a member's row."""
        return cls(
            user_id=row.user_id,
            nickname=row.nickname,
            avatar_url=None if row.avatar is None else media_path(row.avatar),
            role=Choice.of(row.role),
            joined_at=iso(row.joined_at),
        )


class MemberChange(Input):
    """Another role for a member."""

    model_config = example({"role": "runner"})

    role: RoleName

    @property
    def wanted(self) -> MemberRole:
        """The role of that name."""
        return MemberRole[self.role.upper()]


class MemberRemoved(View):
    """Who is no member any more."""

    user_id: int


class Transfer(Input):
    """The member who shall own the project instead of oneself."""

    model_config = example({"user_id": 2})

    user_id: RowNumber


class InvitationMade(Input):
    """An invitation; who shows its code becomes a member."""

    model_config = example({"role": "runner", "expires_in_hours": 168, "uses": 1})

    role: InvitedRole = "runner"
    expires_in_hours: Annotated[int, Field(ge=1, le=720, description="How long it works.")] = 72
    uses: Annotated[int, Field(ge=1, le=1000, description="How many people it lets in.")] = 1


class InvitationsQuery(Input):
    """Which invitations to list, the newest first."""

    usable: bool = Field(False, description="Only those that still let somebody in.")
    page: PageNumber = 1
    size: PageSize = 20


class InvitationView(View):
    """An invitation without its code."""

    id: int
    role: Choice
    inviter: str | None
    uses: int
    uses_left: int
    expires_at: str
    revoked_at: str | None
    created_at: str

    @classmethod
    def of(cls, row: Any, nickname: str | None, **more: Any) -> Self:
        """The view of an invitation's row."""
        return cls(
            id=row.id,
            role=Choice.of(row.role),
            inviter=nickname,
            uses=row.uses,
            uses_left=row.uses_left,
            expires_at=iso(row.expires_at),
            revoked_at=None if row.revoked_at is None else iso(row.revoked_at),
            created_at=iso(row.created_at),
            **more,
        )


class NewInvitation(InvitationView):
    """An invitation with its code, which is shown this once and kept nowhere."""

    code: str
    path: str = Field(description="Page of the mini-program with the code, for sharing.")


class InvitationShown(View):
    """What somebody sees before accepting."""

    project: str
    description: str
    role: Choice
    inviter: str | None
    expires_at: str


class PreviewQuery(Input):
    """Which invitation to look at."""

    code: Code


class Accepted(Input):
    """The code that one was given."""

    model_config = example({"code": "uIJUlT1i88Suvmv2kx-JbQ"})

    code: Code


class InvitationQrcode(Input):
    """A mini-program code for an invitation; its `scene` is `i=` and the invitation's code."""

    model_config = example({"code": "uIJUlT1i88Suvmv2kx-JbQ", "env_version": "release", "width": 430})

    code: Code
    env_version: Literal["release", "trial", "develop"] = "release"
    width: Annotated[int, Field(ge=280, le=1280, description="Pixels.")] = 430
