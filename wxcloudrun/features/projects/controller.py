"""Projects, members and invitations over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.pagination import Page, Slice
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.projects.exchange import (
    ApiTokenMade,
    ApiTokensQuery,
    ApiTokenView,
    GrantMade,
    GrantsQuery,
    GrantView,
    NewApiToken,
)
from wxcloudrun.features.projects.invitations import InvitationService
from wxcloudrun.features.projects.members import MemberService
from wxcloudrun.features.projects.ranges import AddressGrants
from wxcloudrun.features.projects.schemas import (
    Accepted,
    ActivityQuery,
    ActivityView,
    InvitationMade,
    InvitationQrcode,
    InvitationShown,
    InvitationsQuery,
    InvitationView,
    MemberChange,
    MemberRemoved,
    MembersQuery,
    MemberView,
    NewInvitation,
    PreviewQuery,
    ProjectChange,
    ProjectMade,
    ProjectsQuery,
    ProjectView,
    Transfer,
)
from wxcloudrun.features.projects.service import ProjectService
from wxcloudrun.features.projects.tokens import ApiTokenService
from wxcloudrun.features.wechat.schemas import Qrcode


def projects(actor: Actor, query: ProjectsQuery, projects: ProjectService) -> Page[ProjectView]:
    """List one's own projects."""
    return projects.page(actor, query)


def add_project(actor: Actor, body: ProjectMade, projects: ProjectService) -> ProjectView:
    """Make a project, which one owns then."""
    return projects.add(actor, body)


def project(actor: Actor, project_id: int, projects: ProjectService) -> ProjectView:
    """Read a project."""
    return projects.view(actor, project_id)


def change_project(actor: Actor, project_id: int, body: ProjectChange, projects: ProjectService) -> ProjectView:
    """Change a project's name or description. For owners."""
    return projects.change(actor, project_id, body)


def archive(actor: Actor, project_id: int, projects: ProjectService) -> ProjectView:
    """Archive a project: it can be read, and nothing in it changed or run. For owners."""
    return projects.archive(actor, project_id)


def restore(actor: Actor, project_id: int, projects: ProjectService) -> ProjectView:
    """Take an archived project up again. For owners."""
    return projects.restore(actor, project_id)


def activity(actor: Actor, project_id: int, query: ActivityQuery, projects: ProjectService) -> Slice[ActivityView]:
    """List what was changed in a project, newest first."""
    return projects.activity(actor, project_id, query)


def members(actor: Actor, project_id: int, query: MembersQuery, members: MemberService) -> Page[MemberView]:
    """List the members of a project."""
    return members.page(actor, project_id, query)


def change_member(
    actor: Actor, project_id: int, user_id: int, body: MemberChange, members: MemberService
) -> MemberView:
    """Give a member another role. For owners."""
    return members.change(actor, project_id, user_id, body.wanted)


def remove_member(actor: Actor, project_id: int, user_id: int, members: MemberService) -> MemberRemoved:
    """Leave a project, or remove a member. Removing is for owners."""
    return members.remove(actor, project_id, user_id)


def transfer(actor: Actor, project_id: int, body: Transfer, members: MemberService) -> ProjectView:
    """Hand the project over to a member, and stay as editor. For owners."""
    return members.transfer(actor, project_id, body)


def invitations(
    actor: Actor, project_id: int, query: InvitationsQuery, invitations: InvitationService
) -> Page[InvitationView]:
    """List the invitations to a project, the newest first. For owners."""
    return invitations.page(actor, project_id, query)


def invite(actor: Actor, project_id: int, body: InvitationMade, invitations: InvitationService) -> NewInvitation:
    """Make an invitation; its code is shown this once. For owners."""
    return invitations.add(actor, project_id, body)


def revoke(actor: Actor, project_id: int, invitation_id: int, invitations: InvitationService) -> None:
    """End an invitation. For owners."""
    invitations.revoke(actor, project_id, invitation_id)


def invitation_qrcode(
    actor: Actor, project_id: int, invitation_id: int, body: InvitationQrcode, invitations: InvitationService
) -> Qrcode:
    """Make a mini-program code that opens the invitation. For owners."""
    return invitations.qrcode(actor, project_id, invitation_id, body)


def api_tokens(actor: Actor, project_id: int, query: ApiTokensQuery, tokens: ApiTokenService) -> Page[ApiTokenView]:
    """List the tokens by which programs come in, the newest first. For editors."""
    return tokens.page(actor, project_id, query)


def add_api_token(actor: Actor, project_id: int, body: ApiTokenMade, tokens: ApiTokenService) -> NewApiToken:
    """Make a token for a program such as a CI job; its text is shown this once. For editors."""
    return tokens.add(actor, project_id, body)


def revoke_api_token(actor: Actor, project_id: int, token_id: int, tokens: ApiTokenService) -> Removed:
    """Withdraw a token; it works no more from this moment on. For editors."""
    return tokens.revoke(actor, project_id, token_id)


def grants(actor: Actor, project_id: int, query: GrantsQuery, grants: AddressGrants) -> Page[GrantView]:
    """List the address ranges besides public ones that the project's runs may reach, the newest first."""
    return grants.page(actor, project_id, query)


def add_grant(actor: Actor, project_id: int, body: GrantMade, grants: AddressGrants) -> GrantView:
    """Let the project's runs reach an address range that is not public. For administrators of the service."""
    return grants.add(actor, project_id, body)


def revoke_grant(actor: Actor, project_id: int, grant_id: int, grants: AddressGrants) -> Removed:
    """Withdraw an address range. For administrators of the service."""
    return grants.revoke(actor, project_id, grant_id)


def preview(query: PreviewQuery, invitations: InvitationService) -> InvitationShown:
    """Read what an invitation leads to, before accepting it."""
    return invitations.preview(query.code)


def accept(actor: Actor, body: Accepted, invitations: InvitationService) -> ProjectView:
    """Accept an invitation."""
    return invitations.accept(actor, body.code)
