"""Words of the report in both languages; which one is seen is for the page's style to say."""

from typing import Final

from wxcloudrun.exporters.wording import attribute, escaped

VERDICTS: Final = {
    "passed": ("通过", "Passed"),
    "failed": ("失败", "Failed"),
    "error": ("无法完成", "Could not be carried out"),
    "canceled": ("已取消", "Canceled"),
    "queued": ("排队中", "Waiting"),
    "running": ("运行中", "Running"),
}
OUTCOMES: Final = {
    "passed": ("通过", "passed"),
    "failed": ("失败", "failed"),
    "error": ("错误", "error"),
    "skipped": ("跳过", "skipped"),
}
SIGNS: Final = {"passed": "✓", "failed": "✕", "error": "!", "skipped": "–"}
SCOPES: Final = {
    "step": ("步骤", "step"),
    "extracted": ("提取", "extracted"),
    "dataset": ("数据集", "dataset"),
    "input": ("运行输入", "run input"),
    "scenario": ("场景", "scenario"),
    "environment": ("环境", "environment"),
    "project": ("项目", "project"),
    "dynamic": ("动态", "dynamic"),
}
TRIGGERS: Final = {
    "manual": ("手动", "by hand"),
    "schedule": ("定时", "by schedule"),
    "api": ("接口", "by a program"),
    "rerun": ("重跑", "run again"),
}
STATES: Final = {"open": ("未处理", "open"), "known": ("已知问题", "known"), "resolved": ("已解决", "resolved")}


def both(zh: str, en: str) -> str:
    """Markup that says it in either language; the texts are ours and hold no marks."""
    return f'<span class="zh">{zh}</span><span class="en">{en}</span>'


def of(words: dict[str, tuple[str, str]], name: str) -> str:
    """A word of a table in either language; one that the table does not have is shown as it is."""
    return both(*words[name]) if name in words else escaped(name)


def labelled(zh: str, en: str, to: str = "aria-label") -> str:
    """An attribute that follows the language."""
    return f'{to}="{attribute(zh)}" data-to="{to}" data-zh="{attribute(zh)}" data-en="{attribute(en)}"'


def sign(outcome: str) -> str:
    """The round sign of an outcome; its word stands beside it for those who do not see it."""
    return f'<span class="sign" aria-hidden="true">{SIGNS[outcome]}</span>'


def duration(ms: float) -> str:
    """A time as people read it."""
    if ms < 10:
        return f"{ms:.1f} ms"
    if ms < 1000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    return f"{int(ms // 60_000)}m {int(ms % 60_000 // 1000):02}s"


def moment(iso: str) -> str:
    """A point in time; the page's script shows it in the reader's own zone."""
    return f'<time datetime="{attribute(iso)}">{escaped(iso[:19].replace("T", " "))} UTC</time>'
