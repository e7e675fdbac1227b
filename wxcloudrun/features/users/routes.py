"""Who may do what with people's data."""

from wxcloudrun.core.errors import EditConflict, TooManyRequests
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.users import errors
from wxcloudrun.integrations.object_store import StorageUnavailable

controller = Later("wxcloudrun.features.users.controller")
_EDIT = (EditConflict, errors.ContentRefused, errors.ContentCheckUnavailable)
_PHONE = (
    errors.PhoneCodeInvalid,
    errors.DecryptFailed,
    errors.SessionKeyMissing,
    errors.PhoneTaken,
    errors.WechatPhoneUnavailable,
    TooManyRequests,
)
_PICTURE = (errors.ImageRefused, errors.ImageTooLarge, StorageUnavailable)
_SEEN = (errors.ImageNotFound, StorageUnavailable)
_APPLY = (errors.VerificationPending, errors.AlreadyVerified, errors.MaterialNotFound)
_REVIEW = (
    errors.VerificationNotFound,
    errors.OwnApplicationProtected,
    errors.VerificationDecided,
    EditConflict,
)
_LOSE = (errors.UserNotFound, errors.OwnAccountProtected, errors.LastAdministratorProtected)
_PHONE_LIMIT = Limit(address="60/minute", user="10/minute")
_UPLOAD_LIMIT = Limit(address="120/minute", user="20/minute")
_EXPORT_LIMIT = Limit(address="60/hour", user="10/hour")
_AVATAR_BYTES = 2 * 1024 * 1024
_MATERIAL_BYTES = 5 * 1024 * 1024
_USER, _ADMIN = Access.USER, Access.ADMINISTRATOR

# fmt: off
ROUTES = [
    Route("GET", "/api/user/profile", controller.profile, _USER),
    Route("PUT", "/api/user/profile", controller.change_profile, _USER, errors=_EDIT),
    Route("POST", "/api/user/profile", controller.change_profile, _USER, errors=_EDIT),
    Route("POST", "/api/user/phone", controller.bind_phone, _USER, limit=_PHONE_LIMIT, errors=_PHONE),
    Route("DELETE", "/api/user/phone", controller.unbind_phone, _USER),
    Route("POST", "/api/user/avatar", controller.set_avatar, _USER, limit=_UPLOAD_LIMIT, max_body=_AVATAR_BYTES,
          errors=(*_PICTURE, errors.ContentCheckUnavailable)),
    Route("DELETE", "/api/user/avatar", controller.remove_avatar, _USER),
    Route("GET", "/api/user/verification", controller.own_verification, _USER),
    Route("POST", "/api/user/verification", controller.apply, _USER, status=201, idempotent=True, errors=_APPLY),
    Route("POST", "/api/user/verification/materials", controller.add_material, _USER, status=201, limit=_UPLOAD_LIMIT,
          max_body=_MATERIAL_BYTES, errors=(*_PICTURE, errors.TooManyMaterials)),
    Route("GET", "/api/user/export", controller.export, _USER, limit=_EXPORT_LIMIT),
    Route("DELETE", "/api/user", controller.delete_own, _USER, errors=(errors.OwnAccountProtected,)),
    Route("GET", "/api/users", controller.people, _ADMIN),
    Route("POST", "/api/users", controller.add_person, _ADMIN, status=201, idempotent=True,
          errors=(errors.PhoneTaken,)),
    Route("GET", "/api/users/<int:user_id>", controller.person, _ADMIN, errors=(errors.UserNotFound,)),
    Route("PUT", "/api/users/<int:user_id>", controller.change_person, _ADMIN, errors=(*_LOSE, EditConflict)),
    Route("DELETE", "/api/users/<int:user_id>", controller.delete_person, _ADMIN, errors=_LOSE),
    Route("GET", "/api/verifications", controller.applications, _ADMIN),
    Route("GET", "/api/verifications/<int:application_id>", controller.application, _ADMIN,
          errors=(errors.VerificationNotFound,)),
    Route("PUT", "/api/verifications/<int:application_id>", controller.decide, _ADMIN, errors=_REVIEW),
    Route("GET", "/media/avatars/<name>", controller.avatar, Access.ANYONE, errors=_SEEN, raw=True),
    Route("GET", "/media/materials/<int:material_id>", controller.material, _ADMIN, errors=_SEEN, raw=True),
]
# fmt: on
