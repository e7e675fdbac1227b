"""The broker between those who queue runs and Celery's workers: what both sides agree about, and how it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from wxcloudrun.features.runs.dispatch import BrokerGone
from wxcloudrun.features.runs.models import Priority
from wxcloudrun.features.runs.tasks import TASK

if TYPE_CHECKING:
    from celery import Celery

_VISIBILITY_S: Final = 3600  # longer than any lease; Redis gives a message that is held for longer to another worker
_HELD_MS: Final = 90_000_000  # as long as the longest run, and some; RabbitMQ would end a connection after 30 minutes
_CONNECT_S: Final = 1.0
_ANSWER_S: Final = 2.0
_ONCE_MORE: Final = {"max_retries": 1, "interval_start": 0.0, "interval_step": 0.0, "interval_max": 0.0}

_BOTH: Final[dict[str, Any]] = {
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "task_create_missing_queues": False,
    "broker_pool_limit": 2,
    "enable_utc": True,
}
_WORKER: Final[dict[str, Any]] = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_cancel_long_running_tasks_on_connection_loss": False,  # the lease decides about a run, not the broker
    "worker_proc_alive_timeout": 30.0,
    "worker_redirect_stdouts": False,
    "control_queue_exclusive": False,  # a worker that was killed a moment ago would keep its name's queue locked
    "control_queue_durable": True,
    "broker_connection_timeout": 4.0,
    "broker_connection_retry": True,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_heartbeat": 30,
}
_SENDER: Final[dict[str, Any]] = {
    "broker_connection_timeout": _CONNECT_S,
    "broker_heartbeat": 0,  # nobody would beat between two messages
    "task_publish_retry": True,  # a connection may have died since the last message
    "task_publish_retry_policy": _ONCE_MORE,
}


def worker_application(url: str, word: str) -> "Celery":
    """Celery as workers use it. `word` is the first of the queues' names."""
    options = {"visibility_timeout": _VISIBILITY_S} if _is_redis(url) else {}
    return _application(url, word, _WORKER, options)


def priority_of(word: str, queue: str) -> Priority:
    """Whose queue it is. Raises KeyError."""
    return Priority[queue.removeprefix(f"{word}.").upper()]


class CeleryMessages:
    """The broker as those use it who have runs carried out. Methods raise BrokerGone after a few seconds at most."""

    def __init__(self, url: str, word: str) -> None:
        impatient: dict[str, Any] = {"socket_connect_timeout": _CONNECT_S, "socket_timeout": _ANSWER_S}
        if not _is_redis(url):
            impatient = {"confirm_publish": True, "read_timeout": _ANSWER_S, "write_timeout": _ANSWER_S}
        self._celery = _application(url, word, _SENDER, impatient | _ONCE_MORE)
        self._word = word

    def send(self, run_id: int, priority: Priority) -> None:
        """Put a message into the queue of that priority."""
        with _told():
            self._celery.send_task(TASK, (run_id,), queue=_name(self._word, priority))

    def depth(self, priority: Priority) -> int:
        """How many messages wait in the queue of that priority."""
        queue = self._celery.amqp.queues[_name(self._word, priority)]
        with _told(), self._celery.pool.acquire(block=True, timeout=_ANSWER_S) as connection:
            return int(queue(connection.default_channel).queue_declare().message_count)

    def ping(self) -> None:
        """Connect anew, and end the connection."""
        with _told(), self._celery.connection_for_write() as connection:
            connection.ensure_connection(**_ONCE_MORE, timeout=_CONNECT_S)


def _application(url: str, word: str, conf: dict[str, Any], options: dict[str, Any]) -> "Celery":
    from celery import Celery  # noqa: PLC0415 - who has no broker never imports it
    from kombu import Exchange, Queue  # noqa: PLC0415 - as above

    exchange = Exchange(word, type="direct")
    names = [_name(word, priority) for priority in Priority]
    queues = [
        Queue(name, exchange, routing_key=name, queue_arguments={"x-consumer-timeout": _HELD_MS}) for name in names
    ]
    prefix = {"global_keyprefix": f"{word}:"} if _is_redis(url) else {}
    celery = Celery("wxcloudrun", broker=url, set_as_current=False)
    celery.conf.update(_BOTH | conf, task_queues=queues, task_default_queue=_name(word, Priority.CI))
    celery.conf.broker_transport_options = prefix | options
    return celery


def _name(word: str, priority: Priority) -> str:
    return f"{word}.{priority.name.lower()}"


def _is_redis(url: str) -> bool:
    return url.startswith("redis")


@contextmanager
def _told() -> Iterator[None]:
    """Whatever a client of a broker raises means that it cannot be had."""
    try:
        yield
    except Exception as error:
        raise BrokerGone from error
