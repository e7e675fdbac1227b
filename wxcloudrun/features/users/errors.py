"""Refusals about people."""

from wxcloudrun.core.errors import Conflict, Missing, Rejected, Unavailable, UpstreamFailed


# fmt: off
class UserNotFound(Missing):
    zh, en = "用户不存在", "There is no such user"


class PhoneTaken(Conflict):
    zh, en = "该手机号已绑定其他账号", "This phone number belongs to another account"


class PhoneCodeInvalid(Conflict):
    zh, en = "手机号凭证无效或已过期，请重新点击授权", "This phone code is not valid any more; tap the button again"


class DecryptFailed(Conflict):
    zh, en = "手机号数据无法解密，请重新登录后再授权", "The phone data cannot be read; log in again, then tap once more"


class SessionKeyMissing(Conflict):
    zh, en = "请重新登录后再授权手机号", "WeChat's session is not known here; log in again, then tap once more"


class WechatPhoneUnavailable(UpstreamFailed):
    zh, en = "微信手机号服务暂不可用，请稍后再试", "WeChat's phone service did not answer properly; please try again"


class OwnAccountProtected(Conflict):
    zh, en = "不能停用、降级或删除自己的管理员账号", "Administrators cannot disable, demote or delete themselves"


class LastAdministratorProtected(Conflict):
    zh, en = "至少需要保留一名管理员", "The last administrator must stay"


class ContentRefused(Rejected):
    zh, en = "内容不符合规范，请修改", "WeChat's content check refused this text; please change it"


class ContentCheckUnavailable(Unavailable):
    zh, en = "内容检查暂不可用，请稍后再试", "The content check is unavailable for the moment; please try again"


class ImageRefused(Rejected):
    zh, en = "图片无法识别，请上传 JPEG、PNG、WebP 或 GIF", "This is not a readable JPEG, PNG, WebP or GIF image"


class ImageTooLarge(Rejected):
    zh, en = "图片尺寸过大，最多 {limit} 像素", "The image has too many pixels; at most {limit}"


class ImageNotFound(Missing):
    zh, en = "图片不存在", "There is no such image"


class MaterialNotFound(Missing):
    zh, en = "认证材料不存在或已使用", "There is no such material, or it was used already"


class TooManyMaterials(Conflict):
    zh, en = "未提交的认证材料过多，请先提交申请", "Too many unused materials; send the application first"


class VerificationPending(Conflict):
    zh, en = "认证申请正在审核中", "An application is being reviewed already"


class AlreadyVerified(Conflict):
    zh, en = "已通过认证，无需再次申请", "You are verified already"


class VerificationNotFound(Missing):
    zh, en = "认证申请不存在", "There is no such application"


class VerificationDecided(Conflict):
    zh, en = "该申请已审核", "This application was decided already"


class OwnApplicationProtected(Conflict):
    zh, en = "不能审核自己的申请", "Nobody reviews an application of their own"
# fmt: on
