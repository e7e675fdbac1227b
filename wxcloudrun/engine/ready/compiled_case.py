"""A case made ready for one step: its request merged per row of data; checks, actions, expected values compiled."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from pydantic import ValidationError

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.plan.case import Action, Case, Dataset
from wxcloudrun.engine.plan.dataset import choose_rows
from wxcloudrun.engine.plan.merge import merged_request
from wxcloudrun.engine.plan.plan import Environment
from wxcloudrun.engine.plan.steps import CaseStep, DatasetMode
from wxcloudrun.engine.plan.written import Origin
from wxcloudrun.engine.ready.actions import CompiledAction, compile_action
from wxcloudrun.engine.ready.checks import Checks
from wxcloudrun.engine.ready.faults import Gathering
from wxcloudrun.engine.ready.literals import refuse_literals
from wxcloudrun.engine.ready.places import PlaceOf, relocated
from wxcloudrun.engine.render.names import Names
from wxcloudrun.engine.render.template import Object, Template, as_text, compile_tree, is_template
from wxcloudrun.engine.send.request import RequestSpec
from wxcloudrun.engine.send.request_auth import OAuth2ClientCredentials
from wxcloudrun.engine.send.request_body import BinaryBody, JsonBody, MultipartBody
from wxcloudrun.engine.shape import Faults, shape_faults


class RequestTemplate:
    """A merged request. Without placeholders it is validated once; else only the fields that hold some, each time."""

    def __init__(self, raw: dict[str, Any], where: str, place_of: PlaceOf | None = None) -> None:
        """Raises `DefinitionError` for what cannot become a request whatever the placeholders give.

        Its fields stand below `where`, unless `place_of` tells where a person wrote what is in them.
        """
        self.place_of = place_of or (lambda field: f"{where}.{field}")
        self.tree = relocated(compile_tree(raw, where), where, self.place_of)
        self._fixed: RequestSpec | None = None
        self._frame: RequestSpec | None = None
        self._plain: dict[str, Any] = {}
        self._open: tuple[tuple[str, Template], ...] = ()
        _check_shape(raw, where)
        if isinstance(self.tree, Object):
            self._plain = {key: item for key, item in self.tree.items if type(key) is str and not is_template(item)}
            self._open = tuple((key, item) for key, item in self.tree.items if key not in self._plain)
            self._frame = _frame(raw, self._plain, self._open)
        else:
            self._fixed = RequestSpec.model_validate(self.tree)
        self.lasting = self._fixed is not None and _lasts(self._fixed)
        """True when it is the same in every attempt, down to its bytes and its credentials."""
        self.framed = self._frame is not None and not isinstance(self._frame.auth, OAuth2ClientCredentials)
        """True when nothing but its URL and its body changes from attempt to attempt."""

    def render(self, names: Names) -> RequestSpec:
        """The request with its names put in; raises `StepError` (variable, definition)."""
        if self._fixed is not None:
            return self._fixed
        frame = self._frame
        data = self.tree.render(names) if frame is None else {key: item.render(names) for key, item in self._open}
        if any([type(value) in _MAY_HOLD_DECIMALS for _, value in names.used.values()]):
            data = _with_exact_numbers(data)
        try:
            return RequestSpec.model_validate(data) if frame is None else self._framed(frame, data)
        except ValidationError as error:
            fault = shape_faults(RequestSpec, error)[0]
        raise StepError(ErrorClass.DEFINITION, f"{self.place_of(fault.field)}: {fault.reason}")

    def _framed(self, frame: RequestSpec, data: dict[str, Any]) -> RequestSpec:
        """The frame with the rendered URL and body. Any other type than expected is left to the whole validation."""
        body = data.get("body")
        if type(data.get("url", "")) is not str or (body is not None and type(body) is not dict):
            return RequestSpec.model_validate({**self._plain, **data})
        if body is not None:
            known = body.keys() == _JSON_BODY and body["kind"] == "json"
            data["body"] = JsonBody.model_validate(body) if known else _body(body)
        return _filled(frame, data)


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
    numbers: dict[int, int] = field(default_factory=dict)  # of the rows of data, by identity
    chosen: tuple[Dataset | None, ...] | None = None  # None: chosen anew at each place, by chance

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
        gathering = Gathering()
        values = gathering.attempt(self._values, dataset) or {}
        request = gathering.attempt(self._request, raw, dataset)
        gathering.refuse()
        return Row(cast(RequestTemplate, request), values)

    def _values(self, dataset: Dataset | None) -> dict[str, Any]:
        case, values = self.step.case, {}
        for key, item in case.expected.items():
            values[f"expected.{key}"] = compile_tree(item, f"{self.where}.case.expected.{key}")
        if dataset is not None:
            where = f"{self.where}.{self._row_place(dataset)}"
            values.update(compile_values(dataset.variables, f"{where}.variables"))
            for key, item in dataset.expected.items():
                values[f"expected.{key}"] = compile_tree(item, f"{where}.expected.{key}")
        return values

    def _request(self, raw: dict[str, Any], dataset: Dataset | None) -> RequestTemplate:
        """The request; raises `Faults` with the places that a person wrote."""
        where = f"{self.where}.case.request"
        origin = Origin(raw, self.step, dataset, self.environment, self._row_place(dataset))

        def place_of(field: str) -> str:
            place = origin.place(field)
            return place[1:] if place[0] == "/" else f"{self.where}.{place}"

        gathering = Gathering()
        request = gathering.attempt(RequestTemplate, raw, where, place_of)
        if request is not None:
            gathering.attempt(refuse_literals, raw)
        if request is None or gathering.faults:
            faults = [(place_of(one.field.removeprefix(f"{where}.")), one) for one in gathering.faults]
            raise Faults([DefinitionError(place, one.reason, one.position) for place, one in faults])
        return request

    def _row_place(self, dataset: Dataset | None) -> str:
        """Where the row stands, seen from the step."""
        if dataset is None:
            return ""
        if not self.numbers:
            self.numbers.update({id(one): at for at, one in enumerate(self.step.case.datasets)})
        return f"case.datasets.{self.numbers.get(id(dataset), dataset.key)}"


def compile_case(step: CaseStep, environment: Environment, where: str) -> CompiledCase:
    """Raises `DefinitionError` for what cannot work, in the case's rows too."""
    case = step.case
    keys = [row.key for row in case.datasets]
    gathering = Gathering()
    attempt = gathering.attempt
    for key in dict.fromkeys(key for key in keys if keys.count(key) > 1):
        gathering.add(DefinitionError(f"{where}.case.datasets", f"two datasets have the key `{key}`"))
    compiled = CompiledCase(
        step,
        where,
        environment,
        _checks(case, f"{where}.case", gathering),
        _actions(case.before, f"{where}.case.before", gathering),
        _actions(case.after, f"{where}.case.after", gathering),
    )
    chosen = attempt(choose_rows, case, step.dataset, "0", f"{where}.dataset") or ()
    if step.dataset.mode is DatasetMode.RANDOM:
        chosen = tuple(row for row in case.datasets if row.enabled)
    else:
        compiled.chosen = chosen
    for row in chosen:
        attempt(compiled.row, row)
    gathering.refuse()
    return compiled


def _actions(actions: tuple[Action, ...], where: str, gathering: Gathering) -> tuple[CompiledAction, ...]:
    made = [gathering.attempt(compile_action, one, f"{where}.{at}") for at, one in enumerate(actions)]
    return tuple(one for one in made if one is not None)


def _checks(case: Case, where: str, gathering: Gathering) -> Checks:
    """The case's checks; when one is wrong each is looked at alone, so that every fault is found."""
    try:
        return Checks(case.extractions, case.assertions, where)
    except DefinitionError as fault:
        first = fault
    for at, extraction in enumerate(case.extractions):
        _alone(f"{where}.extractions", at, gathering, lambda: Checks((extraction,), (), where))  # noqa: B023 - called at once
    for at, assertion in enumerate(case.assertions):
        _alone(f"{where}.assertions", at, gathering, lambda: Checks((), (assertion,), where))  # noqa: B023 - called at once
    if not gathering.faults:
        gathering.add(first)
    return Checks((), (), where)


def _alone(where: str, at: int, gathering: Gathering, make: Callable[[], Checks]) -> None:
    """One check by itself, whose fault is told at its own place."""
    try:
        make()
    except DefinitionError as fault:
        field_name = f"{where}.{at}{fault.field.removeprefix(f'{where}.0')}"
        gathering.add(DefinitionError(field_name, fault.reason, fault.position))


_MAY_HOLD_DECIMALS = (Decimal, dict, list)
_FRAMED = ("url", "body")
_JSON_BODY = {"kind", "value"}


def _frame(raw: dict[str, Any], plain: dict[str, Any], with_names: tuple[tuple[Any, Any], ...]) -> RequestSpec | None:
    """The request with its placeholders unfilled, when they stand in the URL and the body only; else None."""
    if any(key not in _FRAMED for key, _ in with_names):
        return None
    try:
        return RequestSpec.model_validate({**raw, **plain})
    except ValidationError:
        return None


def _filled(frame: RequestSpec, data: dict[str, Any]) -> RequestSpec:
    """`frame.model_copy(update=data)` in a third of its time: most steps need one for every request."""
    made = RequestSpec.__new__(RequestSpec)
    for name, value in (
        ("__dict__", {**frame.__dict__, **data}),
        ("__pydantic_fields_set__", frame.model_fields_set | data.keys()),
        ("__pydantic_extra__", None),
        ("__pydantic_private__", None),
    ):
        object.__setattr__(made, name, value)
    return made


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


def _check_shape(raw: dict[str, Any], where: str) -> None:
    """Find what is wrong already, ignoring places where a placeholder stands."""
    try:
        RequestSpec.model_validate(raw)
    except ValidationError as error:
        faults = shape_faults(RequestSpec, error, skip=lambda value: "{{" in repr(value))
        if faults:
            raise Faults([DefinitionError(f"{where}.{one.field}", one.reason) for one in faults]) from None
