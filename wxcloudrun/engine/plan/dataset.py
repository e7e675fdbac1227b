"""Which rows of data a step is run with."""

from random import Random

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.plan.case import Case, Dataset
from wxcloudrun.engine.plan.steps import DatasetChoice, DatasetMode


def choose_rows(case: Case, choice: DatasetChoice, seed: str, field: str = "dataset") -> tuple[Dataset | None, ...]:
    """The rows in the order they are run; `(None,)` is one run without data. Disabled rows are never chosen.

    Raises `DefinitionError` when the wanted row is not there, or when there are no rows to choose from.
    """
    if choice.mode is DatasetMode.NONE or (choice.mode is DatasetMode.DEFAULT and not case.datasets):
        return (None,)
    rows = [row for row in case.datasets if row.enabled]
    if choice.mode is DatasetMode.DEFAULT:
        return (next((row for row in rows if row.default), None),)
    if choice.mode is DatasetMode.ONE:
        return (_named(case, choice.key or "", field),)
    if not rows:
        raise DefinitionError(
            field, f"mode `{choice.mode.value}` needs datasets, and the case has none that is enabled"
        )
    if choice.mode is DatasetMode.ALL:
        return tuple(rows)
    if choice.mode is DatasetMode.LIMIT:
        return tuple(rows[: choice.count])
    picked = Random(seed).sample(range(len(rows)), min(choice.count, len(rows)))  # noqa: S311  # must repeat
    return tuple(rows[index] for index in picked)


def gives_many(choice: DatasetChoice) -> bool:
    """True for the modes whose rows are shown as iterations."""
    return choice.mode in (DatasetMode.ALL, DatasetMode.RANDOM, DatasetMode.LIMIT)


def _named(case: Case, key: str, field: str) -> Dataset:
    for row in case.datasets:
        if row.key == key:
            if row.enabled:
                return row
            raise DefinitionError(f"{field}.key", f"dataset `{key}` is disabled")
    known = ", ".join(row.key for row in case.datasets) or "none"
    raise DefinitionError(f"{field}.key", f"the case has no dataset `{key}`; it has {known}")
