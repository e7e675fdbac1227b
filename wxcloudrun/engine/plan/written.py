"""Which place of the plan a person wrote what stands in a merged request, for warnings and faults."""

from collections.abc import Mapping, Sequence
from typing import Any

from wxcloudrun.engine.plan.case import Case, Dataset
from wxcloudrun.engine.plan.plan import Environment
from wxcloudrun.engine.plan.steps import CaseStep, Overrides

type Layers = Sequence[tuple[str, Dataset | Overrides]]
"""The step's overrides and the row of data, the upper one first, with their places."""

_LISTS = ("query", "headers", "cookies")
_IN_BODY = {"json": "value", "urlencoded": "fields", "multipart": "parts", "graphql": "variables", "raw": "text"}
"""What of a body `body` of a row or of overrides changes."""


class Origin:
    """One merged request and the layers it was made of."""

    def __init__(
        self, raw: Mapping[str, Any], step: CaseStep, row: Dataset | None, environment: Environment, row_place: str = ""
    ) -> None:
        """`raw` is what `merged_request` gave; `row_place` is the row's place seen from the step."""
        self._raw = raw
        self._case = step.case
        self._environment = environment
        layers: list[tuple[str, Dataset | Overrides]] = [("overrides", step.overrides)]
        self._layers: Layers = layers if row is None else [*layers, (row_place or _row_place(step.case, row), row)]

    def place(self, field: str) -> str:
        """The place of `headers.0.value`: seen from the plan's step (`case.datasets.1.headers.X-Id`) or, for an
        environment's default, from the plan (`/environment.headers.A`)."""
        head, _, rest = field.partition(".")
        if not head:
            return "case.request"
        if head in _LISTS:
            return self._entry(head, rest)
        if head == "body":
            return self._body(rest)
        parts = rest.split(".") if rest else []
        for place, layer in self._layers:
            own = getattr(layer, head, None)
            if own is not None and (head != "timeouts" or not parts or parts[0] in own):
                return f"{place}.{field}"
        own = self._case.request.get(head)
        if self._is_default(head, own, parts):
            return f"/environment.{field}"
        return f"case.request.{field}"

    def _is_default(self, head: str, own: object, parts: list[str]) -> bool:
        default = getattr(self._environment, head, None) if head in ("auth", "tls", "timeouts", "proxy") else None
        if default is None:
            return False
        if head == "auth":
            return own is None or (isinstance(own, dict) and own.get("kind") == "inherit")
        if isinstance(default, dict) and isinstance(own, dict) and parts:
            return parts[0] in default and parts[0] not in own
        return own is None

    def _entry(self, head: str, rest: str) -> str:
        """An entry of a list, which a person may have written as a member of an object."""
        index, _, _ = rest.partition(".")
        entries = self._raw.get(head)
        known = index.isdecimal() and isinstance(entries, list) and int(index) < len(entries)
        entry = entries[int(index)] if known and isinstance(entries, list) else None
        if not isinstance(entry, dict):
            return f"case.request.{head}" + (f".{rest}" if rest else "")
        folded = str.lower if head == "headers" else str
        name = folded(str(entry.get("name", "")))
        for place, layer in self._layers:
            for key, value in getattr(layer, head).items():
                if value is not None and name == folded(key):
                    return f"{place}.{head}.{key}"
        own = self._case.request.get(head)
        if isinstance(own, Mapping) and entry.get("name") in own:
            return f"case.request.{head}.{entry['name']}"
        for at, one in enumerate(own if isinstance(own, list | tuple) else ()):
            if one is entry:
                return f"case.request.{head}.{at}{rest.removeprefix(index)}"
        return f"/environment.{head}.{entry.get('name')}"

    def _body(self, rest: str) -> str:
        """`value.user.id`, `fields.0.value`, `text`: in the uppermost layer that says something there."""
        head, _, inside = rest.partition(".")
        body = self._raw.get("body")
        kind = body.get("kind") if isinstance(body, dict) else None
        changeable = head == _IN_BODY.get(str(kind))
        for place, layer in self._layers:
            if changeable and layer.body is not None:
                found = _changed(layer.body, head, inside, body)
                if found is not None:
                    return f"{place}.body{found}"
            if layer.replace_body is not None:
                return f"{place}.replace_body" + (f".{_by_name(rest, layer.replace_body)}" if rest else "")
        own = self._case.request.get("body")
        return "case.request.body" + (f".{_by_name(rest, own, body)}" if rest else "")


def _changed(change: Any, head: str, inside: str, body: Any) -> str | None:
    """Where in a layer's `body` the place is: `.user.id`; None when the layer leaves it alone."""
    if head in ("fields", "parts"):
        name = _entry_name(inside, body.get(head))
        return f".{name}" if isinstance(change, dict) and name in change else None
    if not isinstance(change, dict):
        return f".{inside}" if inside and isinstance(change, list) else ""
    told = ""
    for key in inside.split(".") if inside else ():
        if isinstance(change, dict) and key not in change:
            return None
        told += f".{key}"
        change = change[key] if isinstance(change, dict) else None
    return None if isinstance(change, dict) and inside == "" and head != "value" else told


def _entry_name(rest: str, entries: Any) -> str | None:
    index = rest.partition(".")[0]
    if not index.isdecimal() or not isinstance(entries, list | tuple) or int(index) >= len(entries):
        return None
    entry = entries[int(index)]
    return str(entry.get("name")) if isinstance(entry, dict) else None


def _by_name(rest: str, own: Any, merged: Any = None) -> str:
    """`fields.0.value` as `fields.name` when the fields were written as an object, else with their own number."""
    head, _, inside = rest.partition(".")
    written = own.get(head) if isinstance(own, dict) and head in ("fields", "parts") else None
    if isinstance(written, dict):
        name = _entry_name(inside, merged.get(head)) if isinstance(merged, dict) else None
        if name is None and inside.partition(".")[0].isdecimal():
            name = dict(enumerate(written)).get(int(inside.partition(".")[0]))
        return f"{head}.{name}" if name in written else rest
    entries = merged.get(head) if isinstance(merged, dict) else None
    index, _, last = inside.partition(".")
    if isinstance(written, list) and isinstance(entries, list) and index.isdecimal() and int(index) < len(entries):
        at = next((at for at, one in enumerate(written) if one is entries[int(index)]), int(index))
        return f"{head}.{at}" + (f".{last}" if last else "")
    return rest


def _row_place(case: Case, row: Dataset) -> str:
    return f"case.datasets.{next((at for at, one in enumerate(case.datasets) if one is row), row.key)}"
