"""Content checks: texts at once, media later by a pushed event, and a user's risk rank."""

from wxcloudrun.simulator import constants
from wxcloudrun.simulator.gate import Context, active_openid, known_openid
from wxcloudrun.simulator.push import events
from wxcloudrun.simulator.records import MediaTask
from wxcloudrun.simulator.wire import Json, RefusedError

_SCENES = (1, 2, 3, 4)
_LONGEST_TEXT = 2500
_TEXT_FIELDS = ("content", "title", "nickname", "signature")
PASS = ("pass", 100)
RISKY = ("risky", 20006)
REVIEW = ("review", 21000)
RISKY_MEDIA = ("risky", 20002)


def check_text(context: Context) -> Json:
    """`POST /wxa/msg_sec_check`: risky or review if the text holds the marker word, else pass."""
    body, state = context.body, context.state
    content = body.get("content")
    if not isinstance(content, str) or not content:
        raise RefusedError(44002, "empty content")
    if body.get("version") != 2:
        return _first_version(context, content)
    _check_scene(context)
    active_openid(context, body.get("openid"))
    if len(content) > _LONGEST_TEXT:
        raise RefusedError(45002, "content size out of limit")
    state.spend("/wxa/msg_sec_check", context.app.appid)
    suggest, label = _verdict(" ".join(str(body.get(name, "")) for name in _TEXT_FIELDS))
    result: Json = {"suggest": suggest, "label": label}
    detail: Json = {"strategy": "content_model", "errcode": 0, **result, "prob": 90}
    if suggest != "pass":
        detail |= {"level": 90, "keyword": constants.RISKY_WORD if suggest == "risky" else constants.REVIEW_WORD}
    return {"errcode": 0, "errmsg": "ok", "result": result, "detail": [detail], "trace_id": state.hex_words()}


def check_media(context: Context) -> Json:
    """`POST /wxa/media_check_async`: a trace_id now, the verdict later as the event wxa_media_check.

    A URL with `risky` or `review` in it gets that verdict; one with `404` cannot be downloaded (-1008).
    """
    body, state, appid = context.body, context.state, context.app.appid
    url = body.get("media_url")
    if body.get("media_type") not in (1, 2):
        raise RefusedError(40004, "invalid media type")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise RefusedError(40097, "invalid args: media_url")
    if body.get("version") != 2:
        raise RefusedError(40097, "invalid args: version")
    _check_scene(context)
    openid = active_openid(context, body.get("openid"))
    if any(task.media_url == url and not task.delivered for task in state.media_tasks.values()):
        raise RefusedError(87020, "repeated request")
    state.spend("/wxa/media_check_async", appid)
    trace_id = state.hex_words()
    state.media_tasks[trace_id] = MediaTask(trace_id, appid, openid, url)
    event = events.media_checked(context.app, openid, state.now(), trace_id, _media_verdict(url))
    state.queue_event(appid, event, 0.0 if state.options.push_before_answer else state.options.media_delay, trace_id)
    return {"errcode": 0, "errmsg": "ok", "trace_id": trace_id}


def risk_rank(context: Context) -> Json:
    """`POST /wxa/getuserriskrank`: the rank of the user, 0 to 4, and WeChat's own misspelling beside it."""
    openid = known_openid(context, context.body.get("openid"), foreign=43104)
    if context.body.get("appid") != context.app.appid:
        raise RefusedError(40013, "invalid appid")
    if context.body.get("scene") not in (0, 1, 2):
        raise RefusedError(40129, "invalid scene")
    context.state.spend("/wxa/getuserriskrank", context.app.appid)
    user = context.state.users[context.app.appid, openid]
    return {"errcode": 0, "errmsg": "ok", "risk_rank": user.risk_rank, "unoin_id": int(context.state.now())}


def _first_version(context: Context, content: str) -> Json:
    context.state.spend("/wxa/msg_sec_check", context.app.appid)
    if _verdict(content) == RISKY:
        raise RefusedError(87014, "risky content")
    return {"errcode": 0, "errmsg": "ok"}


def _check_scene(context: Context) -> None:
    if context.body.get("scene") not in _SCENES:
        raise RefusedError(40129, "invalid scene")


def _verdict(text: str) -> tuple[str, int]:
    if constants.RISKY_WORD in text:
        return RISKY
    return REVIEW if constants.REVIEW_WORD in text else PASS


def _media_verdict(url: str) -> tuple[str, int] | None:
    if "404" in url:
        return None
    if "risky" in url:
        return RISKY_MEDIA
    return REVIEW if "review" in url else PASS
