"""Who sees a run: every member of its project, unless it is the run of somebody's private case."""

from typing import Any

from wxcloudrun.core.actor import Actor
from wxcloudrun.features.projects.access import Membership, Right
from wxcloudrun.features.runs.errors import RunNotFound


def seen[R: Any](actor: Actor, membership: Membership, row: R | None) -> R:
    """The row, of a run or with its run's `private_to`. Raises RunNotFound for those who do not see the run."""
    if row is None or (row.private_to not in {None, actor.user_id} and not membership.may(Right.OWN)):
        raise RunNotFound
    return row
