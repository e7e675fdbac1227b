"""Actions before and after a request: set, compute, sign, wait, log. No code of the user's runs here."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any, Final

from wxcloudrun.engine.bounds import Bounds
from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.judge.values import brief, shown_text
from wxcloudrun.engine.plan.case import Action, ComputeAction, LogAction, Reach, SetAction, SignAction, WaitAction
from wxcloudrun.engine.ready.formula import Formula
from wxcloudrun.engine.render.names import Names
from wxcloudrun.engine.render.template import as_text, compile_tree, render

_MAX_LOG = 2_000
_LOG_LINES = 100


@dataclass(frozen=True, slots=True)
class CompiledAction:
    """An action made ready: its templates compiled, its expression parsed."""

    action: Action
    parts: dict[str, Any]
    formula: Formula | None
    field: str


@dataclass(slots=True)
class Effects:
    """What actions left behind: values with their reach, and log lines."""

    values: dict[str, Any] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    passing: set[str] = field(default_factory=set)  # names that end with the step
    log: list[str] = field(default_factory=list)


NO_EFFECTS: Final = Effects()
"""Of the steps without actions, nearly all of them; nobody writes into it."""


def compile_action(action: Action, where: str) -> CompiledAction:
    """Raises `DefinitionError` for templates and expressions that cannot be read."""
    parts = {
        name: compile_tree(getattr(action, name), f"{where}.{name}")
        for name in ("value", "key", "message", "wait_ms")
        if hasattr(action, name)
    }
    formula = Formula(action.expression, f"{where}.expression") if isinstance(action, ComputeAction) else None
    return CompiledAction(action, parts, formula, where)


def carry_out(compiled: CompiledAction, names: Names, bounds: Bounds, effects: Effects, view: Any = None) -> None:
    """Carry out one action; what it made goes into `effects`. Raises `StepError`."""
    action = compiled.action
    match action:
        case SetAction():
            _keep(effects, action, render(compiled.parts["value"], names))
        case ComputeAction() if compiled.formula is not None:
            _keep(effects, action, compiled.formula.evaluate(names, view))
        case SignAction():
            _keep(effects, action, _signature(action, compiled, names))
        case WaitAction():
            bounds.wait(_seconds(compiled, names))
        case LogAction():
            if len(effects.log) < _LOG_LINES:
                effects.log.append(shown_text(as_text(render(compiled.parts["message"], names)), _MAX_LOG))


def _keep(effects: Effects, action: SetAction | ComputeAction | SignAction, value: Any) -> None:
    effects.values[action.name] = value
    if getattr(action, "secret", False):
        effects.secrets.add(action.name)
    if action.scope is Reach.STEP:
        effects.passing.add(action.name)


def _signature(action: SignAction, compiled: CompiledAction, names: Names) -> str:
    key = as_text(render(compiled.parts["key"], names)).encode()
    message = as_text(render(compiled.parts["message"], names)).encode()
    digest = hmac.new(key, message, getattr(hashlib, action.algorithm)).digest()
    if action.encoding == "hex":
        return digest.hex()
    encode = base64.b64encode if action.encoding == "base64" else base64.urlsafe_b64encode
    return encode(digest).decode()


def _seconds(compiled: CompiledAction, names: Names) -> float:
    value = render(compiled.parts["wait_ms"], names)
    try:
        seconds = float(value) / 1000
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 <= seconds <= 600:
        reason = f"a number from 0 to 600000 is needed, not {brief(value)}"
        raise StepError(ErrorClass.HOOK, f"{compiled.field}.wait_ms: {reason}")
    return seconds
