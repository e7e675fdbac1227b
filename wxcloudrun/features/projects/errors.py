"""Refusals about projects, their members and invitations."""

from wxcloudrun.core.errors import Conflict, Forbidden, Missing, Unauthenticated


# fmt: off
class ProjectNotFound(Missing):
    zh = "项目不存在，或您不是成员（请项目所有者邀请您）"
    en = "There is no such project, or you are no member; ask an owner for an invitation"


class RightRequired(Forbidden):
    zh = "您在该项目中的权限不足，需要角色 {role}，请联系项目所有者"
    en = "This needs the role {role} in the project; ask an owner"


class ProjectArchived(Conflict):
    zh, en = "项目已归档，恢复后才能修改", "The project is archived; restore it before changing anything"


class MemberNotFound(Missing):
    zh = "该用户不是项目成员，请查看成员列表"
    en = "This person is not a member of the project; look at the list of members"


class LastOwnerProtected(Conflict):
    zh, en = "项目至少需要一名所有者，请先转让", "A project keeps at least one owner; transfer it first"


class InvitationNotFound(Missing):
    zh, en = "邀请不存在，请检查邀请码", "There is no such invitation; check the code"


class InvitationExpired(Conflict):
    zh, en = "邀请已过期，请让对方重新邀请", "This invitation has expired; ask for a new one"


class InvitationRevoked(Conflict):
    zh, en = "邀请已被撤销，请让对方重新邀请", "This invitation was revoked; ask for a new one"


class InvitationUsedUp(Conflict):
    zh = "邀请的使用次数已用完，请让对方重新邀请"
    en = "This invitation was used as often as it may be; ask for a new one"


class ApiTokenInvalid(Unauthenticated):
    zh = "接口令牌无效、已过期或已被撤销，请在项目中新建一个"
    en = "This API token is unknown, has expired or was withdrawn; make a new one in its project"


class ApiTokenNotFound(Missing):
    zh, en = "接口令牌不存在，请查看令牌列表", "There is no such API token; look at the list of tokens"


class TooManyApiTokens(Conflict):
    zh = "一个项目最多有 {limit} 个可用的接口令牌，请先撤销不再使用的"
    en = "A project has at most {limit} API tokens that work; withdraw one that is not used any more"


class AddressGrantNotFound(Missing):
    zh, en = "没有这条地址授权", "There is no such grant"


class InvitationCodeWrong(Conflict):
    zh, en = "邀请码与该邀请不符", "This code does not belong to this invitation"
# fmt: on
