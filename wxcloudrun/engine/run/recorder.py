"""Turns a trial into a `StepResult`: heads of bodies, headers, checks and variables, each masked on its way."""

import base64
from collections.abc import Mapping
from typing import Any

from wxcloudrun.engine.judge.assertion import AssertionOutcome
from wxcloudrun.engine.judge.values import shown
from wxcloudrun.engine.plan.case import Dataset
from wxcloudrun.engine.plan.steps import CaseStep
from wxcloudrun.engine.ready.checks import Taken
from wxcloudrun.engine.record import record as record_class
from wxcloudrun.engine.response import Body, Cookie, Hop, Response
from wxcloudrun.engine.result.masked_body import as_text
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
    timing_record,
)
from wxcloudrun.engine.result.redaction import MASK, Redactor, sensitive_name
from wxcloudrun.engine.result.result import StepResult
from wxcloudrun.engine.run.attempt import Trial
from wxcloudrun.engine.run.context import Headers, Place, Run
from wxcloudrun.engine.run.outcomes import masked_fault
from wxcloudrun.engine.run.reproduce import curl_of
from wxcloudrun.engine.send.exchange import SentRequest

_LINE = 8_000
"""Characters of a URL, a header, a status line, a curl in a result: a row stays small."""


@record_class(frozen=True, slots=True)
class Course:
    """How a step went as a whole."""

    started_at: str
    duration_ms: float
    attempts: tuple[Attempt, ...]
    row: Dataset | None
    iteration: int | None


def record(run: Run, step: CaseStep, place: Place, trial: Trial, course: Course) -> StepResult:
    """The result of a case step."""
    redactor, effects = run.redactor, trial.effects
    for name, (_, value) in trial.used.items():
        if sensitive_name(name):
            redactor.learn(value, name)
    response, requests = trial.response, trial.requests
    text = redactor.text
    case = step.case
    return StepResult(
        ordinal=place.ordinal,
        path=place.path,
        kind=str(step.kind),
        outcome=trial.outcome,
        key=text(step.key),
        name=text(step.name or case.name or step.key),
        phase=place.phase,
        started_at=course.started_at,
        duration_ms=course.duration_ms,
        id=step.id,
        case_id=case.id,
        case_version=case.version,
        trail=place.trail if redactor.empty else tuple([text(name) for name in place.trail]),
        iteration=course.iteration,
        dataset=_dataset(redactor, course.row) if course.row else None,
        reason=redactor.body(trial.reason) if trial.reason else None,
        error=masked_fault(run, trial.error) if trial.error else None,
        attempts=course.attempts,
        request=_request(run, trial, requests[0]) if requests else None,
        response=_response(redactor, response) if response else None,
        assertions=tuple([_assertion(redactor, index, one) for index, one in trial.judged]),
        extractions=tuple([_extraction(redactor, one) for one in trial.taken]),
        variables=variable_records(redactor, trial.used),
        log=tuple([redactor.body(line) for line in effects.log]) if effects.log else (),
        carried=_carried(trial, redactor),
        cookies=response.cookies if response else (),
    )


def variable_records(redactor: Redactor, used: Mapping[str, tuple[Any, Any]]) -> tuple[VariableRecord, ...]:
    """Names with their values and sources; secrets are masked whole and carry a keyed hash."""
    if not used:
        return ()
    return tuple([_variable(redactor, name, str(source), value) for name, (source, value) in used.items()])


def _variable(redactor: Redactor, name: str, source: str, value: Any) -> VariableRecord:
    secret = redactor.is_secret(name)
    return {
        "name": name,
        "scope": source,
        "value": MASK if secret else redactor.value(shown(value)),
        "secret": secret,
        "hash": redactor.hash(value) if secret else None,
    }


def _request(run: Run, trial: Trial, sent: SentRequest) -> RequestRecord:
    redactor = run.redactor
    curl = "" if trial.outcome is Outcome.PASSED else curl_of(redactor, sent, trial.spec, redirected=bool(trial.hops))
    return {
        "method": sent.method,
        "url": _bounded(redactor.url(sent.url)),
        "headers": _headers(redactor, sent.headers),
        "body": _body(redactor, sent.body_head, sent.body_size, sent.body_sha256, "utf-8"),
        "curl": curl and _bounded(curl),
    }


def _response(redactor: Redactor, response: Response) -> ResponseRecord:
    body: Body = response.body
    return {
        "status": response.status,
        "reason": _bounded(redactor.text(response.reason)),
        "http_version": response.http_version,
        "headers": _headers(redactor, response.headers),
        "body": _body(redactor, body.head, body.size, body.sha256, body.charset),
        "url": _bounded(redactor.url(response.url)),
        "timing": timing_record(response.timing),
        "cookies": [_cookie(redactor, cookie) for cookie in response.cookies] if response.cookies else [],
        "peer": response.peer,
        "hops": [_hop(redactor, hop) for hop in response.hops] if response.hops else [],
        "certificate": response.certificate,
    }


def _cookie(redactor: Redactor, cookie: Cookie) -> dict[str, Any]:
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


def _hop(redactor: Redactor, hop: Hop) -> dict[str, Any]:
    return {
        "url": _bounded(redactor.url(hop.url)),
        "status": hop.status,
        "location": _bounded(redactor.url(hop.location)),
        "peer": hop.peer,
    }


def _bounded(text: str) -> str:
    """A line of a result, cut with its length told where it is too long for a row."""
    return text if len(text) <= _LINE else f"{text[:_LINE]}… ({len(text)} characters)"


def _headers(redactor: Redactor, headers: Headers) -> list[list[str]]:
    """Each header is a line; those after four full lines are left out, which the last entry tells."""
    masked = redactor.headers(headers)
    if sum([len(value) for _, value in masked]) <= _LINE:
        return masked
    kept: list[list[str]] = []
    left = 4 * _LINE
    for name, value in masked:
        kept.append([_bounded(name), _bounded(value)])
        left -= len(kept[-1][0]) + len(kept[-1][1])
        if left < 0:
            break
    left_out = len(masked) - len(kept)
    return [*kept, ["…", f"{left_out} more headers"]] if left_out else kept


def _body(redactor: Redactor, head: bytes, size: int, sha256: str, charset: str) -> BodyRecord:
    truncated = size > len(head)
    text = as_text(head, charset, truncated=truncated) if head else ""
    if text is None:
        shown_head = base64.b64encode(redactor.binary(head)).decode()
    else:
        shown_head = redactor.body(text) if text else ""
        if truncated:
            shown_head = redactor.cut(shown_head)
    return {
        "head": shown_head,
        "encoding": "base64" if text is None else "text",
        "size": size,
        "sha256": sha256,
        "truncated": truncated,
        "charset": charset,
    }


def _dataset(redactor: Redactor, row: Dataset) -> DatasetRecord:
    data = row.model_dump(exclude={"id", "key", "name", "enabled", "default"}, exclude_defaults=True)
    return DatasetRecord(redactor.text(row.key), redactor.text(row.name), redactor.value(data), row.id)


def _assertion(redactor: Redactor, index: int, one: AssertionOutcome) -> AssertionRecord:
    text, body = redactor.text, redactor.body
    return {
        "index": index,
        "passed": one.passed,
        "name": text(one.name),
        "source": text(one.source),
        "comparator": one.comparator,
        "expected": redactor.value(one.expected),
        "actual": redactor.value(one.actual),
        "where": text(one.where) if one.passed else body(one.where),
        "nearest": body(one.nearest) if one.nearest else None,
        "message": body(one.message) if one.message else "",
        "places": [body(place) for place in one.places] if one.places else [],
    }


def _extraction(redactor: Redactor, one: Taken) -> ExtractionRecord:
    secret = redactor.is_secret(one.name)
    return {
        "name": one.name,
        "found": one.found,
        "value": redactor.named(one.name, shown(one.value)) if one.has_value else None,
        "scope": one.scope,
        "secret": secret,
        "hash": redactor.hash(one.value) if secret and one.has_value else None,
        "message": redactor.body(one.message) if one.message else "",
    }


def _carried(trial: Trial, redactor: Redactor) -> tuple[Carried, ...]:
    if not trial.effects.values and not trial.taken:
        return ()
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
