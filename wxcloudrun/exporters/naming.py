"""What a step is called in files that compare runs: the same in every run, without numbers of rows, times or places."""

from dataclasses import dataclass

from wxcloudrun.exporters.report import RunFacts, StepFacts
from wxcloudrun.exporters.wording import one_line

_LONGEST_NAME = 400


@dataclass(frozen=True, slots=True)
class Identity:
    """A test as readers of reports know it: its class is project, scenario and what is called inside of it."""

    path: tuple[str, ...]
    name: str

    @property
    def classname(self) -> str:
        """The path with dots between its parts, which have none themselves."""
        return ".".join(self.path)


class Naming:
    """Gives each step of a run its identity. Given the steps in the plan's order, equal ones are numbered alike."""

    def __init__(self, run: RunFacts) -> None:
        self._run = run
        self._given: dict[tuple[tuple[str, ...], str], int] = {}

    def identity(self, step: StepFacts) -> Identity:
        """The identity of the next step; readers drop the second of two that are equal, so there are none."""
        path = tuple(map(_part, (self._run.project, *scenario_path(self._run, step), *_phase(step))))
        plain = one_line(f"{step.name}{row_of(step)}")[:_LONGEST_NAME] or "-"
        name = plain
        while (path, name) in self._given:
            self._given[path, plain] += 1
            name = f"{plain} ({self._given[path, plain]})"
        self._given[path, name] = 1
        return Identity(path, name)


def scenario_path(run: RunFacts, step: StepFacts) -> tuple[str, ...]:
    """The scenario and what it calls. A run by tag is not part of it, so that a scenario is called alike in any run."""
    by_tag = run.name.startswith("#") and step.trail[:1] == (run.name,)
    return step.trail[1:] or (run.name,) if by_tag else (run.name, *step.trail)


def row_of(step: StepFacts) -> str:
    """Which row of data, or which pass, it was."""
    if step.dataset is not None:
        return f" [{step.dataset}]"
    return "" if step.iteration is None else f" (pass {step.iteration})"


def _phase(step: StepFacts) -> tuple[str, ...]:
    return () if step.phase == "steps" else (step.phase,)


def _part(name: str) -> str:
    return one_line(name).replace(".", "_")[:_LONGEST_NAME] or "-"
