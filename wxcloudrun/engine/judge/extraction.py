"""Extractions: a named value taken from a response, and how it is compiled and read."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import JsonValue, PrivateAttr

from wxcloudrun.engine.judge.filters import Pipeline, compile_filters
from wxcloudrun.engine.judge.outcome import Found, Missing, Unreadable
from wxcloudrun.engine.judge.reading import ResponseView
from wxcloudrun.engine.judge.sources import Reader, Source, Sourced, Variables, compile_reader
from wxcloudrun.engine.shape import Name

__all__ = ["CompiledExtraction", "Extraction", "Found", "Missing", "Scope", "Source", "compile_extraction"]


class Scope(StrEnum):
    """How far an extracted value can be seen."""

    STEP = "step"  # this step only
    SCENARIO = "scenario"  # the rest of this run
    GLOBAL = "global"  # and written back to the environment


class Extraction(Sourced):
    """A named value taken from a response.

    When nothing is found, a required extraction fails the step; one that is not required gives `default`.
    """

    name: Name
    source: Source
    required: bool = True
    default: JsonValue = None
    scope: Scope = Scope.SCENARIO
    secret: bool = False
    enabled: bool = True

    _compiled: Any = PrivateAttr(default=None)


@dataclass(frozen=True, slots=True)
class CompiledExtraction:
    """An extraction ready to read."""

    spec: Extraction
    reader: Reader
    unfiltered: Reader | None = None  # of a secret with filters: what they are given is secret too
    pipeline: Pipeline = Pipeline()

    def read(self, view: ResponseView, variables: Variables) -> Found | Missing:
        """The value and its place; Missing with the reason when there is none and the extraction is required."""
        try:
            found = self.reader(view, variables)
        except Unreadable as error:
            found = Missing(error.reason, where=error.where)
        if isinstance(found, Missing) and not self.spec.required:
            return Found(self.spec.default, f"default, because {found.reason}")
        return found


def compile_extraction(extraction: Extraction, *, templated: bool = False) -> CompiledExtraction:
    """The extraction ready to read; the same object gives the same result without work.

    Raises DefinitionError with the field and the position of the fault. With `templated`, for saving, parts that hold
    `{{placeholders}}` are not looked at; what it returns is then not meant to read.
    """
    known = extraction._compiled
    if known is not None and known.spec is extraction and not templated:
        return known  # type: ignore[no-any-return]  # a private attribute has no type that pydantic keeps
    compiled = CompiledExtraction(extraction, compile_reader(extraction.source, extraction, templated=templated))
    if extraction.secret and extraction.filters and not templated:
        bare = compile_reader(extraction.source, extraction.model_copy(update={"filters": ()}))
        compiled = replace(compiled, unfiltered=bare, pipeline=compile_filters(extraction.filters))
    if not templated:
        extraction._compiled = compiled
    return compiled
