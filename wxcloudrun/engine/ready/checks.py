"""A case's extractions and assertions made ready; those with placeholders are finished when the names are known."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.judge.allowance import Allowance, Ask
from wxcloudrun.engine.judge.assertion import Assertion, AssertionOutcome, CompiledAssertion, compile_assertion
from wxcloudrun.engine.judge.comparators import Comparator, compile_check, plain
from wxcloudrun.engine.judge.extraction import CompiledExtraction, Extraction, compile_extraction
from wxcloudrun.engine.judge.outcome import Missing, Unreadable
from wxcloudrun.engine.judge.reading import ResponseView
from wxcloudrun.engine.judge.sources import Source, Sourced, reads_quickly
from wxcloudrun.engine.record import record
from wxcloudrun.engine.render.names import Names
from wxcloudrun.engine.render.template import Template, compile_tree, is_template

_NOT_TOLD = "a filter cannot work on the value; which words it had is not told, since the value is secret"
_LITERAL = ("name", "message", "source", "comparator", "expression", "scope")
_SMALL = 64 * 1024
"""Bytes of a body in which a quick check is over before anybody could ask whether it may go on."""
_THOROUGH = (None, Comparator.SCHEMA, Comparator.STRUCTURE, Comparator.MATCHES, Comparator.NOT_MATCHES)


@record(frozen=True, slots=True)
class Taken:
    """What became of one extraction. `found` is false when its default was used, or there was nothing."""

    name: str
    found: bool
    has_value: bool
    value: Any
    scope: str
    secret: bool
    message: str = ""
    where: str = ""
    unreadable: bool = False
    before_filters: Any = None  # of a secret: what its filters were given, to be masked as well


class Checks:
    """The extractions and assertions of one case step, in order; disabled ones are left out."""

    def __init__(self, extractions: tuple[Extraction, ...], assertions: tuple[Assertion, ...], where: str) -> None:
        """Raises `DefinitionError` for paths, patterns, expressions and templates that cannot be read."""
        self._takers = tuple(
            _Taker(one, f"{where}.extractions.{index}") for index, one in enumerate(extractions) if one.enabled
        )
        self._judges = tuple(
            _Judge(one, index, f"{where}.assertions.{index}") for index, one in enumerate(assertions) if one.enabled
        )

        self._quickly_taken = all(one.quick for one in self._takers)
        self._quickly_judged = all(one.quick for one in self._judges)
        self.asks_names = any(one.asks_names for one in self._takers) or any(one.asks_names for one in self._judges)
        """False when no reader looks a name up, so that nobody has to gather them."""

    @property
    def names(self) -> set[str]:
        """The names the extractions give."""
        return {one.name for one in self._takers}

    @property
    def shared_names(self) -> set[str]:
        """Those of them with scope `global`."""
        return {one.name for one in self._takers if one.scope == "global"}

    @property
    def extraction_templates(self) -> list[Template]:
        """Templates inside extractions, for the check of names."""
        return [one.tree for one in self._takers if one.tree is not None]

    @property
    def assertion_templates(self) -> list[Template]:
        """Templates inside assertions, for the check of names."""
        return [one.tree for one in self._judges if one.tree is not None]

    def take(self, view: ResponseView, names: Names, ask: Ask | None = None) -> tuple[Taken, ...]:
        """What the extractions find; raises `StepError` for placeholders without value, and what `ask` raises.

        `ask` is called now and then when they take long, so that a deadline or a cancel ends them.
        """
        if self._quickly_taken and view.response.body.size <= _SMALL:
            return tuple([one.take(view, names) for one in self._takers])
        with Allowance(ask) as allowance:
            taken = []
            for one in self._takers:
                taken.append(one.take(view, names))
                allowance.between()
        return tuple(taken)

    def judge(
        self, view: ResponseView, names: Names, ask: Ask | None = None
    ) -> tuple[tuple[int, AssertionOutcome], ...]:
        """Every assertion's verdict with its index; raises `StepError` as `take` does."""
        if self._quickly_judged and view.response.body.size <= _SMALL:
            return tuple([(one.index, one.check(view, names)) for one in self._judges])
        with Allowance(ask) as allowance:
            judged = []
            for one in self._judges:
                judged.append((one.index, one.check(view, names)))
                allowance.between()
        return tuple(judged)


class _Taker:
    def __init__(self, spec: Extraction, where: str) -> None:
        spec, self.tree = _split(spec, where)
        self._spec = spec
        self._where = where
        self.name = spec.name
        self.scope = spec.scope.value
        compiled = _located(where, compile_extraction, spec, self.tree is not None)
        self.asks_names = self.tree is not None or _asks_names(spec)
        self.quick = not self.asks_names and reads_quickly(spec)
        self._compiled: CompiledExtraction | None = None if self.tree is not None else compiled

    def take(self, view: ResponseView, names: Names) -> Taken:
        compiled = self._compiled or _finished(self._spec, self.tree, names, self._where, compile_extraction)
        spec = self._spec
        scope, secret = self.scope, spec.secret
        if compiled.unfiltered is not None:
            return self._take_secret(compiled, view, names)
        try:
            found = compiled.reader(view, names)
        except Unreadable as fault:
            return self._without(scope, secret, fault.reason, fault.where, unreadable=True)
        if isinstance(found, Missing):
            reason = f"{found.reason}; {found.nearest}" if found.nearest else found.reason
            return self._without(scope, secret, reason, found.where)
        return Taken(spec.name, True, True, found.value, scope, secret, where=found.where)

    def _take_secret(self, compiled: CompiledExtraction, view: ResponseView, names: Names) -> Taken:
        """A secret with filters: what they say about a value is not told, since it may hold the value."""
        scope, raw = self.scope, None
        try:
            found = (compiled.unfiltered or compiled.reader)(view, names)
        except Unreadable as fault:
            return self._without(scope, True, fault.reason, fault.where, unreadable=True)
        if isinstance(found, Missing):
            told = f"{found.reason}; {found.nearest}" if found.nearest else found.reason
        else:
            raw, told = _worth_masking(self._spec, found.value), _NOT_TOLD
        try:
            found = compiled.pipeline.apply(found)
        except Unreadable:
            return replace(self._without(scope, True, _NOT_TOLD, "", unreadable=True), before_filters=raw)
        if isinstance(found, Missing):
            return replace(self._without(scope, True, told, ""), before_filters=raw)
        return Taken(self.name, True, True, found.value, scope, True, where=found.where, before_filters=raw)

    def _without(self, scope: str, secret: bool, reason: str, where: str, *, unreadable: bool = False) -> Taken:
        required = self._spec.required
        message = reason if required else f"default, because {reason}"
        value = None if required else self._spec.default
        return Taken(self.name, False, not required, value, scope, secret, message, where, unreadable)


class _Judge:
    def __init__(self, spec: Assertion, index: int, where: str) -> None:
        spec, self.tree = _split(spec, where)
        self._spec = spec
        self._where = where
        self.index = index
        self._compiled: CompiledAssertion = _located(where, compile_assertion, spec, self.tree is not None)
        self.asks_names = self.tree is not None or _asks_names(spec)
        self.quick = not self.asks_names and reads_quickly(spec) and spec.comparator not in _THOROUGH
        self._expected: Any = compile_tree(spec.expected, f"{where}.expected") if self.tree is not None else None
        self._only_expected = self.tree is not None and _split(spec, where, ("expected",))[1] is None

    def check(self, view: ResponseView, names: Names) -> AssertionOutcome:
        if self.tree is None:
            return self._compiled.check(view, names)
        if self._only_expected:
            return self._with_expected(names).check(view, names)
        done: CompiledAssertion = _finished(self._spec, self.tree, names, self._where, compile_assertion)
        return done.check(view, names)

    def _with_expected(self, names: Names) -> CompiledAssertion:
        """The usual case, and the quick one: everything but the expected value is compiled already."""
        expected = self._expected.render(names) if is_template(self._expected) else self._expected
        spec = self._spec.model_copy(update={"expected": expected})
        comparator = plain(spec.comparator)[0] if spec.comparator is not None else None
        if comparator is None:
            return self._compiled
        try:
            check = compile_check(comparator, expected)
        except DefinitionError as fault:
            raise StepError(ErrorClass.DEFINITION, f"{self._where}.{fault}") from None
        return replace(self._compiled, spec=spec, check_value=check)


def _asks_names(spec: Extraction | Assertion) -> bool:
    return spec.source is None or spec.source is Source.VARIABLE or bool(spec.filters)


def _worth_masking(spec: Extraction, value: Any) -> Any:
    """What a secret's filters are given, unless that is the body as a whole, of which nothing would be left."""
    if spec.source in (Source.BODY, Source.HEAD) or spec.argument.strip() in ("$", "@"):
        return None
    return value


def _split[S: Sourced](spec: S, where: str, without: tuple[str, ...] = ()) -> tuple[S, Template | None]:
    """A definition and its template, which is None when it holds no placeholder: then `\\{{` is turned into `{{` here.

    Names, messages and expressions are never templates.
    """
    data = spec.model_dump(by_alias=True, exclude_defaults=True, exclude={*_LITERAL, *without})
    tree = compile_tree(data, where)
    if isinstance(tree, Template):
        return spec, tree
    if tree == data or without:
        return spec, None
    literal = spec.model_dump(include=set(_LITERAL), exclude_defaults=True)
    return type(spec).model_validate({**literal, **tree}), None


def _finished(spec: Any, tree: Any, names: Names, where: str, compile_one: Any) -> Any:
    """The definition with its names put in, validated and compiled."""
    literal: Mapping[str, Any] = spec.model_dump(include=set(_LITERAL), exclude_defaults=True)
    try:
        return compile_one(type(spec).model_validate({**literal, **tree.render(names)}))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        reason = f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
    except DefinitionError as error:
        reason = str(error)
    raise StepError(ErrorClass.DEFINITION, f"{where}.{reason}")


def _located(where: str, compile_one: Any, spec: Any, templated: bool) -> Any:
    """Compile, naming the field by its place in the plan."""
    try:
        return compile_one(spec, templated=templated)
    except DefinitionError as fault:
        raise DefinitionError(f"{where}.{fault.field}", fault.reason, fault.position) from None
