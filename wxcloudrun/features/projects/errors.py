"""Refusals about projects, their members and invitations."""

from wxcloudrun.core.errors import Conflict, Forbidden, Missing


# fmt: off
class ProjectNotFound(Missing):
    zh, en = "项目不存在", "There is no such project"


class RightRequired(Forbidden):
    zh, en = "您在该项目中的权限不足，需要角色 {role}", "This needs the role {role} in the project; ask an owner"


class ProjectArchived(Conflict):
    zh, en = "项目已归档，恢复后才能修改", "The project is archived; restore it before changing anything"


class MemberNotFound(Missing):
    zh, en = "该用户不是项目成员", "This person is not a member of the project"


class LastOwnerProtected(Conflict):
    zh, en = "项目至少需要一名所有者，请先转让", "A project keeps at least one owner; transfer it first"


class InvitationNotFound(Missing):
    zh, en = "邀请不存在", "There is no such invitation"


class InvitationExpired(Conflict):
    zh, en = "邀请已过期，请让对方重新邀请", "This invitation has expired; ask for a new one"


class InvitationRevoked(Conflict):
    zh, en = "邀请已被撤销", "This invitation was revoked"


class InvitationUsedUp(Conflict):
    zh, en = "邀请的使用次数已用完", "This invitation was used as often as it may be; ask for a new one"


class InvitationCodeWrong(Conflict):
    zh, en = "邀请码与该邀请不符", "This code does not belong to this invitation"
# fmt: on
