"""How much work a JSON Schema can make for data of a given depth, before a library that cannot be stopped is asked."""

from typing import Any, Final
from urllib.parse import unquote

_IN_PLACE_LISTS: Final = ("allOf", "anyOf", "oneOf")
_IN_PLACE_SINGLE: Final = ("not", "if", "then", "else")
_IN_PLACE_MAPS: Final = ("dependentSchemas", "dependencies")
_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_OBJECT_CHILDREN: Final = ("additionalProperties", "unevaluatedProperties", "propertyNames")
_ARRAY_CHILDREN: Final = ("items", "prefixItems", "additionalItems", "unevaluatedItems", "contains")
_CEILING: Final = 10**12
_ENOUGH: Final = 10**9
_ENOUGH_CALLS: Final = 10**5


class SchemaCost:
    """Upper bounds, by depth of the data: evaluations for one innermost value, and calls inside each other.

    Both grow with the depth; a schema whose branches come back to it doubles its evaluations at every level.
    """

    def __init__(self, schema: Any) -> None:
        self._root = schema
        self._named = _named(schema)
        self._index: dict[int, int] = {}
        self._nodes: list[Any] = []
        self._in_place: list[list[int]] = []
        self._below: list[list[int]] = []
        self._own: list[int] = []
        self.words = 0
        """Entries of all its `enum`, each of which a fault may repeat."""
        self._number(schema)
        position = 0
        while position < len(self._nodes):
            self._connect(self._nodes[position])
            position += 1
        self._order = self._inner_first()
        self._levels: list[tuple[list[int], list[int]]] = []

    def at(self, depth: int) -> tuple[int, int]:
        """(evaluations, nested calls) for data of that depth."""
        while len(self._levels) <= depth and not self._beyond_reason():
            self._levels.append(self._next_level())
        evaluations, calls = self._levels[min(depth, len(self._levels) - 1)]
        return evaluations[0], calls[0]

    def _beyond_reason(self) -> bool:
        """Both bounds only grow with the depth, so there is no need to go on."""
        return bool(self._levels) and (self._levels[-1][0][0] > _ENOUGH or self._levels[-1][1][0] > _ENOUGH_CALLS)

    def _next_level(self) -> tuple[list[int], list[int]]:
        size = len(self._nodes)
        evaluations, calls = [0] * size, [0] * size
        below = self._levels[-1] if self._levels else ([0] * size, [0] * size)
        for node in self._order:
            inner, deeper = self._in_place[node], self._below[node]
            inside = sum(evaluations[at] for at in inner) + max((below[0][at] for at in deeper), default=0)
            total = self._own[node] + inside
            evaluations[node] = min(total, _CEILING)
            nested = max((calls[at] for at in inner), default=0)
            calls[node] = 1 + max(nested, max((below[1][at] for at in deeper), default=0))
        return evaluations, calls

    def _number(self, schema: Any) -> int:
        known = self._index.get(id(schema))
        if known is None:
            known = self._index[id(schema)] = len(self._nodes)
            self._nodes.append(schema)
        return known

    def _connect(self, schema: Any) -> None:
        self._in_place.append([])
        self._below.append([])
        self._own.append(_own_cost(schema))
        self.words += len(_list(schema.get("enum"))) if isinstance(schema, dict) else 0
        if not isinstance(schema, dict):
            return
        node = len(self._in_place) - 1
        self._in_place[node] = [self._number(one) for one in self._inner(schema)]
        self._below[node] = [self._number(one) for one in _children(schema)]

    def _inner(self, schema: dict[str, Any]) -> list[Any]:
        inner = [one for name in _IN_PLACE_LISTS for one in _list(schema.get(name))]
        inner += [schema[name] for name in _IN_PLACE_SINGLE if isinstance(schema.get(name), dict)]
        inner += [one for name in _IN_PLACE_MAPS for one in _values(schema.get(name))]
        inner += [self._target(schema[name]) for name in _REFERENCES if isinstance(schema.get(name), str)]
        return [one for one in inner if isinstance(one, dict)]

    def _target(self, reference: str) -> Any:
        """The schema a local reference names; the whole schema when it cannot be told."""
        if reference in self._named:
            return self._named[reference]
        target: Any = self._root
        for part in unquote(reference.partition("#")[2]).split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(target, dict) and key in target:
                target = target[key]
            elif isinstance(target, list) and key.isdigit() and int(key) < len(target):
                target = target[int(key)]
            else:
                return self._root
        return target

    def _inner_first(self) -> list[int]:
        """The nodes so that each follows those it applies in place; a reference back to itself is left out."""
        order: list[int] = []
        state = [0] * len(self._nodes)  # 0 new, 1 open, 2 done
        for start in range(len(self._nodes)):
            stack = [start]
            while stack:
                node = stack[-1]
                if state[node] == 0:
                    state[node] = 1
                    self._in_place[node] = [at for at in self._in_place[node] if state[at] != 1]
                    stack.extend(at for at in self._in_place[node] if state[at] == 0)
                    continue
                stack.pop()
                if state[node] == 1:
                    state[node] = 2
                    order.append(node)
        return order


def _own_cost(schema: Any) -> int:
    """What a schema costs besides the schemas in it; scalar words of an `enum` are looked up at once."""
    if not isinstance(schema, dict):
        return 1
    compared = sum(1 for one in _list(schema.get("enum")) if isinstance(one, dict | list))
    return 1 + compared + len(_values(schema.get("patternProperties"))) + (5 if "multipleOf" in schema else 0)


def _children(schema: dict[str, Any]) -> list[Any]:
    children = [one for name in ("properties", "patternProperties") for one in _values(schema.get(name))]
    for name in _OBJECT_CHILDREN + _ARRAY_CHILDREN:
        value = schema.get(name)
        children += _list(value) if isinstance(value, list) else [value]
    return [one for one in children if isinstance(one, dict)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _values(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []


def _named(schema: Any) -> dict[str, Any]:
    """Every schema that has a name of its own: `#anchor`, or an `$id` and its last part."""
    named: dict[str, Any] = {}
    stack = [schema]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            for key in ("$anchor", "$dynamicAnchor"):
                if isinstance(one.get(key), str):
                    named.setdefault(f"#{one[key]}", one)
            for key in ("$id", "id"):
                if isinstance(one.get(key), str):
                    named.setdefault(one[key], one)
                    named.setdefault(one[key].rpartition("/")[2], one)
            stack.extend(one.values())
        elif isinstance(one, list):
            stack.extend(one)
    return named
