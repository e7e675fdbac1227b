"""What a Celery worker does with a message: carries out runs, as the fair order says, not as messages came."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from wxcloudrun.features.runs.crew import RunCrew

if TYPE_CHECKING:
    from celery import Celery

    from wxcloudrun.features.runs.dispatch import RunDispatch

TASK: Final = "runs.carry_out"
_TURN_S = 60.0


def register(
    celery: "Celery", priority_of: Callable[[str], Any], parts: Callable[[], "tuple[RunCrew, RunDispatch]"]
) -> None:
    """Teach an application of Celery's its one task. `priority_of` a queue; `parts` of the process it works in."""
    from celery.exceptions import Reject  # noqa: PLC0415 - nobody else pays for Celery

    def carry_out(task: Any, run_id: int) -> None:
        """Carry out what is next, of the priority of the message's queue or a more urgent one, until nothing is.

        The message says that there is work: the run it names may be done already, or be carried out by somebody else.
        After a minute another message takes this one's place, so that none is held for very long.
        """
        crew, dispatch = parts()
        priority = priority_of(task.request.delivery_info["routing_key"])
        ends = time.monotonic() + _TURN_S
        while crew.carry_out_next(priority):
            if time.monotonic() >= ends:
                dispatch.soon(run_id, priority)
                return
        if crew.stopping:
            raise Reject("this worker ends", requeue=True)

    celery.task(carry_out, name=TASK, bind=True)
