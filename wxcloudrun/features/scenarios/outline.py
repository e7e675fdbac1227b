"""Steps put together as the engine's plan has them, and what the engine says of such a plan."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wxcloudrun.core.credentials import MARK
from wxcloudrun.features.scenarios.models import Phase

if TYPE_CHECKING:
    from wxcloudrun.engine.errors import DefinitionError

type Json = dict[str, Any]

_INSIDE: Final = {"group": "steps", "parallel": "parallel"}
_NOWHERE: Final = "http://nowhere.invalid/"
_UNKNOWN: Final = re.compile(
    r"(?P<where>.+?)(?:: `[^`]*` needs `[^`]*`)?: nothing above this step gives `(?P<name>[^`]*)` a value(?P<hint>.*)",
    re.DOTALL,
)
_OUTPUT: Final = re.compile(r"scenario `.*`: nothing makes its output `(?P<name>[^`]*)`", re.DOTALL)
_ROUNDS: Final = 3
_MOST_HEARD: Final = 5_000  # far more than is told of; loops over long lists can give a hundred thousand
_ANYTHING: Final = "{{$uuid}}"  # a text that has a value everywhere, and whose form nobody judges before it has one


@dataclass(frozen=True, slots=True)
class Said:
    """Something the engine says. `place` is the path in the plan, `name` the variable it is about, if it is."""

    kind: str  # fault, variable, output, empty
    place: str
    name: str
    message: str


def arranged(steps: Iterable[tuple[Any, Json]]) -> dict[str, list[Json]]:
    """Rows in order, each with its step, as the lists of a scenario; groups get what is inside them."""
    lists: dict[str, list[Json]] = {phase.name.lower(): [] for phase in Phase}
    inside: dict[int, list[Json]] = {}
    for row, step in steps:
        if row.kind in _INSIDE:
            inside[row.id] = step[_INSIDE[row.kind]] = []
        home = lists[row.phase.name.lower()] if row.parent_id is None else inside[row.parent_id]
        home.append(step)
    return lists


def head(row: Any) -> Json:
    """What every step has."""
    return {"id": row.id, "key": row.key, "name": row.name, "enabled": row.enabled, "kind": row.kind}


def case_step(own: Mapping[str, Any], case: Json, said: Mapping[str, Any]) -> Json:
    """The parts of a step that sends a case. What the step says holds over what the case said; both conditions do."""
    parts: Json = {**said, **own, "case": case}
    if "retry" in own or "poll" in own:  # one of them takes the place of the other
        parts = {name: value for name, value in parts.items() if name in own or name not in {"retry", "poll"}}
    conditions = [one["condition"] for one in (said, own) if one.get("condition")]
    if len(conditions) == 2:
        parts["condition"] = f"({conditions[0]}) and ({conditions[1]})"
    return parts


def bare(row: Any, made: Iterable[str] = ()) -> Json:
    """A step of which nothing is left but that it is there, and the names it gives to those after it."""
    if row.kind == "case":
        return {**head(row), "case": {"id": row.case_id, **_making(made)}}
    if row.kind == "scenario":
        return {**head(row), "scenario": called(row.called_id, row.called_name or "", made)}
    return {**head(row), **({"wait_ms": 0} if row.kind == "wait" else {})}


def called(scenario_id: int, name: str, made: Iterable[str]) -> Json:
    """A scenario of which nothing is left but its outputs."""
    outputs = list(made)
    return {"id": scenario_id, "name": name, "outputs": outputs, "steps": [{"case": _making(outputs)}]}


def names_of(case: Mapping[str, Any]) -> list[str]:
    """Names that a case gives a value, for the steps after it."""
    entries = [one for part in ("extractions", "before", "after") for one in case.get(part) or ()]
    return [one["name"] for one in entries if isinstance(one, dict) and isinstance(one.get("name"), str)]


def unmarked(value: Any) -> Any:
    """JSON with a placeholder for each mark: what stands behind it is not needed to look it over."""
    if value == MARK:
        return _ANYTHING
    if isinstance(value, Mapping):
        return {name: '""' if name == "expression" and item == MARK else unmarked(item) for name, item in value.items()}
    return [unmarked(item) for item in value] if isinstance(value, list) else value


def listened(plan: Json, steps: Mapping[str, Any], bare_at: Callable[[str], Json]) -> list[Said]:
    """All that the engine says of a plan with these steps by place.

    A bare step takes the place of one with a fault in the plan, so that the engine goes on to what it would warn of.
    """
    said: list[Said] = []
    for _ in range(_ROUNDS):
        faults, warnings = objections(plan)
        said += [Said("fault", one.field, "", one.reason) for one in faults[:_MOST_HEARD]]
        broken = {place for one in faults if (place := step_place(one.field, steps)) is not None}
        if not broken:
            return said + [_understood(one) for one in warnings[:_MOST_HEARD]]
        for place in broken:
            _exchange(plan, place, bare_at(place))
    return said


def objections(plan: Json) -> tuple[Sequence["DefinitionError"], list[str]]:
    """The engine's faults, or its warnings."""
    from pydantic import ValidationError  # noqa: PLC0415 - a start does not pay for the engine

    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - as above
    from wxcloudrun.engine.plan.plan import Plan  # noqa: PLC0415 - as above
    from wxcloudrun.engine.ready.check import check_plan  # noqa: PLC0415 - as above
    from wxcloudrun.engine.shape import shape_faults  # noqa: PLC0415 - as above

    try:
        read = Plan.model_validate(plan)
    except ValidationError as error:
        return shape_faults(Plan, error), []
    try:
        return [], check_plan(read)
    except DefinitionError as fault:
        return getattr(fault, "faults", (fault,)), []


def shape_of_choice(choice: Json | None) -> Sequence["DefinitionError"]:
    """What is wrong with a choice of datasets, whichever datasets there are."""
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - as above
    from wxcloudrun.engine.plan.steps import DatasetChoice  # noqa: PLC0415 - as above
    from wxcloudrun.engine.shape import shape_faults  # noqa: PLC0415 - as above

    try:
        DatasetChoice.model_validate(choice or {})
    except ValidationError as error:
        return [
            DefinitionError("dataset" if one.field == "plan" else f"dataset.{one.field}", one.reason)
            for one in shape_faults(DatasetChoice, error)
        ]
    return []


def places(lists: Mapping[str, list[Json]]) -> Iterator[tuple[str, Json]]:
    """Every step of a scenario with its place in the plan."""
    for name, steps in lists.items():
        yield from _below(steps, f"scenario.{name}")


def step_place(field: str, known: Mapping[str, Any]) -> str | None:
    """The place of the step to which a field belongs; None for what belongs to none."""
    parts = field.split(".")
    ways = (".".join(parts[:end]) for end in range(len(parts), 1, -1))
    return next((way for way in ways if way in known), None)


def _below(steps: list[Json], where: str) -> Iterator[tuple[str, Json]]:
    for index, step in enumerate(steps):
        place = f"{where}.{index}"
        yield place, step
        for name in _INSIDE.values():
            yield from _below(step.get(name, []), f"{place}.{name}")


def _exchange(plan: Json, place: str, stand_in: Json) -> None:
    """Put a bare step where the other one was; what is inside a group stays."""
    at: Any = plan
    *way, last = place.split(".")
    for part in way:
        at = at[int(part)] if isinstance(at, list) else at[part]
    step = at[int(last)]
    inside = {name: step[name] for name in _INSIDE.values() if name in step}
    at[int(last)] = {**stand_in, **inside}


def _understood(warning: str) -> Said:
    unknown = _UNKNOWN.fullmatch(warning)
    if unknown is not None:
        message = f"nothing above this step gives `{unknown['name']}` a value{unknown['hint']}"
        return Said("variable", unknown["where"], unknown["name"], message)
    output = _OUTPUT.fullmatch(warning)
    if output is not None:
        return Said("output", "outputs", output["name"], f"nothing makes the output `{output['name']}`")
    place, _, message = warning.partition(": ")
    return Said("empty", place, "", message or warning)


def _making(names: Iterable[str]) -> Json:
    """The parts of a case that gives these names."""
    taken = [{"name": name, "source": "status"} for name in dict.fromkeys(names)]
    return {"request": {"url": _NOWHERE}, "extractions": taken}
