"""JMESPath through the reference implementation, with bounded expressions."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import jmespath
from jmespath import functions, visitor
from jmespath.exceptions import JMESPathError, LexerError, ParseError

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.allowance import MAX_VISITS, OverdrawnError, current
from wxcloudrun.engine.judge.nearness import describe_container
from wxcloudrun.engine.judge.outcome import Found, Missing, Unreadable
from wxcloudrun.engine.judge.values import equal, is_json, shown_text

MAX_EXPRESSION: Final = 4_000
_MAX_NESTING = 60
_MAX_WORDS = 5_000  # an error may quote the whole value
_MAX_STEPS = 2_000_000
_MAKERS = {"function_expression", "multi_select_list", "multi_select_dict"}  # the rest only picks from the document


class JmesPath:
    """A compiled expression. JMESPath does not tell "nothing" from null: a result of null finds nothing."""

    def __init__(self, text: str, compiled: Any) -> None:
        self.text = text
        self._compiled = compiled
        self._makes_values = not _MAKERS.isdisjoint(node["type"] for node in _nodes(compiled.parsed))

    def read(self, document: Any) -> Found | Missing:
        """The value of the expression; raises Unreadable when a function is given a wrong type."""
        try:
            value = _Interpreter().visit(self._compiled.parsed, document)
        except (JMESPathError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise Unreadable(shown_text(f"{self.text} failed: {error}", _MAX_WORDS)) from error
        if value is None:
            return Missing(f"{self.text} gives null or nothing", nearest=describe_container("@", [document]))
        if self._makes_values and not is_json(value, _MAX_STEPS):
            raise Unreadable(f"{self.text} gives no JSON value, or one that is too large")
        return Found(value, self.text)


class _TooMuchError(ValueError):
    pass


class _Interpreter(visitor.TreeInterpreter):
    """The library's interpreter with a budget: projections can double a list at every step."""

    def __init__(self) -> None:
        super().__init__(jmespath.Options(custom_functions=_Functions()))
        self._left = _MAX_STEPS
        self._allowance = current()

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        value = super().visit(node, *args, **kwargs)
        self._spend(1 + (len(value) if isinstance(value, list | dict) else 0))
        return value

    def visit_comparator(self, node: Any, value: Any) -> Any:
        if node["value"] not in ("eq", "ne"):
            return super().visit_comparator(node, value)
        left, right = (self.visit(child, value) for child in node["children"])
        return equal(left, right, self._spend) == (node["value"] == "eq")

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _TooMuchError(f"it takes more than {_MAX_STEPS} steps")
        try:
            self._allowance.spend(size)
        except OverdrawnError:
            raise _TooMuchError(f"the step's checks together take more than {MAX_VISITS} steps") from None


class _Functions(functions.Functions):
    """The library's functions, where those that write out whole values refuse very large ones."""

    @functions.signature({"types": []})
    def _func_to_string(self, value: Any) -> Any:
        _refuse_large(value)
        return super()._func_to_string(value)

    @functions.signature({"types": ["array", "string"]}, {"types": []})
    def _func_contains(self, subject: Any, search: Any) -> bool:
        if isinstance(subject, str):
            return isinstance(search, str) and search in subject
        _refuse_large(subject)
        return any(equal(item, search) for item in subject)

    @functions.signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, separator: str, texts: list[str]) -> str:
        if sum(len(text) + len(separator) for text in texts) > _MAX_STEPS:
            raise _TooMuchError("the joined text is too long")
        return separator.join(texts)


def _refuse_large(value: Any) -> None:
    if not is_json(value, _MAX_STEPS):
        raise _TooMuchError("the value is too large to be written out")


@lru_cache(maxsize=1_024)
def compile_jmespath(text: str, field: str = "argument") -> JmesPath:
    """A JMESPath expression; raises DefinitionError with the position of the fault."""
    if len(text) > MAX_EXPRESSION:
        raise DefinitionError(field, f"the JMESPath has {len(text)} characters; {MAX_EXPRESSION} are allowed")
    if text.count("(") + text.count("[") + text.count("{") + text.count("!") + text.count("&") > _MAX_NESTING * 2:
        raise DefinitionError(field, "the JMESPath is nested too deep")
    try:
        compiled = jmespath.compile(text)
    except LexerError as error:
        raise DefinitionError(field, f"not a JMESPath: {error.message}", error.lexer_position) from error
    except ParseError as error:
        raise DefinitionError(field, f"not a JMESPath: {error.msg}", _within(text, error.lex_position)) from error
    except (JMESPathError, RecursionError, ValueError) as error:
        raise DefinitionError(field, f"not a JMESPath: {error}") from error
    _refuse_unknown_functions(text, compiled.parsed, field)
    return JmesPath(text, compiled)


def _within(text: str, position: int | None) -> int:
    return min(position if position is not None else len(text), len(text))


def _refuse_unknown_functions(text: str, tree: Any, field: str) -> None:
    known = functions.Functions.FUNCTION_TABLE
    for node in _nodes(tree):
        if node["type"] == "function_expression":
            _refuse_call(text, node, known.get(node["value"]), field)


def _nodes(tree: Any) -> Iterator[Any]:
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(child for child in node.get("children", ()) if isinstance(child, dict))


def _refuse_call(text: str, node: Any, function: Any, field: str) -> None:
    name = node["value"]
    if function is None:
        raise DefinitionError(field, f"JMESPath has no function {name}()", text.find(name))
    signature = function["signature"]
    given = len(node["children"])
    variadic = bool(signature) and bool(signature[-1].get("variadic"))
    if given < len(signature) or (given > len(signature) and not variadic):
        raise DefinitionError(field, f"{name}() takes {len(signature)} arguments, not {given}", text.find(name))
