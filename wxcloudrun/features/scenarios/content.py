"""What scenarios and steps hold besides their columns: how it is kept, with secrets apart, and shown and told again."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from wxcloudrun.core.credentials import MARK, Held, holds_a_credential, is_open, put_back, set_apart, unset
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.errors import FieldFault
from wxcloudrun.features.datasets.content import file_faults
from wxcloudrun.features.environments.variables import (
    MOST_KEPT,
    cut,
    engine_variables,
    opened,
    rewritten,
    sealed,
    split,
    told,
    variable_faults,
)

SCENARIO_SECRETS: Final = "scenarios.secrets"
STEP_SECRETS: Final = "scenario_steps.secrets"
SCENARIO_PARTS: Final = ("variables", "inputs", "outputs", "stop_on_failure")
_EVERY: Final = ("condition", "repeat", "for_each", "stop_on_failure", "variables")
_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    "case": ("dataset", "overrides", "retry", "poll"),
    "scenario": ("inputs", "cache"),
    "group": (),
    "parallel": ("concurrency",),
    "wait": ("wait_ms",),
}
STEP_PARTS: Final = (*_EVERY, *(part for parts in _OF_KIND.values() for part in parts))
_COLUMN_OF_KIND: Final = {"case_id": "case", "scenario_id": "scenario"}
_EMPTY: Final[Mapping[str, Any]] = {"variables": [], "inputs": {}}

type Secrets = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A content with marks in it, and beside it what they stand for: by variable, by path of an override, by input."""

    content: dict[str, Any]
    variables: dict[str, str] = field(default_factory=dict)
    overrides: Held = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)

    def columns(self, keys: KeyRing, context: str) -> dict[str, Any]:
        """`content` and `secrets`."""
        secrets = sealed(keys, self._secrets(), context) if self.variables or self.overrides or self.inputs else None
        return {"content": json.dumps(self.content, ensure_ascii=False), "secrets": secrets}

    def rewritten_since(self, before: "Kept") -> list[str]:
        """Names of secrets whose value is new."""
        inputs = ({name: json.dumps(value) for name, value in one.inputs.items()} for one in (before, self))
        fresh = rewritten(before.variables, self.variables) + rewritten(before.overrides, self.overrides)
        return fresh + rewritten(*inputs)

    def faults(self) -> Iterator[FieldFault]:
        """What can be said of it without the engine."""
        yield from variable_faults(self.content["variables"], self.variables)
        sizes = {name: len(json.dumps(value, ensure_ascii=False)) for name, value in self.content.items()}
        if sum(sizes.values()) + len(json.dumps(self._secrets(), ensure_ascii=False)) > MOST_KEPT:
            biggest = max(sizes, key=lambda name: sizes[name])
            yield FieldFault(biggest, "too_large", detail=f"at most {MOST_KEPT} characters altogether")

    def _secrets(self) -> Secrets:
        overrides = [[list(path), value] for path, value in self.overrides.items()]
        return {"variables": self.variables, "overrides": overrides, "inputs": self.inputs}


def read(keys: KeyRing, row: Any, context: str) -> Kept:
    """What a row keeps; without secrets that no key opens any more."""
    return of_secrets(json.loads(row.content), opened(keys, row.secrets, context))


def of_secrets(content: dict[str, Any], secrets: Mapping[str, Any]) -> Kept:
    """A content with its secrets as they were sealed."""
    overrides = {tuple(path): value for path, value in secrets.get("overrides", [])}
    return Kept(content, dict(secrets.get("variables", {})), overrides, dict(secrets.get("inputs", {})))


def kept_scenario(sent: Mapping[str, Any], known: Kept) -> Kept:
    """A scenario's parts as they are kept: the sent ones over the known ones."""
    content = {**known.content, **{part: sent[part] for part in SCENARIO_PARTS if part in sent}}
    listed, secrets = split(content["variables"], known.variables)
    inputs, held = list[dict[str, Any]](), dict[str, Any]()
    for one in content["inputs"]:
        value = known.inputs.get(one["name"]) if one["default"] == MARK else one["default"]
        if one["secret"] and _closed(value):
            held[one["name"]] = value
            value = dict(MARK)
        elif one["default"] == MARK:
            value = dict(MARK)  # nothing is kept for it: `scenario_faults` says so
        inputs.append({**one, "default": value})
    return Kept({**content, "variables": listed, "inputs": inputs}, secrets, {}, held)


def scenario_faults(kept: Kept) -> Iterator[FieldFault]:
    """What is wrong with a scenario's inputs and outputs, the engine apart."""
    names = [one["name"] for one in kept.content["inputs"]]
    for index, one in enumerate(kept.content["inputs"]):
        if one["name"] in names[:index]:
            yield FieldFault(f"inputs.{index}.name", "given_twice")
        if one["default"] == MARK and one["name"] not in kept.inputs:
            yield FieldFault(f"inputs.{index}.default", "not_set")
    outputs = kept.content["outputs"]
    for index, name in enumerate(outputs):
        if name in outputs[:index]:
            yield FieldFault(f"outputs.{index}", "given_twice")
    yield from kept.faults()


def engine_scenario(kept: Kept) -> dict[str, Any]:
    """The parts of the engine's `Scenario`, secrets in clear."""
    inputs = [{**one, "default": kept.inputs.get(one["name"], one["default"])} for one in kept.content["inputs"]]
    return {**kept.content, "variables": engine_variables(kept.content["variables"], kept.variables), "inputs": inputs}


def kept_step(kind: str, sent: Mapping[str, Any], known: Kept, secret_inputs: frozenset[str]) -> Kept:
    """A step's parts as they are kept: the sent ones over the known ones. `secret_inputs`: what the called one says."""
    parts = (*_EVERY, *_OF_KIND[kind])
    content = {part: sent.get(part, known.content.get(part, _EMPTY.get(part))) for part in parts}
    listed, secrets = split(content["variables"] or [], known.variables)
    content["variables"] = listed
    overrides: Held = {}
    if content.get("overrides"):
        content["overrides"], overrides = set_apart(content["overrides"], known.overrides)
    inputs: dict[str, Any] = {}
    if content.get("inputs"):
        content["inputs"], inputs = _inputs_apart(content["inputs"], known.inputs, secret_inputs)
    return Kept(content, secrets, overrides, inputs)


def sealed_inputs(known: Kept, secret: frozenset[str]) -> Kept:
    """A step that calls a scenario, with inputs of these names set apart."""
    shown, held = _inputs_apart(known.content.get("inputs") or {}, known.inputs, secret)
    return replace(known, content=known.content | {"inputs": shown}, inputs=held)


def secret_names(inputs: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Names of a scenario's inputs that it calls secret."""
    return frozenset(one["name"] for one in inputs if one["secret"])


def unfit(kind: str, sent: Mapping[str, Any]) -> Iterator[FieldFault]:
    """What was sent and is of another kind of step."""
    for name in (*_COLUMN_OF_KIND, *STEP_PARTS):
        own = name in _EVERY or name in _OF_KIND[kind] or _COLUMN_OF_KIND.get(name) == kind
        if sent.get(name) not in (None, {}) and not own:
            yield FieldFault(name, "not_of_this_kind", detail=f"a step of kind `{kind}` has no `{name}`; leave it out")


def step_faults(kind: str, kept: Kept) -> Iterator[FieldFault]:
    """What is wrong with a step, the engine apart."""
    if kind == "wait" and kept.content["wait_ms"] is None:
        yield FieldFault("wait_ms", "missing", detail="say how many milliseconds to wait")
    overrides = kept.content.get("overrides") or {}
    for path in unset(overrides, kept.overrides):
        yield FieldFault(".".join(("overrides", *path)), "not_set")
    for name, value in (kept.content.get("inputs") or {}).items():
        if value == MARK and name not in kept.inputs:
            yield FieldFault(f"inputs.{name}", "not_set")
    auth = overrides.get("auth")
    token_url = auth.get("token_url") if isinstance(auth, dict) else None
    for place, url in (("url", overrides.get("url")), ("auth.token_url", token_url)):
        if isinstance(url, str) and holds_a_credential(url):
            yield FieldFault(f"overrides.{place}", "holds_a_credential", detail="use `auth`, or a secret variable")
    body = overrides.get("replace_body")
    yield from file_faults(body if isinstance(body, dict) else {}, "overrides.replace_body")
    yield from kept.faults()


def engine_step(kept: Kept) -> dict[str, Any]:
    """The parts of the engine's step that are set, secrets in clear."""
    parts = {name: value for name, value in kept.content.items() if value is not None}
    parts["variables"] = engine_variables(kept.content["variables"], kept.variables)
    if kept.overrides:
        parts["overrides"] = put_back(kept.content["overrides"], kept.overrides)
    if kept.inputs:
        parts["inputs"] = {name: kept.inputs.get(name, value) for name, value in kept.content["inputs"].items()}
    return parts


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the audit record keeps of a change: the fields that differ, long values cut, secrets masked."""
    names = [name for name in after if before.get(name) != after[name]]
    return _told({name: before.get(name) for name in names}), _told({name: after[name] for name in names})


def told_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit record keeps of something new: the fields that say something."""
    return _told({name: value for name, value in values.items() if value not in (None, "", [], {})})


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told(value or []) if name == "variables" else cut(value) for name, value in values.items()}


def _inputs_apart(
    given: Mapping[str, Any], known: Mapping[str, Any], secret: frozenset[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs with marks in place of what is secret by the called scenario's word or by its name."""
    from wxcloudrun.engine.result.redaction import sensitive_name  # noqa: PLC0415 - a start does not pay for the engine

    shown, held = dict(given), dict[str, Any]()
    for name, value in given.items():
        if value == MARK:
            held |= {name: known[name]} if name in known else {}
        elif (name in secret or sensitive_name(name)) and _closed(value):
            held[name] = value
            shown[name] = dict(MARK)
    return shown, held


def _closed(value: Any) -> bool:
    """True for a value that tells something: no null, no text of references only."""
    return value is not None and not isinstance(value, bool) and not (isinstance(value, str) and is_open(value))


def listed(text: str) -> Sequence[str]:
    """Tags out of their column."""
    tags: Sequence[str] = json.loads(text)
    return tags
