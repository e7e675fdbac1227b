"""Content check. "passed" is said only if WeChat said it: every fault on the way is an exception."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from wxcloudrun.integrations.wechat.answers import JsonObject, number_of, object_of, text_of, whole_number
from wxcloudrun.integrations.wechat.api import Api
from wxcloudrun.integrations.wechat.errors import InvalidAnswer, InvalidArgument

_TEXT = "check_text"
_MEDIA = "check_media"
_EVENT = "media_event"
_DOWNLOAD_FAILED = -1008
MOST_CHARACTERS = 2500


class Suggestion(StrEnum):
    """What WeChat advises: publish, let a person look, do not publish."""

    PASS = "pass"  # noqa: S105 - WeChat's word for "publish"
    REVIEW = "review"
    RISKY = "risky"


class Scene(IntEnum):
    """Where the content will be seen."""

    PROFILE = 1
    COMMENT = 2
    FORUM = 3
    SOCIAL_LOG = 4


class MediaType(IntEnum):
    """What lies behind the address."""

    AUDIO = 1
    IMAGE = 2


class Label(IntEnum):
    """What WeChat found; a number that is not listed is kept as it came."""

    NORMAL = 100
    ADS = 10001
    POLITICS = 20001
    PORN = 20002
    ABUSE = 20003
    CRIME = 20006
    FRAUD = 20008
    VULGAR = 20012
    COPYRIGHT = 20013
    OTHER = 21000


@dataclass(frozen=True)
class Verdict:
    """The advice, the number of what was found (see Label), and WeChat's id of the check."""

    suggestion: Suggestion
    label: int
    trace_id: str


@dataclass(frozen=True)
class MediaVerdict:
    """The result of a media check, as pushed later. `verdict` is None if WeChat could not judge: check again or let
    a person look; `download_failed` if the address gave nothing.
    """

    trace_id: str
    verdict: Verdict | None
    download_failed: bool


class ContentCheck:
    """Text at once, media by a later push. Source: WeChat's pages on msgSecCheck and mediaCheckAsync."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def text(self, openid: str, content: str, scene: Scene, title: str = "", nickname: str = "") -> Verdict:
        """WeChat's opinion of at most 2500 characters that this user wrote.

        Raises InvalidArgument, UserInactive (not in the app for two hours), UnknownUser, RateLimited, ContentRejected,
        and what every call raises. None of them means that the text is fine.
        """
        if not 1 <= len(content) <= MOST_CHARACTERS:
            raise InvalidArgument(_TEXT, field="content", rule=f"1 to {MOST_CHARACTERS} characters")
        body: dict[str, object] = {"content": content, "version": 2, "scene": scene.value, "openid": openid}
        extra = {name: value for name, value in (("title", title), ("nickname", nickname)) if value}
        return _verdict(_TEXT, self._api.post(_TEXT, "/wxa/msg_sec_check", {**body, **extra}))

    def media(self, openid: str, url: str, media_type: MediaType, scene: Scene) -> str:
        """Starts a check of what lies at a public address and returns its trace_id.

        The result comes as a pushed event within half an hour, possibly before this returns.
        """
        if not url.startswith(("http://", "https://")):
            raise InvalidArgument(_MEDIA, field="media_url", rule="an http or https address")
        body: dict[str, object] = {
            "media_url": url,
            "media_type": media_type.value,
            "version": 2,
            "scene": scene.value,
            "openid": openid,
        }
        return text_of(_MEDIA, self._api.post(_MEDIA, "/wxa/media_check_async", body), "trace_id")


def media_verdict(fields: JsonObject) -> MediaVerdict:
    """Reads the fields of a pushed `wxa_media_check` event. Raises InvalidAnswer if they are none."""
    trace_id = text_of(_EVENT, fields, "trace_id")
    code = whole_number(fields.get("errcode", 0))
    verdict = _verdict(_EVENT, fields) if code == 0 else None
    return MediaVerdict(trace_id, verdict, download_failed=code == _DOWNLOAD_FAILED)


def _verdict(operation: str, data: JsonObject) -> Verdict:
    result = object_of(operation, data, "result")
    word = result.get("suggest")
    if not isinstance(word, str) or word not in set(Suggestion):
        raise InvalidAnswer(operation, http_status=200, reason="no known suggestion")
    return Verdict(Suggestion(word), number_of(operation, result, "label"), str(data.get("trace_id", "")))
