"""Links from outside into the mini-program: URL schemes and URL links, thirty days at most."""

import re

from wxcloudrun.simulator import constants
from wxcloudrun.simulator.gate import Context
from wxcloudrun.simulator.limits import LINKS
from wxcloudrun.simulator.wire import Json, RefusedError

_QUERY = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~%]{0,1024}")
_VERSIONS = ("release", "trial", "develop")
_BY_TIME, _BY_INTERVAL = 0, 1


def generate_scheme(context: Context) -> Json:
    """`POST /wxa/generatescheme`: an openlink that begins with weixin://."""
    target = context.body.get("jump_wxa", {})
    _check(context, target if isinstance(target, dict) else {})
    return {"errcode": 0, "errmsg": "ok", "openlink": f"weixin://dl/business/?t={context.state.text(12)}"}


def generate_url_link(context: Context) -> Json:
    """`POST /wxa/generate_urllink`: a url_link on wxaurl.cn."""
    _check(context, context.body)
    return {"errcode": 0, "errmsg": "ok", "url_link": f"https://wxaurl.cn/{context.state.text(12)}"}


def _check(context: Context, target: Json) -> None:
    path, query = target.get("path", ""), target.get("query", "")
    version = target.get("env_version", "release")
    if version == "release" and not context.app.published:
        raise RefusedError(85079, "miniprogram has no online release")
    if version not in _VERSIONS:
        raise RefusedError(40097, "invalid args: env_version")
    if not isinstance(path, str) or "?" in path or (version == "release" and not context.app.has_page(path)):
        raise RefusedError(40165, "invalid weapp pagepath")
    if not isinstance(query, str) or not _QUERY.fullmatch(query):
        raise RefusedError(40212, "invalid query")
    if not _ends_in_time(context):
        raise RefusedError(85401, "time limit between 1min and 30 days")
    context.state.spend(LINKS, context.app.appid)


def _ends_in_time(context: Context) -> bool:
    body = context.body
    kind = body.get("expire_type", _BY_TIME)
    value = body.get("expire_interval") if kind == _BY_INTERVAL else body.get("expire_time")
    if kind not in (_BY_TIME, _BY_INTERVAL) or not isinstance(value, int) or isinstance(value, bool):
        return False
    seconds = value * 86400 if kind == _BY_INTERVAL else value - context.state.now()
    return 0 < seconds <= constants.LONGEST_LINK_SECONDS
