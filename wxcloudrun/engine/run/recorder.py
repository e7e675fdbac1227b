"""Turns a trial into a `StepResult`: heads of bodies, headers, checks and variables, each masked on its way."""

import base64
import codecs
from dataclasses import dataclass
from typing import Any

from wxcloudrun.engine.judge.values import shown
from wxcloudrun.engine.plan.case import Dataset
from wxcloudrun.engine.plan.steps import CaseStep
from wxcloudrun.engine.response import Body, Hop, Response
from wxcloudrun.engine.result.records import (
    AssertionRecord,
    Attempt,
    BodyRecord,
    Carried,
    DatasetRecord,
    ExtractionRecord,
    Outcome,
    RequestRecord,
    ResponseRecord,
    VariableRecord,
)
from wxcloudrun.engine.result.redaction import MASK, Redactor
from wxcloudrun.engine.result.result import StepResult
from wxcloudrun.engine.run.attempt import Trial
from wxcloudrun.engine.run.context import Place, Run
from wxcloudrun.engine.run.outcomes import masked_fault
from wxcloudrun.engine.run.reproduce import curl_of
from wxcloudrun.engine.send.exchange import SentRequest


@dataclass(frozen=True, slots=True)
class Course:
    """How a step went as a whole."""

    started_at: str
    duration_ms: float
    attempts: tuple[Attempt, ...]
    row: Dataset | None
    iteration: int | None


def record(run: Run, step: CaseStep, place: Place, trial: Trial, course: Course) -> StepResult:
    """The result of a case step."""
    redactor = run.redactor
    response = trial.response
    text = redactor.text
    case = step.case
    return StepResult(
        ordinal=place.ordinal,
        path=place.path,
        kind=step.kind.value,
        outcome=trial.outcome,
        key=text(step.key),
        name=text(step.name or case.name or step.key),
        phase=place.phase,
        started_at=course.started_at,
        duration_ms=course.duration_ms,
        id=step.id,
        case_id=case.id,
        case_version=case.version,
        trail=tuple([text(name) for name in place.trail]),
        iteration=course.iteration,
        dataset=_dataset(redactor, course.row) if course.row else None,
        reason=redactor.body(trial.reason) if trial.reason else None,
        error=masked_fault(run, trial.error) if trial.error else None,
        attempts=course.attempts,
        request=_request(run, trial) if trial.requests else None,
        response=_response(redactor, response) if response else None,
        assertions=_assertions(redactor, trial),
        extractions=_extractions(redactor, trial),
        variables=variable_records(redactor, trial.used),
        log=tuple([redactor.body(line) for line in trial.effects.log]),
        carried=_carried(trial, redactor),
        cookies=response.cookies if response else (),
    )


def variable_records(redactor: Redactor, used: dict[str, tuple[Any, Any]]) -> tuple[VariableRecord, ...]:
    """Names with their values and sources; secrets are masked whole and carry a keyed hash."""
    records = []
    for name, (source, value) in used.items():
        if redactor.is_secret(name):
            records.append(VariableRecord(name, source.value, MASK, True, redactor.hash(value)))
        else:
            records.append(VariableRecord(name, source.value, redactor.value(shown(value))))
    return tuple(records)


def _request(run: Run, trial: Trial) -> RequestRecord:
    sent = trial.requests[0]
    redactor = run.redactor
    body = _body(redactor, sent.body_head, sent.body_size, sent.body_sha256, "utf-8")
    curl = "" if trial.outcome is Outcome.PASSED else curl_of(redactor, sent)
    return RequestRecord(sent.method, redactor.url(sent.url), redactor.headers(sent.headers), body, curl)


def _response(redactor: Redactor, response: Response) -> ResponseRecord:
    body: Body = response.body
    return ResponseRecord(
        response.status,
        redactor.text(response.reason),
        response.http_version,
        redactor.headers(response.headers),
        _body(redactor, body.head, body.size, body.sha256, body.charset),
        redactor.url(response.url),
        response.timing,
        tuple([_cookie(redactor, cookie) for cookie in response.cookies]),
        response.peer,
        tuple([_hop(redactor, hop) for hop in response.hops]),
        response.certificate,
    )


def _cookie(redactor: Redactor, cookie: Any) -> dict[str, Any]:
    return {
        "name": redactor.text(cookie.name),
        "value": MASK,
        "hash": redactor.hash(cookie.value),
        "domain": cookie.domain,
        "path": redactor.text(cookie.path),
        "expires": cookie.expires,
        "secure": cookie.secure,
        "http_only": cookie.http_only,
        "same_site": cookie.same_site,
    }


def _hop(redactor: Redactor, hop: Hop) -> Hop:
    return Hop(redactor.url(hop.url), hop.status, redactor.url(hop.location), hop.peer)


def _body(redactor: Redactor, head: bytes, size: int, sha256: str, charset: str) -> BodyRecord:
    truncated = size > len(head)
    if not head:
        return BodyRecord("", "text", size, sha256, truncated, charset)
    text = _as_text(head, charset, truncated)
    if text is None:
        masked = redactor.binary(head)
        return BodyRecord(base64.b64encode(masked).decode(), "base64", size, sha256, truncated, charset)
    masked_text = redactor.body(text)
    if truncated:
        masked_text = redactor.cut(masked_text)
    return BodyRecord(masked_text, "text", size, sha256, truncated, charset)


def _as_text(head: bytes, charset: str, truncated: bool) -> str | None:
    """The text of a body's head; None when it is not text. A character cut in two at the end is left out."""
    try:
        text = codecs.getincrementaldecoder(charset)("strict").decode(head) if truncated else head.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return None
    return None if "\x00" in text else text


def _dataset(redactor: Redactor, row: Dataset) -> DatasetRecord:
    data = row.model_dump(exclude={"id", "key", "name", "enabled", "default"}, exclude_defaults=True)
    return DatasetRecord(redactor.text(row.key), redactor.text(row.name), redactor.value(data), row.id)


def _assertions(redactor: Redactor, trial: Trial) -> tuple[AssertionRecord, ...]:
    text, body = redactor.text, redactor.body
    return tuple(
        [
            AssertionRecord(
                index,
                one.passed,
                text(one.name),
                text(one.source),
                one.comparator,
                redactor.value(one.expected),
                redactor.value(one.actual),
                text(one.where) if one.passed else body(one.where),
                body(one.nearest) if one.nearest else None,
                body(one.message) if one.message else "",
                tuple([body(place) for place in one.places]),
            )
            for index, one in trial.judged
        ]
    )


def _extractions(redactor: Redactor, trial: Trial) -> tuple[ExtractionRecord, ...]:
    return tuple(
        [
            ExtractionRecord(
                one.name,
                one.found,
                redactor.named(one.name, shown(one.value)) if one.has_value else None,
                one.scope,
                redactor.is_secret(one.name),
                redactor.hash(one.value) if one.has_value and redactor.is_secret(one.name) else None,
                redactor.body(one.message) if one.message else "",
            )
            for one in trial.taken
        ]
    )


def _carried(trial: Trial, redactor: Redactor) -> tuple[Carried, ...]:
    made = [
        Carried(name, value, name in redactor.names)
        for name, value in trial.effects.values.items()
        if name not in trial.effects.passing
    ]
    made += [
        Carried(one.name, one.value, one.secret, one.scope == "global")
        for one in trial.taken
        if one.has_value and one.scope != "step"
    ]
    return tuple(made)
