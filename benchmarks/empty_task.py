"""A task that does nothing, to measure Celery itself by: `celery -A benchmarks.empty_task worker`."""

import os

from celery import Celery


def application(redis: str, queue: str) -> Celery:
    """Celery as it is used for runs, with results."""
    made = Celery("empty", broker=redis, backend=redis, set_as_current=False)
    prefix = {"global_keyprefix": f"{queue}:"}
    made.conf.update(
        task_default_queue=queue,
        worker_prefetch_multiplier=1,
        task_acks_late=True,
        result_expires=60,
        broker_transport_options=prefix,
        result_backend_transport_options=prefix,
    )
    made.task(empty, name="empty")
    return made


def empty() -> None:
    """Nothing."""


def __getattr__(name: str) -> object:
    """`app`, for the command."""
    if name != "app":
        raise AttributeError(name)
    return application(os.environ["EMPTY_BROKER"], os.environ["EMPTY_QUEUE"])
