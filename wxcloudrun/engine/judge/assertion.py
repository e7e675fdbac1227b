"""Assertions: what has to hold of a response, how it is compiled, checked and told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field, PrivateAttr, model_validator

from wxcloudrun.engine.judge.comparators import Comparator, compile_check, plain
from wxcloudrun.engine.judge.expression import Expression, ExpressionError, compile_expression
from wxcloudrun.engine.judge.nearness import nearest_line, place_of_difference, place_of_text
from wxcloudrun.engine.judge.outcome import Found, Missing, Unreadable
from wxcloudrun.engine.judge.reading import ResponseView
from wxcloudrun.engine.judge.sources import Reader, Source, Sourced, Variables, compile_reader, has_placeholder
from wxcloudrun.engine.judge.telling import sentence
from wxcloudrun.engine.judge.values import as_text, shown, shown_text
from wxcloudrun.engine.judge.verdicts import Check, Verdict
from wxcloudrun.engine.record import record

__all__ = ["Assertion", "AssertionOutcome", "Comparator", "CompiledAssertion", "Source", "compile_assertion"]


_TEXTS = ("body", "head")
_OF_JSON = (Comparator.SCHEMA, Comparator.STRUCTURE)


class Assertion(Sourced):
    """One thing that has to hold: a source compared with a value, or an expression.

    An expression without comparator has to be true; with one, its value is compared.
    """

    name: str = Field(default="", max_length=200)
    source: Source | None = None
    expression: str | None = None
    comparator: Comparator | None = None
    negate: bool = Field(default=False, alias="not")
    expected: Any = None  # JSON; exact numbers too, which pydantic's own JSON type does not know
    message: str = Field(default="", max_length=2_000)
    enabled: bool = True

    _compiled: Any = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.source is None) == (self.expression is None):
            raise ValueError("an assertion has either a source or an expression")
        if self.source is not None and self.comparator is None:
            raise ValueError("an assertion with a source needs a comparator")
        return self


@record(frozen=True, slots=True)
class AssertionOutcome:
    """What became of one assertion; every field is plain JSON of bounded size.

    `where` shows the place: the path, or the path with a caret where it stopped. `nearest` says what was there
    instead. `places` lists the differing places inside the value. `message` is one sentence to act on; the
    assertion's own message stands before the facts.
    """

    passed: bool
    name: str
    source: str
    comparator: str
    expected: Any = None
    actual: Any = None
    where: str = ""
    nearest: str | None = None
    message: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledAssertion:
    """An assertion ready to be checked."""

    spec: Assertion
    source: str  # as a person reads it: `jsonpath $.data.id`
    word: str  # `eq`, `not contains`
    reader: Reader
    check_value: Check
    negate: bool
    wants_presence: bool

    def check(self, view: ResponseView, variables: Variables) -> AssertionOutcome:
        """The outcome; never raises: what cannot be read or compared is a failed check that says why."""
        try:
            found = self.reader(view, variables)
        except (Unreadable, ExpressionError) as error:
            prefix = "expression: " if isinstance(error, ExpressionError) else ""
            return self._unread(f"{prefix}{error}", getattr(error, "where", ""))
        if isinstance(found, Missing):
            if not self.wants_presence and not found.many:
                return self._unread(found.reason, found.where, found.nearest)
            return self._missing(found)
        verdict = self.check_value(found.value)
        return self._told(verdict, found.value, found.where)

    def _missing(self, missing: Missing) -> AssertionOutcome:
        if self.wants_presence:
            return self._told(Verdict(False), None, missing.where, missing)
        return self._told(self.check_value([]), [], missing.where, missing)

    def _told(self, verdict: Verdict, actual: Any, where: str, missing: Missing | None = None) -> AssertionOutcome:
        passed = verdict.holds is not None and verdict.holds != self.negate
        spec = self.spec
        if passed:
            return AssertionOutcome(True, spec.name, self.source, self.word, shown(spec.expected), shown(actual), where)
        reason = verdict.reason or (missing.reason if missing is not None else "")
        nearest = missing.nearest if missing is not None else None
        if missing is None and type(actual) is str and verdict.holds is not None:
            where, nearest = self._place_in_text(actual, where)
        return AssertionOutcome(
            False,
            spec.name,
            self.source,
            self.word,
            shown(spec.expected),
            shown(actual),
            where,
            nearest,
            sentence(spec.message, self.source, self.word, spec.expected, actual, reason, missing is not None),
            tuple(shown_text(place, 500) for place in verdict.places),
        )

    def _place_in_text(self, actual: str, where: str) -> tuple[str, str | None]:
        """Where in a text a failed comparison stopped, and the line that comes nearest."""
        wanted = as_text(self.spec.expected)
        comparator = None if self.spec.comparator is None else plain(self.spec.comparator)[0]
        if comparator in _OF_JSON and where in _TEXTS and actual.lstrip().startswith(("{", "[")):
            return where, f"`{where}` is a text; `jsonpath $` reads it as JSON"
        if wanted is None or comparator is None or not ("\n" in actual or where in _TEXTS):
            return where, None
        match comparator:
            case Comparator.EQ | Comparator.STARTS_WITH if not self.negate and isinstance(self.spec.expected, str):
                return place_of_difference(where, actual, wanted), None
            case Comparator.CONTAINS:
                return (
                    (place_of_text(where, actual, wanted), None)
                    if self.negate
                    else (where, nearest_line(actual, wanted))
                )
            case Comparator.ENDS_WITH if not self.negate:
                return where, nearest_line(actual, wanted)
        return where, None

    def _unread(self, reason: str, where: str = "", nearest: str | None = None) -> AssertionOutcome:
        facts = f"{self.source} cannot be checked: {shown_text(reason, 500)}"
        facts += f" ({shown_text(nearest, 500)})" if nearest else ""
        message = f"{self.spec.message} ({facts})" if self.spec.message else facts
        spec = self.spec
        return AssertionOutcome(
            False, spec.name, self.source, self.word, shown(spec.expected), None, where, nearest, message
        )


def compile_assertion(assertion: Assertion, *, templated: bool = False) -> CompiledAssertion:
    """The assertion ready to be checked; the same object gives the same result without work.

    Raises DefinitionError with the field and the position of the fault. With `templated`, for saving, parts that hold
    `{{placeholders}}` are not looked at; what it returns is then not meant to check.
    """
    known = assertion._compiled
    if known is not None and known.spec is assertion and not templated:
        return known  # type: ignore[no-any-return]  # a private attribute has no type that pydantic keeps
    comparator, turned = plain(assertion.comparator) if assertion.comparator is not None else (None, False)
    compiled = CompiledAssertion(
        spec=assertion,
        source=_source_text(assertion),
        word=f"{'not ' if assertion.negate else ''}{assertion.comparator or 'is true'}",
        reader=_reader(assertion, templated),
        check_value=_check(comparator, assertion, templated),
        negate=turned != assertion.negate,
        wants_presence=comparator is Comparator.EXISTS,
    )
    if not templated:
        assertion._compiled = compiled
    return compiled


def _source_text(assertion: Assertion) -> str:
    if assertion.expression is not None:
        return f"expression {shown_text(assertion.expression, 200)}"
    text = f"{assertion.source} {shown_text(assertion.argument, 200)}".rstrip()
    return " | ".join([text, *(one.name for one in assertion.filters)])


def _reader(assertion: Assertion, templated: bool) -> Reader:
    if assertion.source is not None:
        return compile_reader(assertion.source, assertion, templated=templated)
    text = assertion.expression or ""
    if templated and has_placeholder(text):
        text = "true"
    read = _evaluated(compile_expression(text))
    only_filters = assertion.model_copy(update={"argument": "x"})
    piped = compile_reader(Source.VARIABLE, only_filters, templated=templated) if assertion.filters else None
    if piped is None:
        return read
    return lambda view, variables: piped(view, {"x": read(view, variables).value})


def _evaluated(expression: Expression) -> Callable[[ResponseView, Variables], Found]:
    def read(view: ResponseView, variables: Variables) -> Found:
        try:
            return Found(expression.compute(variables, view), expression.text)
        except ExpressionError as error:
            error.where = expression.where(error)
            raise

    return read


def _check(comparator: Comparator | None, assertion: Assertion, templated: bool) -> Check:
    if comparator is None:
        return lambda value: Verdict(bool(value))
    if templated and has_placeholder(assertion.expected):
        return lambda value: Verdict(None)
    return compile_check(comparator, assertion.expected)
