"""The content of a case, looked over by the engine itself: what cannot work, by the API's fields, and what may not.

A *content* is the JSON of the column `content`: `request`, `expected`, `extractions`, `assertions`, `before`, `after`,
`idempotent`, `idempotency_header`, `condition`, `retry`, `poll`, `dataset`, with marks in place of credentials
(core/credentials.py), which are `held` beside it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from wxcloudrun.core.circles import circular
from wxcloudrun.core.credentials import MARK, Held, holds_a_credential, put_back
from wxcloudrun.core.errors import MOST_FAULTS, FieldFault, not_usable

if TYPE_CHECKING:
    from wxcloudrun.engine.errors import DefinitionError

CASE_PARTS: Final = (
    "request", "expected", "extractions", "assertions", "before", "after", "idempotent", "idempotency_header",
)  # fmt: skip
STEP_PARTS: Final = ("condition", "retry", "poll", "dataset")
PARTS: Final = (*CASE_PARTS, *STEP_PARTS)
MOST_BYTES: Final = 262_144  # of a whole content as JSON
_MOST: Final = {"expected": 200, "extractions": 200, "assertions": 200, "before": 50, "after": 50}
_MOST_IN_REQUEST: Final = {"query": 500, "headers": 500, "cookies": 500, "path_params": 500}
_MOST_IN_BODY: Final = {"fields": 1000, "parts": 1000}
_MOST_PLACEHOLDERS: Final = 2000
_LONGEST_URL: Final = 2048
_SHOWN: Final = 300  # characters of a path or a sentence
_STEP: Final = "scenario.steps.0."


@dataclass(frozen=True, slots=True)
class Examined:
    """What the engine says of a content; `warnings` only where there are no faults."""

    faults: tuple[FieldFault, ...] = ()
    warnings: tuple[str, ...] = ()


def faults_of_case(content: Mapping[str, Any], held: Held) -> Iterator[FieldFault]:
    """Why the engine could not work with this content (marked, its credentials beside it); at most 50 faults.

    `field` is the path in the API (`assertions.2.argument`), `position` the offset inside that text. Of a credential
    only its place is told.
    """
    yield from examined(content, held).faults


def warnings_of_case(content: Mapping[str, Any], names: Iterable[str] = ()) -> list[str]:
    """Sentences about names that nothing here gives a value; `names` are those known from elsewhere."""
    return list(examined(content, {}, names).warnings)


def examined(content: Mapping[str, Any], held: Held, names: Iterable[str] = ()) -> Examined:
    """Faults and warnings of a content in one look. `names` of variables are known from elsewhere."""
    unfit = [*_size_faults(content, held), *_list_faults(content["request"])]
    if unfit:  # the rest takes time in proportion to the size, and lists are merged before they are looked at
        return Examined(tuple(unfit))
    whole = put_back(content, held)
    faults = [*_mark_faults(whole), *_url_faults(whole), *_secret_faults(whole)]
    told = {fault.field for fault in faults}
    secret = {".".join(path) for path in _marks(content, ())}
    found, warnings = _engine_says(whole, names)
    faults += [_fault(one, secret) for one in found if one.field not in told]
    faults += _circles(whole.get("expected") or {}) if not found else ()
    return Examined(tuple(faults[:MOST_FAULTS]), () if faults else tuple(warnings[:MOST_FAULTS]))


def engine_case(
    content: Mapping[str, Any],
    *,
    id: int | str | None = None,  # noqa: A002 - the engine's own name
    name: str = "",
    version: int | None = None,
    datasets: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The engine's `Case` as JSON, from a content whose credentials were put back."""
    own = {part: content[part] for part in CASE_PARTS if part in content}
    return {"id": id, "name": name, "version": version, **own, "datasets": list(datasets)}


def engine_step(content: Mapping[str, Any]) -> dict[str, Any]:
    """`condition`, `retry`, `poll`, `dataset` of a content, as a step of the engine has them."""
    return {part: content[part] for part in STEP_PARTS if content.get(part) is not None}


def goes_elsewhere(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """True where a changed request, its credentials with it, would be sent by another way or to another place."""

    def way(request: Mapping[str, Any]) -> list[Any]:
        auth = request.get("auth")
        token_url = auth.get("token_url") if isinstance(auth, Mapping) else None
        return [*(request.get(part) for part in ("url", "proxy", "tls")), token_url]

    return way(old) != way(new)


def _size_faults(content: Mapping[str, Any], held: Held) -> Iterator[FieldFault]:
    request = content["request"]
    body = request.get("body")
    limits = (("", content, _MOST), ("request.", request, _MOST_IN_REQUEST), ("request.body.", body, _MOST_IN_BODY))
    for above, holder, limited in limits:
        for name, most in limited.items() if isinstance(holder, Mapping) else ():
            entries = holder.get(name)
            if isinstance(entries, list | Mapping) and len(entries) > most:
                yield FieldFault(f"{above}{name}", "too_long", detail=f"at most {most} entries")
    if len(str(request.get("url") or "")) > _LONGEST_URL:
        yield FieldFault("request.url", "too_long", detail=f"at most {_LONGEST_URL} characters")
    written = {part: json.dumps(content.get(part), ensure_ascii=False) for part in PARTS}
    sizes = {part: len(text.encode()) for part, text in written.items()}
    if sum(sizes.values()) + sum(len(value.encode()) for value in held.values()) > MOST_BYTES:
        biggest = max(sizes, key=lambda part: sizes[part])
        yield FieldFault(biggest, "too_large", detail=f"at most {MOST_BYTES} bytes of JSON altogether")
    opened = {part: text.count("{{") for part, text in written.items()}
    if sum(opened.values()) > _MOST_PLACEHOLDERS:
        fullest = max(opened, key=lambda part: opened[part])
        yield FieldFault(fullest, "too_many_placeholders", detail=f"at most {_MOST_PLACEHOLDERS} altogether")


def _list_faults(request: Mapping[str, Any]) -> Iterator[FieldFault]:
    for name in ("query", "headers", "cookies"):
        if not isinstance(request.get(name, []), list | Mapping):
            yield FieldFault(f"request.{name}", "not_usable", detail="an array or an object is expected")


def _mark_faults(whole: Mapping[str, Any]) -> Iterator[FieldFault]:
    """Marks that nothing stands behind. What is expected of a response may look like one and is none; so may a body."""
    for path in _marks(whole, ()):
        if path[0] in {"request", "before", "after"} and path[:2] != ("request", "body"):
            yield FieldFault(_cut(".".join(path)), "not_set")


def _url_faults(whole: Mapping[str, Any]) -> Iterator[FieldFault]:
    """Credentials in clear where they would be shown."""
    request = whole["request"]
    auth = request.get("auth")
    token_url = auth.get("token_url") if isinstance(auth, dict) else None
    for field, url in (("request.url", request.get("url")), ("request.auth.token_url", token_url)):
        if isinstance(url, str) and holds_a_credential(url):
            yield FieldFault(field, "holds_a_credential", detail="write it in `auth`, `query`, `headers` or `cookies`")


def _secret_faults(whole: Mapping[str, Any]) -> Iterator[FieldFault]:
    """Secret values of a kind that is not set apart, and so would be shown."""
    for part in ("before", "after"):
        for index, action in enumerate(whole[part]):
            if action.get("do") == "set" and action.get("secret") and isinstance(action.get("value"), list | dict):
                detail = "a secret value is one text; write the credential alone, and put it together where it is used"
                yield FieldFault(f"{part}.{index}.value", "holds_a_credential", detail=detail)
    for index, one in enumerate(whole["extractions"]):
        if one.get("secret") and one.get("default") not in (None, "", True, False):
            detail = "what is secret takes no default; let a variable of type secret give it"
            yield FieldFault(f"extractions.{index}.default", "holds_a_credential", detail=detail)


def _engine_says(whole: Mapping[str, Any], names: Iterable[str]) -> tuple[Sequence["DefinitionError"], list[str]]:
    """Its faults, by fields of the API, or its warnings. The choice of a dataset is not tried: they are not given."""
    from pydantic import ValidationError  # noqa: PLC0415 - a start does not pay for the engine

    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - as above
    from wxcloudrun.engine.plan.case import Variable  # noqa: PLC0415 - as above
    from wxcloudrun.engine.plan.plan import Environment, Plan  # noqa: PLC0415 - as above
    from wxcloudrun.engine.plan.steps import CaseStep, DatasetChoice, DatasetMode, Scenario  # noqa: PLC0415 - as above
    from wxcloudrun.engine.ready.check import check_plan  # noqa: PLC0415 - as above
    from wxcloudrun.engine.shape import shape_faults  # noqa: PLC0415 - as above

    try:
        step = CaseStep.model_validate({"case": engine_case(whole), **engine_step(whole)})
    except ValidationError as error:
        return [_placed(one, "") for one in shape_faults(CaseStep, error)], []
    without = step.model_copy(update={"dataset": DatasetChoice(mode=DatasetMode.NONE)})
    variables = tuple(Variable.model_construct(name=name, value="") for name in sorted(set(names)))
    plan = Plan(scenario=Scenario(steps=(without,)), environment=Environment(variables=variables))
    try:
        warnings = check_plan(plan)
    except DefinitionError as fault:
        return [_placed(one, _STEP) for one in getattr(fault, "faults", (fault,))], []
    return [], [_cut(one.removeprefix(_STEP).removeprefix("case.")) for one in warnings]


def _placed(fault: "DefinitionError", above: str) -> "DefinitionError":
    """The fault at its place in the API's body; what is wrong with a step as a whole is that it retries and polls."""
    fault.field = "poll" if fault.field == "plan" else fault.field.removeprefix(above).removeprefix("case.")
    return fault


def _fault(fault: "DefinitionError", secret: set[str]) -> FieldFault:
    """As it is told, cut to a bearable length."""
    told = not_usable(fault, secret)
    return replace(told, field=_cut(told.field), detail=told.detail and _cut(told.detail))


def _circles(expected: Mapping[str, Any]) -> Iterator[FieldFault]:
    """Expected values that need themselves, directly or through others."""
    from wxcloudrun.engine.render.template import compile_tree, placeholders  # noqa: PLC0415 - as above

    needed: dict[str, set[str]] = {}
    for key, value in expected.items():
        names = {one.name for _, one in placeholders(compile_tree(value, key))}
        needed[key] = {
            other for other in expected if any(f"{name}.".startswith(f"expected.{other}.") for name in names)
        }
    for key in circular(needed):
        yield FieldFault(_cut(f"expected.{key}"), "circular", detail="expected values refer to one another in a circle")


def _marks(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where marks stand."""
    if value == MARK:
        yield path
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _marks(item, (*path, str(name)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _marks(item, (*path, str(index)))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
