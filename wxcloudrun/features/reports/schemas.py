"""Reports and links to them as clients send and receive them."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field

from wxcloudrun.core.clock import iso
from wxcloudrun.core.pagination import Cursor, PageNumber, PageSize, Slice
from wxcloudrun.core.shapes import Input, View, example
from wxcloudrun.features.runs.schemas import ResultLine, RunLine

Verdict = Literal["passed", "failed", "error", "canceled"]


class ReportQuery(Input):
    """How many steps the first page has."""

    size: PageSize = 50


class ReportStepsQuery(Input):
    """Which steps to list: what went wrong first, each kind in the order in which it came."""

    cursor: Cursor | None = None
    size: PageSize = 50


class PageQuery(Input):
    """The language in which a page opens; it holds both."""

    lang: Literal["zh", "en"] | None = Field(None, description="As Accept-Language says unless given.")


class TableQuery(Input):
    """How the table is written."""

    excel: bool = Field(False, description="Begin with the mark by which Excel knows UTF-8.")


class TotalsView(View):
    """Steps by outcome. Times in milliseconds: of steps that were carried out, and of the run."""

    passed: int
    failed: int
    error: int
    skipped: int
    passed_after_retry: int
    requests: int
    p50_ms: float | None
    p95_ms: float | None
    duration_ms: float | None


class OtherView(View):
    """Another run."""

    run_id: int
    state: str | None
    at: str | None


class ChangedPathView(View):
    """A place of a JSON answer that is `added`, `missing`, of another `type`, or `nullable` in one of the runs only.

    `before` and `now` are its types, such as `number` or `string | null`.
    """

    path: str
    change: Literal["added", "missing", "type", "nullable"]
    before: str | None
    now: str | None


class ChangedShapeView(View):
    """A step whose answer is built differently: the first ten places, and how many there are."""

    seq: int
    name: str
    dataset: str | None
    paths: list[ChangedPathView]
    count: int


class ChangedVariableView(View):
    """A variable with another value, cut; those of secrets are masked. `steps` used it, `step` is the first of them."""

    name: str
    scope: str
    before: str
    now: str
    secret: bool
    step: str
    steps: int


class ChangesView(View):
    """What is different from `before`, the last run that can be compared; `green` is the last that passed.

    Steps that fail in both are `still_failing`; `added` and `removed` are steps that only one of the runs has. Of
    `changed_shape` and `changed_variables` the first twenty are there, sought among the new failures and a hundred more
    steps; `not_looked_at` are steps of both runs beyond that, and those with answers that are too long.
    """

    before: OtherView | None
    green: OtherView | None
    new_failures: int
    fixed: int
    still_failing: int
    added: int
    removed: int
    changed_shape: list[ChangedShapeView]
    changed_variables: list[ChangedVariableView]
    not_looked_at: int


class FailureView(View):
    """A step that did not pass. `explanation` is cut; the whole is at /results/{seq}."""

    seq: int
    name: str
    dataset: str | None
    path: str
    scenario: str
    case_id: int | None
    message: str | None
    explanation: str | None


class CauseView(View):
    """Failures that have one cause, the first few of them whole."""

    key: str
    title: str
    count: int
    fresh: int | None = Field(description="How many of them did not fail in `changes.before`; null without that run.")
    since: OtherView | None
    state: str | None
    note: str | None
    link: str | None
    steps: list[FailureView]


class ReportView(View):
    """How a run ended, what is different, why it failed. While it goes on there is no verdict yet."""

    run: RunLine
    state: str
    verdict: Verdict | None
    reason: str | None
    totals: TotalsView
    changes: ChangesView
    failures: list[CauseView] = Field(description="The largest group first; at most 30.")
    causes: int = Field(description="How many groups there are.")
    quarantined: list[int] = Field(description="Numbers of cases whose failures stop no pipeline.")
    slowest: list[ResultLine]
    steps: Slice[ResultLine]


class ShareMade(Input):
    """A link that shows this report to whoever has it."""

    model_config = example({"expires_in_days": 7})

    expires_in_days: Annotated[int, Field(ge=1, le=366)] = 7


class SharesQuery(Input):
    """Which links to list, the newest first."""

    page: PageNumber = 1
    size: PageSize = 20


class ShareView(View):
    """A link without its token. `used_at` is true to ten minutes."""

    id: int
    maker_id: int | None
    created_at: str
    expires_at: str
    revoked_at: str | None
    used_at: str | None

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The view of a link's row."""
        return cls(
            id=row.id,
            maker_id=row.maker_id,
            created_at=iso(row.created_at),
            expires_at=iso(row.expires_at),
            revoked_at=None if row.revoked_at is None else iso(row.revoked_at),
            used_at=None if row.used_at is None else iso(row.used_at),
            **more,
        )


class NewShare(ShareView):
    """A link with its address, which is shown this once and kept nowhere."""

    url: str = Field(description="A path where the service was not told its own address (`PUBLIC_URL`).")
