"""What is different besides outcomes: answers that are built differently, and variables with other values."""

from typing import Final

from wxcloudrun.analysis.shapes import Change, PathChange
from wxcloudrun.exporters.page.words import SCOPES, both, of
from wxcloudrun.exporters.report import ChangedShape, ChangedVariable, Changes
from wxcloudrun.exporters.wording import escaped, one_line

_PATHS: Final = 10


def different(changes: Changes) -> str:
    """Two folded lists; empty where nothing is different."""
    shapes, variables = changes.shapes, changes.variables
    told = _folded(both("响应结构有变化", "Answers are built differently"), [_shape(one) for one in shapes])
    told += _folded(both("变量值有变化", "Variables have other values"), [_variable(one) for one in variables])
    if told and changes.not_looked_at:
        n = f"{changes.not_looked_at:,}"
        told += f'\n<p class="soft small">{both(f"另有 {n} 个步骤未比较", f"{n} more steps were not looked at")}</p>'
    return told


def _folded(title: str, items: list[str]) -> str:
    if not items:
        return ""
    lines = "".join(f"<li>{item}</li>" for item in items)
    return f'\n<details class="different"><summary>{title} ({len(items)})</summary><ul>{lines}</ul></details>'


def _shape(one: ChangedShape) -> str:
    data = "" if one.dataset is None else f" [{escaped(one_line(one.dataset))}]"
    return f"{escaped(one_line(one.name))}{data}<ul>{places(one)}</ul>"


def places(one: ChangedShape) -> str:
    """Where an answer is built differently, as items of a list."""
    told = "".join(
        f"<li><code>{escaped(one_line(path.path))}</code> {_became(path)}</li>" for path in one.paths[:_PATHS]
    )
    left = len(one.paths) - _PATHS
    return told + (f"<li>{both(f'另有 {left} 处', f'and {left} more')}</li>" if left > 0 else "")


def _became(path: PathChange) -> str:
    if path.change is Change.MISSING:
        return both("不再出现", "is missing now")
    now = f"<code>{escaped(path.now or '')}</code>"
    if path.change is Change.ADDED:
        return f"{both('新增', 'is new')} {now}"
    return f"<code>{escaped(path.before or '')}</code> → {now}"


def _variable(one: ChangedVariable) -> str:
    change = one.change
    name = f"<code>{escaped(one_line(change.name))}</code> ({of(SCOPES, change.scope)})"
    values = (
        both("敏感值已改变", "a secret with another value")
        if change.secret
        else f"<code>{escaped(one_line(change.before))}</code> → <code>{escaped(one_line(change.now))}</code>"
    )
    many = "" if one.steps == 1 else f" · {both(f'{one.steps:,} 个步骤', f'{one.steps:,} steps')}"
    return f'{name}: {values} <span class="soft small">{escaped(one_line(one.step))}{many}</span>'
