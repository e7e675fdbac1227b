"""Who may do what with projects; what a member may is ProjectAccess's to say."""

from wxcloudrun.core.errors import AdministratorRequired, EditConflict
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.projects import errors
from wxcloudrun.integrations.wechat import refusals

controller = Later("wxcloudrun.features.projects.controller")
_USER = Access.USER
_ONE = "/api/projects/<int:project_id>"
_MEMBER = f"{_ONE}/members/<int:user_id>"
_INVITATION = f"{_ONE}/invitations/<int:invitation_id>"
_SEEN = (errors.ProjectNotFound,)
_OWNED = (errors.ProjectNotFound, errors.RightRequired)
_WRITTEN = (*_OWNED, errors.ProjectArchived)
_MEMBERS = (errors.MemberNotFound, errors.LastOwnerProtected)
_DEAD = (errors.InvitationNotFound, errors.InvitationRevoked, errors.InvitationExpired, errors.InvitationUsedUp)
_WECHAT = (
    refusals.WechatBusy,
    refusals.WechatMisconfigured,
    refusals.WechatUnavailable,
    refusals.WechatTimeout,
    refusals.PageUnpublished,
)
_FEW = Limit(user="30/minute")
_CODES = Limit(address="120/minute", user="30/minute")

# fmt: off
ROUTES = [
    Route("GET", "/api/projects", controller.projects, _USER, errors=(AdministratorRequired,)),
    Route("POST", "/api/projects", controller.add_project, Access.VERIFIED, status=201, limit=_FEW, idempotent=True),
    Route("GET", _ONE, controller.project, _USER, errors=_SEEN),
    Route("PUT", _ONE, controller.change_project, _USER, errors=(*_WRITTEN, EditConflict)),
    Route("POST", f"{_ONE}/archive", controller.archive, _USER, errors=_OWNED),
    Route("POST", f"{_ONE}/restore", controller.restore, _USER, errors=_OWNED),
    Route("POST", f"{_ONE}/transfer", controller.transfer, _USER, errors=(*_WRITTEN, errors.MemberNotFound)),
    Route("GET", f"{_ONE}/activity", controller.activity, _USER, errors=_SEEN),
    Route("GET", f"{_ONE}/members", controller.members, _USER, errors=_SEEN),
    Route("PUT", _MEMBER, controller.change_member, _USER, errors=(*_WRITTEN, *_MEMBERS)),
    Route("DELETE", _MEMBER, controller.remove_member, _USER, errors=(*_OWNED, *_MEMBERS)),
    Route("GET", f"{_ONE}/invitations", controller.invitations, _USER, errors=_OWNED),
    Route("POST", f"{_ONE}/invitations", controller.invite, _USER, status=201, limit=_FEW, idempotent=True,
          errors=_WRITTEN),
    Route("DELETE", _INVITATION, controller.revoke, _USER, errors=(*_OWNED, errors.InvitationNotFound)),
    Route("POST", f"{_INVITATION}/qrcode", controller.invitation_qrcode, _USER, limit=_FEW,
          errors=(*_WRITTEN, *_DEAD, errors.InvitationCodeWrong, *_WECHAT)),
    Route("GET", f"{_ONE}/tokens", controller.api_tokens, _USER, errors=_OWNED),
    Route("POST", f"{_ONE}/tokens", controller.add_api_token, _USER, status=201, limit=_FEW, idempotent=True,
          errors=(*_WRITTEN, errors.TooManyApiTokens)),
    Route("DELETE", f"{_ONE}/tokens/<int:token_id>", controller.revoke_api_token, _USER,
          errors=(*_OWNED, errors.ApiTokenNotFound)),
    Route("GET", f"{_ONE}/address_grants", controller.grants, _USER, errors=_SEEN),
    Route("POST", f"{_ONE}/address_grants", controller.add_grant, _USER, status=201, limit=_FEW,
          idempotent=True, errors=(*_SEEN, AdministratorRequired)),
    Route("DELETE", f"{_ONE}/address_grants/<int:grant_id>", controller.revoke_grant, _USER,
          errors=(*_SEEN, AdministratorRequired, errors.AddressGrantNotFound)),
    Route("GET", "/api/invitations", controller.preview, _USER, limit=_CODES,
          errors=(*_DEAD, errors.ProjectArchived)),
    Route("POST", "/api/invitations/accept", controller.accept, _USER, limit=_CODES, idempotent=True,
          errors=(*_DEAD, errors.ProjectArchived)),
]
# fmt: on
