"""A case made ready for one step: its request merged per row of data; checks, actions, expected values compiled."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.plan.case import Dataset
from wxcloudrun.engine.plan.dataset import choose_rows
from wxcloudrun.engine.plan.merge import merged_request
from wxcloudrun.engine.plan.plan import Environment
from wxcloudrun.engine.plan.steps import CaseStep, DatasetMode
from wxcloudrun.engine.ready.actions import CompiledAction, compile_action
from wxcloudrun.engine.ready.checks import Checks
from wxcloudrun.engine.render.names import Names
from wxcloudrun.engine.render.template import Object, Template, as_text, compile_tree, is_template
from wxcloudrun.engine.send.request import RequestSpec
from wxcloudrun.engine.send.request_auth import OAuth2ClientCredentials
from wxcloudrun.engine.send.request_body import BinaryBody, JsonBody, MultipartBody


class RequestTemplate:
    """A merged request. Without placeholders it is validated once; else only the fields that hold some, each time."""

    def __init__(self, raw: dict[str, Any], where: str) -> None:
        """Raises `DefinitionError` for what cannot become a request whatever the placeholders give."""
        self._where = where
        self.tree = compile_tree(raw, where)
        self._fixed: RequestSpec | None = None
        self._frame: RequestSpec | None = None
        if isinstance(self.tree, Template):
            _check_rest(raw, where)
            self._frame = _frame(self.tree, raw)
        else:
            self._fixed = _validated(self.tree, where)
        self.lasting = self._fixed is not None and _lasts(self._fixed)
        """True when it is the same in every attempt, down to its bytes and its credentials."""

    def render(self, names: Names) -> RequestSpec:
        """The request with its names put in; raises `StepError` (variable, definition)."""
        if self._fixed is not None:
            return self._fixed
        data = self.tree.render(names)
        if any([type(value) in _MAY_HOLD_DECIMALS for _, value in names.used.values()]):
            data = _with_exact_numbers(data)
        try:
            return self._framed(self._frame, data) if self._frame is not None else RequestSpec.model_validate(data)
        except ValidationError as error:
            reason = _first(error)
        raise StepError(ErrorClass.DEFINITION, f"{self._where}.{reason[0]}: {reason[1]}")

    def _framed(self, frame: RequestSpec, data: dict[str, Any]) -> RequestSpec:
        """The frame with the rendered URL and body. Any other type than expected is left to the whole validation."""
        url, body = data["url"], data.get("body")
        if type(url) is not str or (body is not None and type(body) is not dict):
            return RequestSpec.model_validate(data)
        changed: dict[str, Any] = {"url": url}
        if body is not None:
            known = body.keys() == _JSON_BODY and body["kind"] == "json"
            changed["body"] = JsonBody.model_validate(body) if known else _body(body)
        return frame.model_copy(update=changed)


@dataclass(slots=True)
class Row:
    """What one row of data makes of the case."""

    request: RequestTemplate
    values: dict[str, Any]


@dataclass(slots=True)
class CompiledCase:
    """The case of one step."""

    step: CaseStep
    where: str
    environment: Environment
    checks: Checks
    before: tuple[CompiledAction, ...]
    after: tuple[CompiledAction, ...]
    rows: dict[str | None, Row] = field(default_factory=dict)

    def row(self, dataset: Dataset | None) -> Row:
        """The request and the values for a row, compiled when first needed."""
        key = dataset.key if dataset else None
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = self._compile(dataset)
        return row

    def _compile(self, dataset: Dataset | None) -> Row:
        step = self.step
        raw = merged_request(self.environment, step.case, dataset, step.overrides)
        where = f"{self.where}.case.request"
        values = compile_values(dataset.variables if dataset else {}, f"{self.where}.dataset")
        expected = {**step.case.expected, **(dataset.expected if dataset else {})}
        values.update(compile_values({f"expected.{key}": item for key, item in expected.items()}, f"{self.where}.case"))
        return Row(RequestTemplate(raw, where), values)


def compile_case(step: CaseStep, environment: Environment, where: str) -> CompiledCase:
    """Raises `DefinitionError` for what cannot work, in the case's rows too."""
    case = step.case
    keys = [row.key for row in case.datasets]
    for key in keys:
        if keys.count(key) > 1:
            raise DefinitionError(f"{where}.case.datasets", f"two datasets have the key `{key}`")
    compiled = CompiledCase(
        step,
        where,
        environment,
        Checks(case.extractions, case.assertions, f"{where}.case"),
        _actions(case.before, f"{where}.case.before"),
        _actions(case.after, f"{where}.case.after"),
    )
    chosen = choose_rows(case, step.dataset, "0", f"{where}.dataset")
    if step.dataset.mode is DatasetMode.RANDOM:
        chosen = tuple(row for row in case.datasets if row.enabled)
    for row in chosen:
        compiled.row(row)
    return compiled


_MAY_HOLD_DECIMALS = (Decimal, dict, list)
_FRAMED = ("url", "body")
_JSON_BODY = {"kind", "value"}


def _frame(tree: Template, raw: dict[str, Any]) -> RequestSpec | None:
    """The request with its placeholders unfilled, when they stand in the URL and the body only; else None."""
    if not isinstance(tree, Object):
        return None
    plain = {key: item for key, item in tree.items if type(key) is str and not is_template(item)}
    if any(key not in plain and key not in _FRAMED for key, _ in tree.items):
        return None
    try:
        return RequestSpec.model_validate({**raw, **plain})
    except ValidationError:
        return None


def _body(data: dict[str, Any]) -> Any:
    """A rendered body of any kind; the error names its place in the request."""
    return RequestSpec.model_validate({"url": "x", "body": data}).body


def _lasts(spec: RequestSpec) -> bool:
    """False for bodies that are read from files, and for tokens, which expire."""
    return not isinstance(spec.body, MultipartBody | BinaryBody) and not isinstance(spec.auth, OAuth2ClientCredentials)


def _with_exact_numbers(data: dict[str, Any]) -> dict[str, Any]:
    """Numbers that a double cannot hold go out digit by digit: in JSON as they were read, anywhere else as text."""
    body = data.get("body")
    if isinstance(body, dict) and body.get("kind") == "json" and _as_texts(body) != body:
        body = {"kind": "raw", "text": as_text(body.get("value")), "content_type": "application/json"}
    return {
        **_as_texts({key: value for key, value in data.items() if key != "body"}),
        **({"body": body} if body else {}),
    }


def _as_texts(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: _as_texts(item) for key, item in value.items()}
    return [_as_texts(item) for item in value] if isinstance(value, list) else value


def compile_values(values: dict[str, Any], where: str) -> dict[str, Any]:
    """Names to compiled values."""
    return {name: compile_tree(value, f"{where}.{name}") for name, value in values.items()}


def _actions(actions: tuple[Any, ...], where: str) -> tuple[CompiledAction, ...]:
    return tuple(compile_action(action, f"{where}.{index}") for index, action in enumerate(actions))


def _validated(raw: dict[str, Any], where: str) -> RequestSpec:
    try:
        return RequestSpec.model_validate(raw)
    except ValidationError as error:
        field_name, reason = _first(error)
    raise DefinitionError(f"{where}.{field_name}", reason)


def _check_rest(raw: dict[str, Any], where: str) -> None:
    """Find what is wrong already, ignoring places where a placeholder stands."""
    try:
        RequestSpec.model_validate(raw)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            if "{{" not in repr(fault["input"]):
                raise DefinitionError(f"{where}.{_path(fault)}", _words(fault)) from None


def _first(error: ValidationError) -> tuple[str, str]:
    fault = error.errors(include_url=False)[0]
    return _path(fault), _words(fault)


def _path(fault: Any) -> str:
    return ".".join(str(part) for part in fault["loc"]) or "request"


def _words(fault: Any) -> str:
    return str(fault["msg"]).removeprefix("Value error, ")
