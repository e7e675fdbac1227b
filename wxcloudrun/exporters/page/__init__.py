"""The report as one HTML file that needs no network: verdict and changes, failures by cause, every step, timings."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from wxcloudrun.exporters.page.causes import causes_section
from wxcloudrun.exporters.page.head import verdict_section
from wxcloudrun.exporters.page.steps import steps_section
from wxcloudrun.exporters.page.words import VERDICTS, both, labelled
from wxcloudrun.exporters.report import Cause, Changes, RunFacts, StepFacts
from wxcloudrun.exporters.wording import escaped, one_line

_HERE: Final = Path(__file__).resolve().parent
_LANGUAGES: Final = {"zh": "zh-CN", "en": "en"}


def page(
    run: RunFacts,
    changes: Changes,
    causes: Sequence[Cause],
    steps: Iterable[StepFacts],
    *,
    language: str = "zh",
    bodies: str | None = None,
) -> Iterator[str]:
    """The file in pieces, in `zh` or `en` until the reader switches. `steps` come in the plan's order.

    Of steps that passed it holds one line each, of failures what `causes` has of them. `bodies` is the address below
    which whole bodies can be fetched.
    """
    title = f"{VERDICTS[run.state][0 if language == 'zh' else 1]} · {one_line(run.title)}"
    yield (
        f'<!doctype html>\n<html lang="{_LANGUAGES[language]}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}">\n'
        '<meta name="robots" content="noindex, nofollow">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{escaped(title)}</title>\n<style>{_asset('page.css')}</style>\n</head>\n<body>\n"
    )
    yield _top(run)
    yield "<main>\n"
    yield verdict_section(run, changes, causes)
    yield from causes_section(causes, changes, bodies)
    yield from steps_section(run, steps)
    yield "</main>\n"
    yield _bottom(run)
    yield f"<script>{_asset('page.js')}</script>\n</body>\n</html>\n"


def gone(language: str) -> str:
    """The page in place of a report whose link has ended."""
    words = (
        both("链接已失效", "This link has ended"),
        both("请向发送者索取新的链接。", "Ask whoever sent it for another."),
    )
    return (
        f'<!doctype html>\n<html lang="{_LANGUAGES[language]}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{'链接已失效' if language == 'zh' else 'This link has ended'}</title>\n"
        f"<style>{_asset('page.css')}</style>\n</head>\n<body>\n<main>\n"
        f'<section class="card verdict canceled"><h1>{words[0]}</h1><p>{words[1]}</p></section>\n'
        "</main>\n</body>\n</html>\n"
    )


@cache
def policy() -> str:
    """The content security policy: its own style and script by their hashes, and nothing else from anywhere."""
    style, script = (_hash(_asset(name)) for name in ("page.css", "page.js"))
    return f"default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"


def _top(run: RunFacts) -> str:
    where = f"{escaped(one_line(run.project))} · {both('运行', 'Run')} #{run.id}"
    theme = labelled("明暗切换", "Light or dark")
    return (
        f"<header>\n<p>{where}</p>\n"
        f'<button type="button" id="theme" {theme}><span aria-hidden="true">◐</span></button>\n'
        '<button type="button" id="language"><span class="zh" lang="en">English</span>'
        '<span class="en" lang="zh-CN">中文</span></button>\n</header>\n'
    )


def _bottom(run: RunFacts) -> str:
    link = (
        ""
        if run.link is None
        else f' · <a href="{escaped(run.link)}" rel="noreferrer">{both("打开运行", "Open the run")}</a>'
    )
    told = both(
        "敏感值已在存储前隐藏（***）；curl 中以变量代替。",
        "Secrets were masked before anything was stored (***); in curl commands they are variables.",
    )
    return f'<footer><p>{told}{link}</p></footer>\n<div id="heard" class="hidden" role="status"></div>\n'


@cache
def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
