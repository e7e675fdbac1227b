"""Runs again: the same plan, of it what failed with what that needs, or what the definitions say today."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import AnySession
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.runs.access import seen
from wxcloudrun.features.runs.choosing import RunChoosing, cases_of
from wxcloudrun.features.runs.errors import DraftNotKept, NothingFailed, RunNotEnded
from wxcloudrun.features.runs.models import StepOutcome, Trigger
from wxcloudrun.features.runs.planning import Frozen, RunPlanning
from wxcloudrun.features.runs.questions import RunQuestions
from wxcloudrun.features.runs.results import unpacked
from wxcloudrun.features.runs.schemas import Rerun, RunMade, RunStarted
from wxcloudrun.features.runs.service import RunService, Wish

_AT_ONCE: Final = 200
_BAD: Final = (StepOutcome.FAILED, StepOutcome.ERROR)
_WORD: Final = re.compile(r"\w+")
_KEPT: Final = (
    "title", "scenario_id", "case_id", "private_to", "priority", "branch", "target_version", "commit_id",
)  # fmt: skip

type Json = dict[str, Any]


class RunReruns:
    """What members of a project do with its runs once more."""

    def __init__(
        self,
        session: AnySession,
        access: ProjectAccess,
        choosing: RunChoosing,
        planning: RunPlanning,
        runs: RunService,
        questions: RunQuestions | None = None,
    ) -> None:
        self._access = access
        self._choosing = choosing
        self._planning = planning
        self._runs = runs
        self._questions = questions or RunQuestions(session)

    def rerun(self, actor: Actor, project_id: int, run_id: int, wanted: Rerun) -> RunStarted:
        """A new run that repeats this one.

        Raises ProjectNotFound, RightRequired, ProjectArchived, RunNotFound, PlanGone, CreatorOnlyCase; for what failed
        NothingFailed, RunNotEnded; for today's definitions DraftNotKept and what RunService.start raises.
        """
        membership = self._access.require(actor, project_id, Right.RUN)
        row = seen(actor, membership, self._questions.view(project_id, run_id))
        plan = self._planning.opened(self._questions.plan(run_id))
        if wanted.what == "today":
            return self._runs.start(actor, project_id, _asked(row, plan), Trigger.RERUN, run_id)
        asked = json.loads(row.asked or "{}")
        if wanted.what == "failed":
            plan, asked = self._failed(row, plan), {**asked, "partial": True}
        self._choosing.refuse_cases(actor, membership, set(cases_of(plan["scenario"])))
        columns = {name: getattr(row, name) for name in _KEPT} | {"trigger": Trigger.RERUN, "origin_id": run_id}
        columns["asked"] = json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
        frozen = Frozen(self._planning.again(plan, project_id), row.environment_id, row.environment)
        return self._runs.queue(actor, project_id, Wish(columns, frozen, _scenarios(row, plan)))

    def _failed(self, row: Row[Any], plan: Json) -> Json:
        if not row.state.final:
            raise RunNotEnded
        failed, cookies = set[str](), set[str]()
        after = -1
        while rows := self._questions.details(row.id, after, _AT_ONCE):
            after = rows[-1].seq
            failed |= {one.path for one in rows if one.outcome in _BAD}
            cookies |= {one.path for one in rows if one.path not in failed and _gave_cookies(unpacked(one.detail))}
        if not failed:
            raise NothingFailed
        return {**plan, "scenario": reduced(plan["scenario"], failed, cookies)}


def reduced(scenario: Json, failed: Collection[str], cookies: Collection[str] = ()) -> Json:
    """The scenario with those of its steps that went wrong and those that these need.

    `failed` and `cookies` are paths of results: which went wrong, whose answers set cookies. Setup and teardown stay. A
    step is needed when it makes a name that a step behind it has as a word anywhere, or when it set a cookie. Branches
    of a parallel step are looked at one by one: none sees anything of another, nor anybody its cookies.
    """
    if any(path.startswith("setup/") for path in failed):
        return scenario  # nothing else was carried out
    steps: list[Json] = scenario.get("steps") or []
    teardown = scenario.get("teardown") or []
    words, kept = set(_words(teardown)), list[Json]()
    wrong, setting = _by_step(failed), _by_step(cookies)
    for index in range(len(steps) - 1, -1, -1):
        place = f"steps/{index}"
        sets_cookie = bool(kept or teardown) and place in setting
        step = _needed(steps[index], place, wrong.get(place, ()), words, sets_cookie=sets_cookie)
        if step is not None:
            kept.append(step)
            words |= set(_words(step))
    return {**scenario, "steps": kept[::-1]}


def _by_step(paths: Collection[str]) -> dict[str, list[str]]:
    """Paths by the step of the outermost scenario that they belong to."""
    found = defaultdict[str, list[str]](list)
    for path in paths:
        found["/".join(path.split("/")[:2])].append(path)
    return found


def _needed(step: Json, place: str, wrong: Collection[str], words: set[str], *, sets_cookie: bool) -> Json | None:
    """As much of a step as is needed; `wrong` are the paths inside it that went wrong."""
    branches: list[Json] | None = step.get("parallel")
    if branches is None or step.get("repeat") or step.get("for_each") or not all(_in_branch(one) for one in wrong):
        return step if wrong or sets_cookie or _makes(step, words) else None
    bad = {path.split("/")[3] for path in wrong}
    needed = [branch for index, branch in enumerate(branches) if str(index) in bad or _makes(branch, words)]
    return {**step, "parallel": needed} if needed else None


def _in_branch(path: str) -> bool:
    return path.split("/")[2:3] == ["parallel"]


def _makes(step: Json, words: set[str]) -> bool:
    """True when the step gives a value to a name whose every word is among these."""
    return any(words.issuperset(_WORD.findall(name)) for name in _names(step))


def _names(value: Any) -> Iterator[str]:
    """Names that a step, or what is inside it, gives a value to the steps behind it."""
    if isinstance(value, Mapping):
        for part in ("extractions", "before", "after"):
            for one in _listed(value.get(part)):
                if isinstance(one, Mapping) and isinstance(one.get("name"), str):
                    yield one["name"]
        yield from (one for one in _listed(value.get("outputs")) if isinstance(one, str))
        for item in value.values():
            yield from _names(item)
    for item in _listed(value):
        yield from _names(item)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _words(value: Any) -> Iterator[str]:
    """Every word in texts and names of JSON."""
    if isinstance(value, str):
        yield from _WORD.findall(value)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _WORD.findall(name)
            yield from _words(item)
    for item in _listed(value):
        yield from _words(item)


def _gave_cookies(detail: Json) -> bool:
    """True for an answer that set cookies, and for a scenario whose outputs, and cookies, came from the cache."""
    response = detail.get("response") or {}
    cached = detail.get("kind") == "scenario" and detail.get("outcome") == "passed"
    return bool(response.get("cookies")) or bool(response.get("hops")) or cached


def _scenarios(row: Row[Any], plan: Json) -> tuple[int, ...]:
    """Numbers of the scenarios that are run once more."""
    if row.scenario_id is not None:
        return (row.scenario_id,)
    if "tag" not in json.loads(row.asked or "{}"):
        return ()
    return tuple(branch["scenario"]["id"] for branch in plan["scenario"]["steps"][0]["parallel"])


def _asked(row: Row[Any], plan: Json) -> RunMade:
    """What was asked for, to be asked for again. Raises DraftNotKept."""
    asked = json.loads(row.asked or "{}")
    if row.scenario_id is None and row.case_id is None and "tag" not in asked:
        raise DraftNotKept
    inputs = plan["inputs"]
    if "tag" in asked:
        inputs = {}
        for branch in plan["scenario"]["steps"][0]["parallel"]:
            inputs |= branch["inputs"]
    return RunMade.model_validate(
        {
            "scenario_id": row.scenario_id,
            "case_id": row.case_id,
            "tag": asked.get("tag"),
            "dataset": asked.get("dataset"),
            "environment_id": row.environment_id,
            "inputs": inputs,
            "labels": {"branch": row.branch, "version": row.target_version, "commit": row.commit_id},
            "priority": row.priority.name.lower(),
            "title": row.title,
            **plan["limits"],
        }
    )
