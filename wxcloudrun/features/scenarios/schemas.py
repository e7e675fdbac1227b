"""Scenarios and steps as clients send and receive them."""

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from wxcloudrun.core.fields import PART, TEXT, RowNumber, Version
from wxcloudrun.core.pagination import PageNumber, PageSize
from wxcloudrun.core.shapes import Advice, Input, View, example
from wxcloudrun.features.cases.exchange import ProjectCatalogueQuery
from wxcloudrun.features.cases.schemas import (
    CaseName,
    Description,
    Expression,
    Folder,
    Position,
    StatusName,
    Tags,
)
from wxcloudrun.features.environments.schemas import Spec, VariableName, Variables, VariableView

PhaseName = Literal["setup", "steps", "teardown"]
KindName = Literal["case", "scenario", "group", "parallel", "wait"]
StepKey = Annotated[str, Field(pattern=r"^[\w.\-]{1,64}$", description="Stays when the step moves or is copied.")]
Formula = Annotated[Expression, Field(description="An expression; false skips the step.")]


class ScenarioInput(Input):
    """A value that a scenario asks for when it is called. The default of a secret one comes out as a mark."""

    name: VariableName
    required: bool = False
    default: JsonValue = None
    secret: bool = False


class ScenarioParts(Input):
    """What a scenario says of itself, steps apart."""

    folder: Folder = ""
    description: Description = ""
    tags: Tags = []
    status: StatusName = "draft"
    owner_id: RowNumber | None = Field(None, description="A member; whoever makes it, unless this says otherwise.")
    position: Position = 0
    variables: Variables = []
    inputs: Annotated[list[ScenarioInput], Field(max_length=100)] = []
    outputs: Annotated[list[VariableName], Field(max_length=100, description="Names that callers are given.")] = []
    stop_on_failure: bool = True


class ScenarioMade(ScenarioParts):
    """A new scenario."""

    model_config = example({"name": "buy", "tags": ["smoke"], "variables": [{"name": "user", "value": "eve"}]})

    name: CaseName


class ScenarioChange(ScenarioParts):
    """The fields of a scenario to change; those that are not sent stay, lists change as a whole."""

    model_config = example({"status": "done", "tags": ["smoke"]})

    name: CaseName | None = None
    version: Version | None = None


class ScenarioCopied(Input):
    """What the copy is called, and where it stands; without a name it is `name (2)` or the next free number."""

    model_config = example({"name": "buy, copied"})

    name: CaseName | None = None
    folder: Folder | None = None


class ScenariosQuery(ProjectCatalogueQuery):
    """Which scenarios to list."""


class CheckQuery(Input):
    """With which environment to check; without it the default one, if there is one."""

    environment_id: RowNumber | None = None


class Warned(View):
    """Something that may not work. `kind` is a stable word, `name` what it is about (a variable, a case)."""

    scenario_id: int
    step_id: int | None
    kind: str
    name: str
    field: str | None
    message: Advice


class Checked(View):
    """What the engine would say of a scenario and of those it calls. `faults` end a run before it begins."""

    warnings: list[Warned]
    faults: list[Warned]
    complete: bool = Field(description="False: there is more than was looked at.")


class ScenarioLine(View):
    """A scenario in a list."""

    id: int
    name: str
    folder: str
    description: str
    tags: list[str]
    status: StatusName
    creator_id: int
    owner_id: int
    position: int
    run_count: int
    origin_id: int | None
    version: int
    deleted_at: str | None
    created_at: str
    updated_at: str


class InputView(View):
    """A value that a scenario asks for; of a secret default only that it is set."""

    name: str
    required: bool
    default: Any
    secret: bool


class ScenarioView(ScenarioLine):
    """A scenario without its steps."""

    steps_count: int
    variables: list[VariableView]
    inputs: list[InputView]
    outputs: list[str]
    stop_on_failure: bool


class ScenarioSaved(ScenarioView):
    """A scenario as it is kept now, and what may not work in it."""

    warnings: list[Warned]


class Trashed(View):
    """What lies in the trash now."""

    id: int


class Placed(Input):
    """Where a step stands: beside another one, or first or last in a group (`parent_id`) or in a phase."""

    model_config = example({"to": "first"})

    before: RowNumber | None = Field(None, description="Before this step, in the same group.")
    after: RowNumber | None = Field(None, description="After this step, in the same group.")
    to: Literal["first", "last"] | None = None
    parent_id: RowNumber | None = Field(None, description="Inside this group or parallel step.")
    phase: PhaseName | None = Field(None, description="Of a step that is in no group; others are of their group's.")


class StepParts(Input):
    """What a step says; names and shapes as in the engine's plan (docs/engine.md). Null means: as the case says.

    Passwords, keys and tokens in `overrides`, and inputs that are secret, come out as `{"is_set": true}`.
    """

    name: Annotated[str, Field(max_length=128, pattern=PART)] = ""
    enabled: bool = True
    condition: Formula | None = None
    repeat: Spec | None = Field(None, description="`times`.")
    for_each: Spec | None = Field(None, description="`items`, `as`, `concurrency`.")
    stop_on_failure: bool | None = Field(None, description="Null: as the scenario says.")
    variables: Variables = []
    case_id: RowNumber | None = Field(None, description="Of a step of kind `case`.")
    dataset: Spec | None = Field(None, description="`mode`, `key`, `count`. Of a step of kind `case`.")
    overrides: Spec | None = Field(
        None,
        description="`method`, `url`, `query`, `headers`, `cookies`, `body`, `replace_body`, `auth`, `timeouts`."
        " Of a step of kind `case`.",
    )
    retry: Spec | None = Field(None, description="When to send again. Of a step of kind `case`.")
    poll: Spec | None = Field(None, description="Until when to send. Of a step of kind `case`.")
    scenario_id: RowNumber | None = Field(None, description="The called scenario, of a step of kind `scenario`.")
    inputs: Annotated[dict[VariableName, JsonValue], Field(max_length=100)] = Field(
        {}, description="What the called scenario is given. Of a step of kind `scenario`."
    )
    cache: Spec | None = Field(None, description="`key`, `ttl_ms`. Of a step of kind `scenario`.")
    concurrency: Annotated[int, Field(ge=1, le=64)] | None = Field(None, description="Of a step of kind `parallel`.")
    wait_ms: Annotated[int, Field(ge=0, le=600_000)] | Annotated[str, Field(max_length=256, pattern=TEXT)] | None = (
        Field(None, description="Milliseconds, or text with placeholders. Of a step of kind `wait`.")
    )


class StepMade(StepParts, Placed):
    """A new step; the last one of the phase `steps`, unless it is said where it stands."""

    model_config = example(
        {"kind": "case", "case_id": 3, "key": "pay", "dataset": {"mode": "one", "key": "card"}, "phase": "steps"}
    )

    kind: KindName
    key: StepKey | None = None


class StepChange(StepParts):
    """The fields of a step to change; those that are not sent stay, lists and objects change as a whole."""

    model_config = example({"name": "pay by card", "dataset": {"mode": "one", "key": "card"}})

    key: StepKey | None = None
    version: Version | None = None


class StepsQuery(Input):
    """Which steps to list."""

    page: PageNumber = 1
    size: PageSize = 100


class CaseBrief(View):
    """A step's case. One that is not visible is somebody's private case: of that only the number is told."""

    id: int
    visible: bool
    name: str | None = None
    method: str | None = None
    url: str | None = None
    version: int | None = None
    trashed: bool | None = None


class CalledBrief(View):
    """A called scenario."""

    id: int
    name: str
    trashed: bool


class StepLine(View):
    """A step in the list; `depth` is how many groups are around it."""

    id: int
    key: str
    name: str
    kind: str
    phase: str
    parent_id: int | None
    depth: int
    position: int
    enabled: bool
    case: CaseBrief | None
    scenario: CalledBrief | None
    version: int
    created_at: str
    updated_at: str


class StepView(StepLine):
    """A step with all it says."""

    condition: str | None
    repeat: Any
    for_each: Any
    stop_on_failure: bool | None
    variables: list[VariableView]
    dataset: Any
    overrides: Any
    retry: Any
    poll: Any
    inputs: dict[str, Any]
    cache: Any
    concurrency: int | None
    wait_ms: int | str | None


class StepSaved(StepView):
    """A step as it is kept now, the scenario's new version, and what may not work in the scenario."""

    scenario_version: int
    warnings: list[Warned]


class StepRemoved(View):
    """A step that was removed, and how many steps went, with those inside it."""

    id: int
    removed: int
    scenario_version: int
    warnings: list[Warned]
