"""Every step of the run: packed as columns, since there may be tens of thousands; the page's script draws them."""

import base64
import json
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import batched
from typing import Any

from wxcloudrun.exporters.naming import row_of
from wxcloudrun.exporters.page.words import OUTCOMES, both, labelled
from wxcloudrun.exporters.report import RunFacts, StepFacts
from wxcloudrun.exporters.wording import cut, one_line

_PACK = 2_000  # steps in one piece
_NAME, _WHY = 300, 300
_OUTCOMES = {name: number for number, name in enumerate(OUTCOMES)}


def steps_section(run: RunFacts, steps: Iterable[StepFacts]) -> Iterator[str]:
    """The section in pieces."""
    yield f'<section id="steps" aria-labelledby="all">\n<h2 id="all">{both("所有步骤", "All steps")}</h2>\n'
    yield _tools(run)
    yield f'<p id="found" class="soft small" role="status"></p>\n<noscript><p>{_NO_SCRIPT}</p></noscript>\n'
    whole = round(run.totals.duration_ms or 0)
    yield f'<ol id="list" class="card" data-total="{run.totals.steps}" data-ms="{whole}" hidden></ol>\n'
    yield f'<p><button type="button" id="more" hidden>{both("显示更多", "Show more")}</button></p>\n'
    began = None if run.started_at is None else datetime.fromisoformat(run.started_at)
    for some in batched(steps, _PACK):
        yield f'<script type="text/plain" class="pack">{_packed(some, began)}</script>\n'
    yield "</section>\n"


_NO_SCRIPT = both("步骤列表需要启用脚本。", "The list of steps needs scripts.")


def _tools(run: RunFacts) -> str:
    totals = run.totals
    choices = (
        ("all", both("全部", "All"), totals.steps),
        ("bad", both("未通过", "Not passed"), totals.failed + totals.error),
        ("passed", both("通过", "Passed"), totals.passed),
        ("skipped", both("跳过", "Skipped"), totals.skipped),
        ("again", both("重试后通过", "After retry"), totals.passed_after_retry),
    )
    chips = "".join(
        f'<label class="chip"><input type="radio" name="kind" value="{value}"{" checked" if value == "all" else ""}>'
        f'<span class="face">{word} <b>{count:,}</b></span></label>'
        for value, word, count in choices
        if count or value == "all"
    )
    legend = f'<legend class="hidden">{both("显示哪些步骤", "Which steps are shown")}</legend>'
    return (
        f'<div class="tools"><fieldset>{legend}{chips}</fieldset>'
        f'<label class="hidden" for="search">{both("搜索步骤", "Search steps")}</label>'
        f'<input type="search" id="search" {labelled("搜索步骤", "Search steps", "placeholder")}>'
        f'<select id="order" {labelled("顺序", "Order")}>'
        '<option value="plan" data-words="按计划顺序|In the plan&#39;s order">按计划顺序</option>'
        '<option value="slow" data-words="最慢的在前|Slowest first">最慢的在前</option></select></div>\n'
    )


def _packed(steps: Iterable[StepFacts], began: datetime | None) -> str:
    """Columns as JSON, compressed and in base64. Numbers and starts are told as differences, times in 0.1 ms."""
    texts: dict[str, int] = {"": 0}
    names = ("name", "where", "why", "seq", "start", "took", "status", "outcome", "again")
    columns: dict[str, list[int]] = {name: [] for name in names}
    seq = start = 0
    for step in steps:
        at = 0 if began is None else round((datetime.fromisoformat(step.started_at) - began).total_seconds() * 1000)
        why = "" if step.outcome == "passed" else one_line(cut(step.message or "", _WHY))
        told: dict[str, Any] = {
            "name": _number(texts, one_line(f"{step.name}{row_of(step)}")[:_NAME]),
            "where": _number(texts, one_line(" › ".join(step.trail))[:_NAME]),
            "why": _number(texts, why),
            "seq": step.seq - seq,
            "start": at - start,
            "took": round(step.duration_ms * 10),
            "status": step.status or 0,
            "outcome": _OUTCOMES[step.outcome],
            "again": int(step.outcome == "passed" and bool(step.earlier)),
        }
        for name, value in told.items():
            columns[name].append(value)
        seq, start = step.seq, at
    content = json.dumps({"texts": list(texts), **columns}, ensure_ascii=False, separators=(",", ":")).encode()
    work = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(work.compress(content) + work.flush()).decode()


def _number(texts: dict[str, int], text: str) -> int:
    return texts.setdefault(text, len(texts))
