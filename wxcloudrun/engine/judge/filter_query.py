"""Filters that ask a value again: JSONPath, JMESPath, XPath."""

from typing import Any, Final

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.filter_kinds import Change, FilterError, FilterKind, Parameter, needs
from wxcloudrun.engine.judge.jmes import compile_jmespath
from wxcloudrun.engine.judge.jsonpath import compile_jsonpath
from wxcloudrun.engine.judge.outcome import Found, Missing, Unreadable
from wxcloudrun.engine.judge.xpath import compile_xpath, parse_document

_MAX_MARKUP = 5_000_000


def _jsonpath(path: str) -> Change:
    compiled = compile_jsonpath(path)
    return lambda value: _result(compiled.read, value)


def _jmespath(expression: str) -> Change:
    compiled = compile_jmespath(expression)
    return lambda value: _result(compiled.read, value)


def _xpath(expression: str, namespaces: dict[str, Any]) -> Change:
    compiled = compile_xpath(expression, namespace_pairs(namespaces))

    def change(value: Any) -> Any:
        text = needs(value, "string")
        if len(text) > _MAX_MARKUP:
            raise FilterError(f"the text has {len(text)} characters; {_MAX_MARKUP} are allowed")
        content = text.encode("utf-8", "replace")
        return _result(lambda one: compiled.read(parse_document(one, "", "utf-8")), content)

    return change


def namespace_pairs(namespaces: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Prefixes and their URIs, hashable; raises DefinitionError when they are not texts."""
    for prefix, uri in namespaces.items():
        if not prefix or not isinstance(uri, str) or not uri:
            raise DefinitionError("namespaces", "a namespace is a prefix and a URI, both texts that are not empty")
    return tuple(sorted(namespaces.items()))


def _result(read: Any, value: Any) -> Any:
    try:
        found: Found | Missing = read(value)
    except Unreadable as error:
        raise FilterError(error.reason) from error
    return found.value if isinstance(found, Found) else found


QUERY_FILTERS: Final = {
    "jsonpath": FilterKind(_jsonpath, (Parameter("path", "string"),)),
    "jmespath": FilterKind(_jmespath, (Parameter("expression", "string"),)),
    "xpath": FilterKind(_xpath, (Parameter("expression", "string"), Parameter("namespaces", "object", {}))),
}
