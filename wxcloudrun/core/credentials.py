"""Passwords, keys and tokens written into a request: set apart from the rest, so that they are kept encrypted.

A *content* is JSON in the shape of a case, of its request, of a dataset or of what a step overrides: `headers`,
`cookies`, `query` and `path_params` by name or as a list of entries, `auth`, `tls`, `proxy`, the actions of `before`
and `after`, all of it at the top or inside `request`. Where a credential stood, `MARK` stands afterwards; its *path*
says where. A body is test data and stays as it is.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import chain, count
from typing import Any, Final
from urllib.parse import parse_qsl

from wxcloudrun.core.masking import mask_text

type Path = tuple[str, ...]
type Held = dict[Path, str]

MARK: Final[dict[str, Any]] = {"is_set": True}
_NAMED = ("headers", "cookies", "query", "path_params")
_AUTH = frozenset({"password", "token", "client_secret", "secret_key", "session_token", "key"})
_TLS = frozenset({"client_key_pem"})
_TELLING = re.compile(
    r"secret|passw|token|credential|api_?key|jwt|csrf|xsrf|cookie|signature|authoriz|session"  # anywhere in a name
    r"|(?<![a-z])(?:auth|key|sid|sess|pwd)(?![a-z])|(?-i:(?<=[a-z])(?:Auth|Key|Sid|Pwd)(?![a-z]))",  # as a word of it
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"(?:(?:Bearer|Basic|Token|Key|ApiKey)\s)?\s*", re.IGNORECASE)  # `Bearer {{token}}`
# A variable by name, through filters without arguments: what stands in an argument could be the credential itself.
_REFERENCE = re.compile(r"\{\{\s*\$?[^\W\d][\w.\[\]-]*\s*(?:\|\s*\w+\s*)*\}\}")
# What an expression gives in so many words: a text, or a number that could be one of a bank card or a lock. In
# `json["token"]` the text is where to look.
_TEXT = r"""(?:'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?)"""
_LITERAL = re.compile(rf"(?<=[\w\])]\[){_TEXT}(?=\])|(?P<given>{_TEXT}|\b\d{{4,}})", re.DOTALL)
_TELLS = re.compile(r"\w")
_UNFIT = re.compile(r"\W+")
_BEFORE_HOST = re.compile(r"[^/?#\\@]*:[/\\]*|[/\\]{2,}")
_HOST = re.compile(r"[^/?#\\]*")


def set_apart(content: Mapping[str, Any], kept: Mapping[Path, str]) -> tuple[dict[str, Any], Held]:
    """A copy with marks in place of credentials, and the credentials by their paths.

    A mark that came in takes what is kept for its path; where nothing is kept, `unset` finds the mark. Text made of
    `{{references}}` only is no credential.
    """
    shown = deepcopy(dict(content))
    held: Held = {}
    for path, holder, key in list(_places(shown)):
        value = holder[key]
        if value == MARK:
            held |= {path: kept[path]} if path in kept else {}
        elif isinstance(value, str | int | float) and not isinstance(value, bool) and not is_open(str(value)):
            held[path] = str(value)
            holder[key] = dict(MARK)
    return shown, held


def put_back(content: Mapping[str, Any], held: Mapping[Path, str]) -> dict[str, Any]:
    """A copy with the credentials where they were before `set_apart`."""
    return _filled(content, held)


def referenced(content: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A copy with a `{{reference}}` in place of each mark, for where the credentials must not go; and the names."""
    names: dict[Path, str] = {}
    for path in _marks(content):
        name = _UNFIT.sub("_", "_".join(path)).strip("_")
        more = (f"{name}_{number}" for number in count(2))
        names[path] = next(one for one in chain([name], more) if one not in names.values())
    references = {path: name if _of_expression(path) else f"{{{{{name}}}}}" for path, name in names.items()}
    return _filled(content, references), list(names.values())


def unset(content: Mapping[str, Any], held: Mapping[Path, str]) -> Iterator[Path]:
    """Paths of marks that nothing stands behind, also of those where no credential belongs."""
    yield from (path for path in _marks(content) if path not in held)
    known = {id(holder[key]) for _, holder, key in _places(content) if holder[key] == MARK}
    for path, mark in _objects(content, ()):
        if mark == MARK and id(mark) not in known and path[:1] != ("body",) and path[:2] != ("request", "body"):
            yield path


def is_open(text: str) -> bool:
    """True for text that tells nothing: empty, or references to variables only, perhaps after a scheme's word."""
    rest, found = _REFERENCE.subn("", text)
    return not text or bool(found and _HARMLESS.fullmatch(rest))


def gives_a_literal(expression: str) -> bool:
    """True for an expression in which a text or a number stands that could be a credential."""
    literals = ((one["given"] or "").strip("'\"") for one in _LITERAL.finditer(expression))
    return any(_TELLS.search(text) and not _HARMLESS.fullmatch(text) for text in literals)


def holds_a_credential(url: str) -> bool:
    """True for `//user:password@host`, `?token=...` and what `query` would set apart, unless variables give them."""
    plain = _REFERENCE.sub("", url)
    before = _BEFORE_HOST.match(plain)
    host = _HOST.match(plain, before.end()) if before else None
    if (host is not None and "@" in host.group()) or mask_text(plain) != plain:
        return True
    query = plain.partition("#")[0].partition("?")[2]
    return any(value and _TELLING.search(name) for name, value in parse_qsl(query))


def packed(held: Mapping[Path, str]) -> str | None:
    """The credentials as one text to be encrypted; None where there are none."""
    return json.dumps([[*path, value] for path, value in held.items()], ensure_ascii=False) if held else None


def unpacked(text: str | None) -> Held:
    """What `packed` was given."""
    return {} if text is None else {tuple(entry[:-1]): entry[-1] for entry in json.loads(text)}


def _filled(content: Mapping[str, Any], held: Mapping[Path, str]) -> dict[str, Any]:
    whole = deepcopy(dict(content))
    for path, holder, key in list(_places(whole)):
        if holder[key] == MARK and path in held:
            holder[key] = held[path]
    return whole


def _marks(content: Mapping[str, Any]) -> Iterator[Path]:
    return (path for path, holder, key in _places(content) if holder[key] == MARK)


def _places(content: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """Where a credential may stand: its path, and the object or list with the key under which it stands there."""
    for part in _NAMED:
        yield from _named(content.get(part), part, above)
    for part, names in (("auth", _AUTH), ("tls", _TLS)):
        holder = content.get(part)
        for name in holder if isinstance(holder, dict) else ():
            if name in names or (part == "auth" and name == "value"):
                yield (*above, part, name), holder, name
    auth = content.get("auth")
    extra = auth.get("extra") if isinstance(auth, dict) else None
    for name in extra if isinstance(extra, dict) else ():
        yield (*above, "auth", "extra", name), extra, name
    if "@" in str(content.get("proxy") or "") or content.get("proxy") == MARK:
        yield (*above, "proxy"), content, "proxy"
    for part in ("before", "after"):
        yield from _actions(content.get(part), part, above)
    request = content.get("request")
    if isinstance(request, dict) and not above:
        yield from _places(request, ("request",))


def _named(part: Any, name: str, above: Path) -> Iterator[tuple[Path, Any, Any]]:
    """Entries by name; of a name that comes again, or of a list in a dataset, the second has the path `name, 1`."""
    if isinstance(part, dict):
        for key, value in part.items():
            if name == "cookies" or _TELLING.search(str(key)):
                holder, places = (value, range(len(value))) if isinstance(value, list) else (part, (key,))
                for at, place in enumerate(places):
                    yield (*above, name, str(key), *([str(at)] if at else [])), holder, place
        return
    seen: dict[str, int] = {}
    for entry in part if isinstance(part, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("name"), str | int | float) and "value" in entry:
            key = str(entry["name"])  # the engine takes a number for its text
            times = seen[key] = seen.get(key, -1) + 1
            if name == "cookies" or _TELLING.search(key):
                yield (*above, name, key, *([str(times)] if times else [])), entry, "value"


def _actions(part: Any, name: str, above: Path) -> Iterator[tuple[Path, Any, Any]]:
    """Keys of signatures, values that a `set` marks as secret, and expressions of a secret `compute` that hold one."""
    seen: dict[str, int] = {}
    for entry in part if isinstance(part, list) else ():
        field = _secret_field(entry)
        if field is not None:
            key = str(entry.get("name"))
            times = seen[key] = seen.get(key, -1) + 1
            yield (*above, name, key, field, *([str(times)] if times else [])), entry, field


def _secret_field(action: Any) -> str | None:
    if not isinstance(action, dict):
        return None
    if action.get("do") == "sign" and "key" in action:
        return "key"
    # The engine takes 1 and "true" for true; so whatever is no clear no is a yes.
    if action.get("secret", False) in (False, None):
        return None
    if action.get("do") == "set" and "value" in action:
        return "value"
    expression = action.get("expression") if action.get("do") == "compute" else None
    closed = expression == MARK or (isinstance(expression, str) and gives_a_literal(expression))
    return "expression" if closed else None


def _of_expression(path: Path) -> bool:
    """True where an expression was set apart, in which a variable's name stands without braces."""
    return path[0] in {"before", "after"} and "expression" in path[2:3]


def _objects(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Every object inside, with its path."""
    if isinstance(value, Mapping):
        if path:
            yield path, value
        for name, item in value.items():
            yield from _objects(item, (*path, str(name)))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for index, item in enumerate(value):
            yield from _objects(item, (*path, str(index)))
