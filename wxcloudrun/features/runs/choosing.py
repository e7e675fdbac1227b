"""What somebody asks to have run: found, allowed or refused, and put into one scenario of the engine."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.errors import FieldFault, InvalidInput
from wxcloudrun.features.cases.access import CaseAccess, sees
from wxcloudrun.features.cases.models import Visibility
from wxcloudrun.features.cases.planning import CasePlanning, PlannedCase
from wxcloudrun.features.cases.service import CaseService
from wxcloudrun.features.datasets.planning import DatasetPlanning
from wxcloudrun.features.projects.access import Membership, ProjectAccess, Right
from wxcloudrun.features.runs.errors import CreatorOnlyCase, NothingToRun, TooManyScenarios
from wxcloudrun.features.runs.schemas import RunMade
from wxcloudrun.features.scenarios.outline import case_step
from wxcloudrun.features.scenarios.planning import ScenarioPlanning
from wxcloudrun.features.scenarios.schemas import ScenariosQuery
from wxcloudrun.features.scenarios.service import ScenarioService

MOST_SCENARIOS: Final = 50
_DRAFT: Final = "draft"

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be run. `scenario` is the engine's, with every secret; `asked` is what `runs.asked` keeps.

    `counted` are numbers of scenarios that are run; `private_to` is whose private case it is.
    """

    membership: Membership
    title: str
    scenario: Json = field(repr=False)
    inputs: Json = field(repr=False)
    scenario_id: int | None = None
    case_id: int | None = None
    counted: Sequence[int] = ()
    private_to: int | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Library:
    """The features below that know what can be run."""

    projects: ProjectAccess
    case_access: CaseAccess
    cases: CasePlanning
    drafts: CaseService
    datasets: DatasetPlanning
    scenarios: ScenarioPlanning
    lists: ScenarioService


class RunChoosing:
    """Finds what is to be run, with the rights of who asks."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def chosen(self, actor: Actor, project_id: int, made: RunMade) -> Choice:
        """What was asked for.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScenarioNotFound, CaseNotFound, CreatorOnlyCase,
        NothingToRun, TooManyScenarios, InvalidInput, and what hinders a scenario from being planned.
        """
        if made.scenario_id is not None:
            return self._scenario(actor, project_id, made, made.scenario_id)
        if made.case_id is not None:
            return self._case(actor, project_id, made, made.case_id)
        if made.tag is not None:
            return self._tag(actor, project_id, made, made.tag)
        return self._draft(actor, project_id, made)

    def refuse_cases(self, actor: Actor, membership: Membership, case_ids: Iterable[int]) -> None:
        """Raises CreatorOnlyCase where somebody else made one of these cases for themselves."""
        _refuse_others(actor, membership, self._library.cases.creators_own(case_ids).values())

    def _scenario(self, actor: Actor, project_id: int, made: RunMade, scenario_id: int) -> Choice:
        membership = self._library.projects.require(actor, project_id, Right.RUN)
        planned = self._library.scenarios.planned(project_id, scenario_id)
        _refuse_others(actor, membership, planned.cases.values())
        scenario = planned.scenario
        _refuse_inputs(membership, made.inputs, [scenario])
        if not scenario["steps"]:
            raise NothingToRun
        return Choice(
            membership, scenario["name"], scenario, made.inputs, scenario_id=scenario_id, counted=(scenario_id,)
        )

    def _case(self, actor: Actor, project_id: int, made: RunMade, case_id: int) -> Choice:
        grip = self._library.case_access.require(actor, project_id, case_id, Right.RUN)
        _refuse_others(actor, grip.membership, [grip.row])
        dataset = None if made.dataset is None else made.dataset.model_dump(exclude_none=True)
        scenario = self._library.scenarios.single(grip.row, dataset)
        _refuse_inputs(grip.membership, made.inputs, [])
        return Choice(
            grip.membership,
            grip.row.name,
            scenario,
            made.inputs,
            case_id=case_id,
            private_to=_private_to(grip.row),
            asked={} if dataset is None else {"dataset": dataset},
        )

    def _tag(self, actor: Actor, project_id: int, made: RunMade, tag: str) -> Choice:
        membership = self._library.projects.require(actor, project_id, Right.RUN)
        ids = self._tagged(actor, project_id, tag)
        planned = [one for one in self._library.scenarios.several(project_id, ids) if one.scenario["steps"]]
        if not planned:
            raise NothingToRun
        _refuse_others(actor, membership, planned[0].cases.values())
        _refuse_inputs(membership, made.inputs, [one.scenario for one in planned], called=True)
        branches = [_branch(one.scenario, made.inputs) for one in planned]
        at_once = {"kind": "parallel", "concurrency": made.concurrency, "parallel": branches, "stop_on_failure": False}
        scenario = {"name": f"#{tag}", "steps": [{"name": f"#{tag}", "key": "tagged", **at_once}]}
        counted = [one.scenario["id"] for one in planned]
        return Choice(membership, f"#{tag}", scenario, {}, counted=counted, asked={"tag": tag})

    def _tagged(self, actor: Actor, project_id: int, tag: str) -> list[int]:
        """Numbers of the scenarios that have the tag, the oldest first."""
        ids: list[int] = []
        query = ScenariosQuery(tag=[tag], size=MOST_SCENARIOS + 1)
        while True:
            found = self._library.lists.page(actor, project_id, query)
            ids += [one.id for one in found.items]
            if len(ids) > MOST_SCENARIOS:
                raise TooManyScenarios(values={"limit": MOST_SCENARIOS})
            if found.next is None:
                return sorted(ids)
            query = query.model_copy(update={"cursor": found.next})

    def _draft(self, actor: Actor, project_id: int, made: RunMade) -> Choice:
        membership = self._library.projects.require(actor, project_id, Right.EDIT)
        draft = made.draft
        if draft is None:
            raise NothingToRun
        case = _inside("draft", lambda: self._library.drafts.planned(actor, project_id, draft))
        _refuse_others(actor, membership, [case])
        rows = self._library.datasets.rows([case.id])[case.id] if case.id else []
        name = case.name or _DRAFT
        step = {"name": name, "kind": "case", **case_step({}, {**case.case, "name": name, "datasets": rows}, case.step)}
        return Choice(
            membership,
            name,
            {"name": name, "steps": [step]},
            made.inputs,
            private_to=_private_to(case) if case.id else None,
            asked={"draft": True},
        )


def cases_of(plan: Any) -> Iterator[int]:
    """Numbers of the cases in a plan, or in a part of one."""
    if isinstance(plan, Mapping):
        case = plan.get("case")
        if isinstance(case, Mapping) and isinstance(case.get("id"), int) and "request" in case:
            yield case["id"]
        for name in ("scenario", "setup", "steps", "teardown", "parallel"):
            yield from cases_of(plan.get(name))
    elif isinstance(plan, list):
        for one in plan:
            yield from cases_of(one)


def _refuse_others(actor: Actor, membership: Membership, cases: Iterable[Any]) -> None:
    """Raises CreatorOnlyCase. Who does not see the case is not told its name either."""
    for case in cases:
        if case.creator_only and case.creator_id != actor.user_id:
            raise CreatorOnlyCase(values={"case": case.name if sees(actor, case, membership) else "***"})


def _refuse_inputs(
    membership: Membership, inputs: Mapping[str, Any], scenarios: Sequence[Json], *, called: bool = False
) -> None:
    """Raises InvalidInput for a required input that is missing, and for what only editors may give.

    A variable that no scenario asks for may stand above one of the environment, and so lead requests and secrets
    elsewhere; a placeholder may put a secret where everybody can read it. Scenarios that are `called` see nothing but
    what they ask for.
    """
    listed = [one for scenario in scenarios for one in scenario.get("inputs", ())]
    declared = {one["name"] for one in listed}
    missing = {one["name"] for one in listed if one["required"]} - inputs.keys()
    faults = [FieldFault(f"inputs.{name}", "missing") for name in sorted(missing)]
    editor = membership.may(Right.EDIT)
    if called or not editor:
        faults += [FieldFault(f"inputs.{name}", "not_declared") for name in inputs if name not in declared]
    if not editor:
        told = "only editors may give placeholders"
        faults += [FieldFault(f"inputs.{name}", "placeholder", detail=told) for name in inputs if _open(inputs[name])]
    if faults:
        raise InvalidInput(fields=tuple(faults))


def _open(value: Any) -> bool:
    """True for a value with placeholders."""
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, Mapping):
        return any(_open(one) for pair in value.items() for one in pair)
    return isinstance(value, list) and any(map(_open, value))


def _branch(scenario: Json, inputs: Mapping[str, Any]) -> Json:
    """A step that calls the scenario with those of the inputs that it asks for."""
    asked = {one["name"] for one in scenario.get("inputs", ())}
    given = {name: value for name, value in inputs.items() if name in asked}
    key = f"scenario-{scenario['id']}"
    return {"kind": "scenario", "key": key, "name": scenario["name"], "scenario": scenario, "inputs": given}


def _private_to(case: Any) -> int | None:
    return int(case.creator_id) if case.visibility is Visibility.PRIVATE else None


def _inside(field_name: str, work: Callable[[], PlannedCase]) -> PlannedCase:
    """Do the work; the fields that it refuses are inside this one."""
    try:
        return work()
    except InvalidInput as error:
        faults = (FieldFault(f"{field_name}.{one.field}", one.reason, one.position, one.detail) for one in error.fields)
        raise InvalidInput(fields=tuple(faults)) from None
