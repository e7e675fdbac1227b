"""What messages say, in Chinese and English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from wxcloudrun.exporters.report import Cause, Changes, RunFacts
from wxcloudrun.exporters.wording import one_line
from wxcloudrun.integrations.notice import Notice

MOST_POINTS: Final = 5
_LONGEST: Final = 200
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "passed": "通过", "failed": "失败", "error": "出错", "canceled": "已取消",
        "first_failure": "首次失败", "recovery": "已恢复",
        "project": "项目", "environment": "环境", "trigger": "触发",
        "branch": "分支", "version": "版本", "commit": "提交",
        "changes": "与上次相比", "reason": "原因",
        "manual": "手动", "schedule": "定时", "api": "接口", "rerun": "重跑",
        "steps": "{failed} 步失败，{passed} 步通过", "step": "1 步失败，{passed} 步通过",
        "all": "{passed} 步全部通过", "none": "没有执行步骤",
        "changed": "新失败 {new}，已修复 {fixed}，仍失败 {still}（对比运行 {before}）",
        "more": "另有 {count} 个原因", "since": "（自运行 {run} 起）",
        "again": "（再次出现，首次于运行 {run}）", "report": "查看报告",
        "summary": "静默期内的 {count} 条通知", "summed": "另有 {count} 条",
        "digest": "汇总：{count} 次运行，{passed} 次通过，{bad} 次未通过", "digest_none": "汇总：期间没有运行",
        "period": "期间", "rate": "通过率", "worst": "{name}：{bad}/{count} 次未通过", "runs": "查看运行",
        "test": "测试消息：渠道“{name}”可以收到通知", "time": "时间",
    },
    "en": {
        "passed": "Passed", "failed": "Failed", "error": "Error", "canceled": "Canceled",
        "first_failure": "First failure", "recovery": "Recovered",
        "project": "Project", "environment": "Environment", "trigger": "Started by", "branch": "Branch",
        "version": "Version", "commit": "Commit", "changes": "Since the last run", "reason": "Reason",
        "manual": "hand", "schedule": "schedule", "api": "API", "rerun": "rerun",
        "steps": "{failed} steps failed, {passed} passed", "step": "1 step failed, {passed} passed",
        "all": "all {passed} steps passed", "none": "no step ran",
        "changed": "{new} newly failing, {fixed} fixed, {still} still failing (compared with run {before})",
        "more": "and {count} more causes", "since": " (since run {run})",
        "again": " (back again, first seen in run {run})", "report": "Open the report",
        "summary": "{count} messages of the quiet hours", "summed": "and {count} more",
        "digest": "Digest: {count} runs, {passed} passed, {bad} did not", "digest_none": "Digest: nothing ran",
        "period": "Period", "rate": "Pass rate", "worst": "{name}: {bad} of {count} did not pass",
        "runs": "Open the runs",
        "test": "Test message: channel \"{name}\" receives messages", "time": "Time",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to say of an ended run; `causes` are the first of `count`."""

    event: str
    project_id: int
    run: RunFacts
    changes: Changes
    causes: Sequence[Cause]
    count: int
    link: str | None


def run_notice(told: Told, language: str, ended: str) -> Notice:
    """A run that ended. `ended` is when, in the words of the rule's zone."""
    words, run = _WORDS[language], told.run
    verdict = words[told.event if told.event in ("first_failure", "recovery") else run.state]
    place = f" ({run.environment})" if run.environment else ""
    sum_up = _summed_up(run, words)
    causes = told.causes[:MOST_POINTS]
    left = told.count - len(causes)
    return Notice(
        title=_cut(f"[{verdict}] {run.title}{place}: {sum_up}"),
        good=run.state == "passed",
        facts=tuple(_facts(told, words)),
        points=tuple(_point(one, told.changes, words) for one in causes),
        more=words["more"].format(count=left) if left > 0 else "",
        link=told.link,
        link_text=words["report"],
        data=_data(told, causes),
        values={
            "name": _cut(run.title),
            "verdict": verdict[:5],
            "time": ended,
            "summary": sum_up,
            "project": _cut(run.project),
            "environment": run.environment or "-",
        },
    )


def summary_notice(notices: Sequence[Notice], language: str, ended: str) -> Notice:
    """One message for those that were held back; the newest ones are told."""
    words = _WORDS[language]
    shown = notices[-20:]
    title = words["summary"].format(count=len(notices))
    left = len(notices) - len(shown)
    return Notice(
        title=title,
        good=all(one.good for one in notices),
        points=tuple(f"{one.title} {one.link or ''}".strip() for one in reversed(shown)),
        more=words["summed"].format(count=left) if left else "",
        data={"event": "summary", "messages": [one.data for one in shown]},
        values={**_no_values(ended), "name": title, "verdict": "汇总", "summary": _cut(notices[-1].title)},
    )


@dataclass(frozen=True, slots=True)
class Period:
    """What ran: `runs` have `name`, `good` each. Moments are in the words of the rule's zone."""

    project_id: int
    project: str
    since: str
    until: str
    runs: Sequence[tuple[str, bool]]
    link: str | None


def digest_notice(period: Period, language: str) -> Notice:
    """What ran in a while, and what did not pass most often."""
    words, count = _WORDS[language], len(period.runs)
    passed = sum(good for _, good in period.runs)
    numbers = {"count": count, "passed": passed, "bad": count - passed}
    title = words["digest"].format(**numbers) if count else words["digest_none"]
    facts = [(words["project"], period.project), (words["period"], f"{period.since} ~ {period.until}")]
    facts += [(words["rate"], f"{100 * passed / count:.1f} %")] if count else []
    worst = _worst(period.runs)
    points = [words["worst"].format(name=name, bad=bad, count=of) for name, bad, of in worst]
    return Notice(
        title=_cut(f"{title} ({period.project})"),
        good=count == passed,
        facts=tuple(facts),
        points=tuple(map(_cut, points)),
        link=period.link,
        link_text=words["runs"],
        data={
            "event": "digest",
            "project": {"id": period.project_id, "name": period.project},
            "since": period.since,
            "until": period.until,
            **numbers,
            "worst": [{"name": name, "bad": bad, "count": of} for name, bad, of in worst],
        },
        values={**_no_values(period.until), "name": _cut(period.project), "verdict": "汇总", "summary": title},
    )


def trial_notice(name: str, language: str, now: str) -> Notice:
    """What is sent to try a channel."""
    words = _WORDS[language]
    title = words["test"].format(name=name)
    values = {**_no_values(now), "name": name, "verdict": "测试", "summary": title}
    return Notice(title, True, facts=((words["time"], now),), data={"event": "test"}, values=values)


def local(moment: datetime, zone: str) -> str:
    """A moment as the clocks of a zone show it, to the minute."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def _facts(told: Told, words: Mapping[str, str]) -> list[tuple[str, str]]:
    run, changes = told.run, told.changes
    facts = [(words["project"], run.project)]
    facts += [(words["environment"], run.environment)] if run.environment else []
    facts += [(words["trigger"], words[run.trigger])]
    facts += [(words[name], text) for name, text in run.labels.items()]
    facts += [(words["reason"], run.reason)] if run.reason else []
    if changes.before is not None:
        numbers = {"new": changes.new_failures, "fixed": changes.fixed, "still": changes.still_failing}
        facts.append((words["changes"], words["changed"].format(before=changes.before.id, **numbers)))
    return [(label, _cut(text)) for label, text in facts]


def _summed_up(run: RunFacts, words: Mapping[str, str]) -> str:
    bad, passed = run.totals.failed + run.totals.error, run.totals.passed
    if bad:
        return words["step" if bad == 1 else "steps"].format(failed=bad, passed=passed)
    return words["all"].format(passed=passed) if passed else words["none"]


def _point(cause: Cause, changes: Changes, words: Mapping[str, str]) -> str:
    since = ""
    if cause.since is not None:
        came_back = changes.green is not None and changes.green.id > cause.since.id
        since = words["again" if came_back else "since"].format(run=cause.since.id)
    return f"{cause.count}x {_cut(cause.title)}{since}"


def _data(told: Told, causes: Sequence[Cause]) -> dict[str, Any]:
    """The same for programs."""
    run, totals, changes = told.run, told.run.totals, told.changes
    counts = ("passed", "failed", "error", "skipped", "passed_after_retry", "duration_ms")
    before = None if changes.before is None else changes.before.id
    return {
        "event": told.event,
        "project": {"id": told.project_id, "name": run.project},
        "run": {
            **{name: getattr(run, name) for name in ("id", "title", "state", "reason", "environment", "trigger")},
            "labels": dict(run.labels),
            "ended_at": run.ended_at,
            "totals": {name: getattr(totals, name) for name in counts},
        },
        "changes": {
            "before_run_id": before,
            **{name: getattr(changes, name) for name in ("new_failures", "fixed", "still_failing")},
        },
        "failures": [{"key": one.key, "title": _cut(one.title), "count": one.count} for one in causes],
        "link": told.link,
    }


def _worst(runs: Sequence[tuple[str, bool]]) -> list[tuple[str, int, int]]:
    """Names with how many of their runs did not pass, and how many there were; ten at most."""
    found: dict[str, list[bool]] = {}
    for name, good in runs:
        found.setdefault(name, []).append(good)
    bad = [(name, len(all_) - sum(all_), len(all_)) for name, all_ in found.items() if not all(all_)]
    return sorted(bad, key=lambda one: (-one[1], one[0]))[:10]


def _no_values(time: str) -> dict[str, str]:
    return {"name": "-", "verdict": "-", "summary": "-", "project": "-", "environment": "-", "time": time}


def _cut(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
