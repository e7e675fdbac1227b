"""What a dataset gives: how it is kept, looked over by the engine, and told."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from wxcloudrun.core.circles import circular
from wxcloudrun.core.credentials import Held, packed, put_back, set_apart, unpacked, unset
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.errors import FieldFault, not_usable
from wxcloudrun.features.environments.variables import cut

if TYPE_CHECKING:
    from wxcloudrun.engine.errors import DefinitionError

SECRETS: Final = "datasets.secrets"
NOTHING: Final[Mapping[str, Any]] = {
    "variables": {},
    "query": {},
    "headers": {},
    "cookies": {},
    "body": None,
    "replace_body": None,
    "expected": {},
}
PARTS: Final = tuple(NOTHING)
MOST_DATASETS: Final = 1_000
MOST_BYTES: Final = 65_536  # of a dataset's content as JSON, credentials counted
_NAMED: Final = ("query", "headers", "cookies")
_OF_REQUEST: Final = (*_NAMED, "body", "replace_body")
_AT_ONCE: Final = 50  # rows of one plan: the engine looks for each among all of them
_UNFIT: Final = re.compile(r"[^\w.-]+")

type Content = dict[str, Any]


def apart(parts: Mapping[str, Any], known: Held) -> tuple[Content, Held]:
    """The parts with marks in place of credentials, and the credentials; a mark that came in takes what is known."""
    shown, held = set_apart({name: parts[name] for name in _NAMED}, known)
    return {**parts, **shown}, held


def whole(content: Mapping[str, Any], held: Held) -> Content:
    """The parts as they were before `apart`."""
    return {**content, **put_back({name: content[name] for name in _NAMED}, held)}


def columns(keys: KeyRing, content: Mapping[str, Any], held: Held) -> dict[str, str | None]:
    """The columns of the table for this content."""
    secrets = packed(held)
    return {
        "content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        "secrets": None if secrets is None else keys.encrypt(secrets, SECRETS),
    }


def opened(keys: KeyRing, stored: str | None) -> Held:
    """Credentials as they were; none where their key was withdrawn, so that they have to be entered again."""
    return unpacked(keys.readable(stored, SECRETS))


def made_key(name: str, number: int, taken: Set[str]) -> str:
    """A key for the dataset of that name, or of that place where it has none, which no other one has."""
    base = _UNFIT.sub("_", name).strip("_")[:120] or f"row_{number}"
    key, further = base, 2
    while key in taken:
        key, further = f"{base}_{further}", further + 1
    return key


def told(values: Mapping[str, Any]) -> dict[str, Any]:
    """A dataset as the audit record keeps it: marks in place of credentials, long values cut."""
    content = json.loads(values["content"])
    own = {name: values[name] for name in ("key", "name", "enabled")}
    return {**own, **{part: cut(content[part]) for part in PARTS if content[part] != NOTHING[part]}}


def own_faults(content: Mapping[str, Any], held: Held) -> Iterator[FieldFault]:
    """Marks that nothing stands behind, files by number, and too much."""
    for path in unset({name: content[name] for name in _NAMED}, held):
        yield FieldFault(".".join(path), "not_set")
    yield from file_faults(content["replace_body"] or {}, "replace_body")
    sizes = {part: len(json.dumps(content[part], ensure_ascii=False).encode()) for part in PARTS}
    if sum(sizes.values()) + sum(len(value.encode()) for value in held.values()) > MOST_BYTES:
        detail = f"at most {MOST_BYTES} bytes of JSON altogether"
        yield FieldFault(max(sizes, key=lambda part: sizes[part]), "too_large", detail=detail)


def file_faults(body: Mapping[str, Any], above: str) -> Iterator[FieldFault]:
    """Where a body names a file that is to stay as long as it is used: a record of that is kept of cases only."""
    parts = body.get("parts")
    listed = list(enumerate(parts)) if isinstance(parts, list) else []
    holders = [
        ("blob", body),
        *((f"parts.{at}.file.blob", one.get("file")) for at, one in listed if isinstance(one, dict)),
    ]
    for place, holder in holders:
        blob = holder.get("blob") if isinstance(holder, dict) else None
        if blob is not None and not (isinstance(blob, str) and "{{" in blob):
            detail = "only a case names files by number; write `{{name}}` and give the number as a variable"
            yield FieldFault(f"{above}.{place}", "not_a_reference", detail=detail)


def engine_faults(
    request: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], held: Sequence[Held]
) -> Iterator[tuple[int, FieldFault]]:
    """Why the engine could not work with these rows (whole, the credentials in them beside) over a case's request.

    Each with the index of its row. Of the request itself nothing is told. Fields are those of the API; of what is wrong
    with a credential only the place is told, since the reason could repeat it.
    """
    seen = _Seen()
    for start in range(0, len(rows), _AT_ONCE):
        found: dict[int, list[DefinitionError]] = {}
        for index in range(start, min(start + _AT_ONCE, len(rows))):
            found[index] = [*_text_faults(rows[index], seen), *_circles(rows[index])]
        laid_over = [at for at, faults in found.items() if not faults and any(rows[at][one] for one in _OF_REQUEST)]
        for index, fault in _request_faults(request, {at: rows[at] for at in laid_over}):
            found[index].append(fault)
        for index, faults in found.items():
            yield from ((index, _fault(one, held[index])) for one in faults)


class _Seen:
    """Values and uses of placeholders that were looked over before: rows of one file are much alike."""

    def __init__(self) -> None:
        self.values: dict[str, list[DefinitionError]] = {}
        self.fine: set[tuple[Any, ...]] = set()


def _text_faults(row: Mapping[str, Any], seen: _Seen) -> Iterator["DefinitionError"]:
    """Placeholders that cannot be read, or name a filter or a dynamic variable that there is none of."""
    for part in PARTS:
        value = row[part]
        named = value.items() if isinstance(value, dict) and part != "replace_body" else [("", value)]
        for name, item in named:
            text = json.dumps(item, ensure_ascii=False)
            if "{{" not in text:
                continue
            if text not in seen.values:
                seen.values[text] = list(_value_faults(item, seen.fine))
            place = f"{part}.{name}" if name else part
            for one in seen.values[text]:
                yield type(one)(f"{place}{one.field}", one.reason, one.position)


def _value_faults(value: Any, fine: set[tuple[Any, ...]]) -> Iterator["DefinitionError"]:
    """Faults of one value, whose places are inside it (`.a.0`, or nothing); `fine` uses of placeholders have none."""
    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - a start does not pay for the engine
    from wxcloudrun.engine.plan.case import Variable  # noqa: PLC0415 - as above
    from wxcloudrun.engine.plan.plan import Plan  # noqa: PLC0415 - as above
    from wxcloudrun.engine.plan.steps import Scenario, WaitStep  # noqa: PLC0415 - as above
    from wxcloudrun.engine.ready.check import check_plan  # noqa: PLC0415 - as above
    from wxcloudrun.engine.render.template import compile_tree, placeholders  # noqa: PLC0415 - as above

    try:
        found = [one for _, one in placeholders(compile_tree(value, "x")) if one.dynamic or one.filters]
        uses = {(one.name if one.dynamic else "", one.arguments, one.filters) for one in found}
        if uses <= fine:
            return
        step = WaitStep(wait_ms=0, variables=(Variable(name="x", value=value),))
        check_plan(Plan(scenario=Scenario(steps=(step,))))
        fine |= uses
    except DefinitionError as fault:
        for one in getattr(fault, "faults", (fault,)):
            place = re.sub(r"^(?:scenario\.steps\.0\.variables\.(?:0\.value|x)|x)", "", one.field)
            yield DefinitionError(place, one.reason, one.position)


def _circles(row: Mapping[str, Any]) -> Iterator["DefinitionError"]:
    """Values that need themselves, directly or through others of the row."""
    values = {f"variables.{name}": value for name, value in row["variables"].items()}
    values |= {f"expected.{name}": value for name, value in row["expected"].items()}
    if "{{" not in json.dumps(list(values.values()), ensure_ascii=False):
        return
    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - as above

    needed = {place: _needed(value, values) for place, value in values.items()}
    for place in circular(needed):
        yield DefinitionError(place, "values refer to one another in a circle")


def _needed(value: Any, values: Mapping[str, Any]) -> set[str]:
    """Places of the values that this one refers to; none of one that cannot be read."""
    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - as above
    from wxcloudrun.engine.render.template import compile_tree, placeholders  # noqa: PLC0415 - as above

    try:
        names = [one.name for _, one in placeholders(compile_tree(value, "x")) if not one.dynamic]
    except DefinitionError:
        return set()
    parts = [name.split(".") for name in names]
    candidates = {".".join(one[:count]) for one in parts for count in range(1, len(one) + 1)}
    return {place for one in candidates for place in (f"variables.{one}", one) if place in values}


def _request_faults(
    request: Mapping[str, Any], rows: Mapping[int, Mapping[str, Any]]
) -> Iterator[tuple[int, "DefinitionError"]]:
    """What the rows make of the request that cannot be sent."""
    if not rows:
        return
    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - as above
    from wxcloudrun.engine.plan.plan import Plan  # noqa: PLC0415 - as above
    from wxcloudrun.engine.ready.program import Program  # noqa: PLC0415 - as above

    datasets = [{"key": str(index), **row} for index, row in rows.items()]
    step = {"case": {"request": request, "datasets": datasets}, "dataset": {"mode": "all"}}
    plan = Plan.model_validate({"scenario": {"steps": [step]}})
    try:
        Program(plan)
    except DefinitionError as fault:
        numbers = list(rows)
        for one in getattr(fault, "faults", (fault,)):
            found = re.match(r"scenario\.steps\.0\.case\.datasets\.(\d+)\.(.+)", one.field, re.DOTALL)
            if found is not None:
                yield numbers[int(found[1])], DefinitionError(found[2], one.reason, one.position)


def _fault(fault: "DefinitionError", held: Held) -> FieldFault:
    told = not_usable(fault, (".".join(path) for path in held))
    return replace(told, reason="circular") if "circle" in (told.detail or "") else told
