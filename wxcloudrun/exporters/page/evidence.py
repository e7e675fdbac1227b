"""Everything about one failure: expected and actual, how to repeat it, attempts, exchange, variables, timing."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wxcloudrun.exporters.curl import curl_of
from wxcloudrun.exporters.page.different import places
from wxcloudrun.exporters.page.lines import spread
from wxcloudrun.exporters.page.words import SCOPES, both, duration, of
from wxcloudrun.exporters.report import ChangedShape, StepFacts
from wxcloudrun.exporters.wording import attribute, cut, escaped

type Json = Mapping[str, Any]
_VALUE, _BODY, _LINE = 1_500, 4_096, 400
_MOST = 40  # headers, variables, lines of a log
_PHASES = (
    ("resolve_ms", "解析", "resolve"),
    ("connect_ms", "连接", "connect"),
    ("tls_ms", "TLS", "TLS"),
    ("send_ms", "发送", "send"),
    ("wait_ms", "等待", "wait"),
    ("receive_ms", "接收", "receive"),
)


def evidence(step: StepFacts, bodies: str | None, shape: ChangedShape | None = None) -> Iterator[str]:
    """The markup in pieces. `shape`: how its answer is built differently from the last run."""
    detail = step.detail
    yield from _fault(step)
    for assertion in detail.get("assertions") or ():
        if not assertion["passed"]:
            yield _assertion(assertion)
    for one in detail.get("extractions") or ():
        if not one["found"] and one["message"]:
            yield _check([(both("提取", "Extraction"), "", f"{one['name']}: {one['message']}")])
    if shape is not None:
        title = both("与上次运行相比，响应结构有变化", "The answer is built differently from the last run")
        yield f'<h4>{title}</h4><ul class="places">{places(shape)}</ul>\n'
    if step.request is not None:
        yield _curl(step.seq, step.request)
        yield _exchange(
            both("请求", "Request"), f"{step.request['method']} {step.request['url']}", step.request, bodies
        )
    if step.response is not None:
        answer = f"{step.response['status']} {step.response['reason']}"
        yield _exchange(both("响应", "Response"), answer, step.response, bodies, opened=True)
        yield _timing(step.response["timing"])
    yield from _attempts(step.attempts)
    yield from _variables(detail.get("variables") or ())
    yield from _log(detail.get("log") or ())


def _fault(step: StepFacts) -> Iterator[str]:
    error = step.detail.get("error")
    if error is not None:
        lines = [(both("错误", "Error"), "got", f"{error['error_class']}: {error['message']}")]
        if error["detail"]:
            lines.append((both("详情", "Detail"), "", error["detail"]))
        yield _check(lines)
    elif step.detail.get("reason"):
        yield _check([(both("原因", "Reason"), "got", str(step.detail["reason"]))])


def _assertion(one: Json) -> str:
    """Expected, actual, where; what an assertion has no words for is left out."""
    expected = one["comparator"] if one["expected"] is None else f"{one['comparator']} {_told(one['expected'])}"
    lines = [
        (both("断言", "Assertion"), "", one["name"] or one["source"]),
        (both("预期", "Expected"), "want", expected),
        (both("实际", "Actual"), "got", _actual(one)),
    ]
    if one["where"] and one["where"] != one["source"]:
        lines.append((both("位置", "Where"), "", one["where"]))
    if one["nearest"]:
        lines.append((both("最接近", "Nearest"), "", one["nearest"]))
    if one["places"]:
        lines.append((both("差异", "Differs at"), "", "\n".join(one["places"][:_MOST])))
    return _check(lines)


def _actual(one: Json) -> str:
    """What was there; where that is nothing, the message says whether it is null or could not be found at all."""
    return str(one["message"]) if one["actual"] is None and one["message"] else _told(one["actual"])


def _told(value: Any) -> str:
    """A value whose kind can be seen: the text "42.5" is not the number."""
    return f'"{value}"' if isinstance(value, str) and "\n" not in value else _value(value)


def _check(lines: Sequence[tuple[str, str, str]]) -> str:
    rows = "".join(
        f'<dt>{name}</dt><dd class="{kind}"><pre>{escaped(cut(text, _VALUE))}</pre></dd>' for name, kind, text in lines
    )
    return f'<dl class="check">{rows}</dl>\n'


def _curl(seq: int, request: Json) -> str:
    copy = f'<button type="button" class="copy" data-of="curl-{seq}">{both("复制", "Copy")}</button>'
    return (
        f'<div class="copying"><h4>{both("复现命令", "Repeat it")}</h4>{copy}</div>\n'
        f'<pre class="block" id="curl-{seq}" tabindex="0">{escaped(curl_of(request))}</pre>\n'
    )


def _exchange(title: str, first: str, part: Json, bodies: str | None, *, opened: bool = False) -> str:
    shown = part["headers"][:_MOST]
    headers = "".join(
        f'<tr><th scope="row">{escaped(cut(name, 100))}</th><td>{escaped(cut(value, _LINE))}</td></tr>'
        for name, value in shown
    )
    table = f"<h4>{both('头部', 'Headers')}</h4><table>{headers}</table>" if headers else ""
    line = escaped(cut(first, _LINE))
    return (
        f"<details{' open' if opened else ''}><summary><span>{title} <code>{line}</code></span></summary>\n"
        f"<div>{_body(part['body'], bodies)}{table}</div></details>\n"
    )


def _body(body: Json, bodies: str | None) -> str:
    if not body["size"]:
        return ""
    title = f"<h4>{both('正文', 'Body')} · {body['size']:,} B</h4>"
    head = body.get("head", "") if body["encoding"] == "text" else ""
    kept = len(head.encode("utf-8", "replace"))
    shown = f'<pre class="block" tabindex="0">{escaped(spread(cut(head, _BODY)))}</pre>' if head else ""
    whole = body["truncated"] or kept > _BODY or body["encoding"] != "text"
    ref = body.get("whole") or body.get("ref")
    if whole and bodies is not None and ref:
        told = both("完整正文（需登录）", "The whole body (for members)")
        address = f"{bodies}/{ref}"
        shown += f'<p class="small"><a href="{attribute(address)}" rel="noreferrer">{told}</a></p>'
    return title + shown


def _timing(timing: Json) -> str:
    """The phases of the request as a waterfall."""
    whole = sum(timing[name] for name, _, _ in _PHASES)
    if whole <= 0:
        return ""
    at, bars, items = 0.0, "", ""
    for index, (name, zh, en) in enumerate(_PHASES):
        took = timing[name]
        if took <= 0:
            continue
        width = 1000 * took / whole
        bars += f'<rect class="p{index}" x="{at:.1f}" width="{max(2.0, width):.1f}" height="14"/>'
        sample = (
            f'<svg viewBox="0 0 10 10" aria-hidden="true"><rect class="p{index}" width="10" height="10" rx="3"/></svg>'
        )
        items += f"<li>{sample}{both(zh, en)} {duration(took)}</li>"
        at += width
    title = f"<h4>{both('耗时', 'Timing')} · {duration(timing['total_ms'])}</h4>"
    picture = f'<svg class="phases" viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true">{bars}</svg>'
    return f'{title}{picture}<ul class="legend">{items}</ul>\n'


def _attempts(attempts: Sequence[Json]) -> Iterator[str]:
    if len(attempts) < 2:
        return
    rows = "".join(
        f"<tr><td>{one['number']}</td><td>{escaped(str(one['status'] or one['error_class'] or one['outcome']))}</td>"
        f"<td>{escaped(cut(one['message'] or one['outcome'], _LINE))}</td></tr>"
        for one in attempts[:_MOST]
    )
    columns = ("#", both("结果", "Answer"), both("说明", "Why"))
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    yield _folded(f"{both('尝试次数', 'Attempts')} · {len(attempts)}", f"<table><tr>{head}</tr>{rows}</table>")


def _variables(variables: Sequence[Json]) -> Iterator[str]:
    if not variables:
        return
    rows = "".join(
        f"<tr><td><code>{escaped(cut(one['name'], 100))}</code></td><td>{of(SCOPES, one['scope'])}</td>"
        f"<td><pre>{escaped(cut(_value(one['value']), _LINE))}</pre></td></tr>"
        for one in variables[:_MOST]
    )
    names = (both("变量", "Name"), both("作用域", "Scope"), both("值", "Value"))
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    yield _folded(f"{both('变量', 'Variables')} · {len(variables)}", f"<table><tr>{head}</tr>{rows}</table>")


def _log(lines: Sequence[str]) -> Iterator[str]:
    if lines:
        text = "\n".join(cut(line, _LINE) for line in lines[:_MOST])
        yield _folded(both("日志", "Log"), f'<pre class="block" tabindex="0">{escaped(text)}</pre>')


def _folded(title: str, content: str) -> str:
    return f"<details><summary><span>{title}</span></summary><div>{content}</div></details>\n"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
