"""What tests of Celery share: brokers of this machine, queues of their own, and workers as users start them."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import URL

from tests.conftest import ROOT
from tests.integration.runs_bench import wait_until
from wxcloudrun.broker import CeleryMessages
from wxcloudrun.features.runs.dispatch import BrokerGone

BROKERS = {
    "redis": os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0"),
    "rabbitmq": os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//"),
}


@dataclass(frozen=True)
class Broker:
    """A broker's address, and a word that only this test uses in it."""

    url: str
    word: str

    @property
    def messages(self) -> CeleryMessages:
        """What sends."""
        return CeleryMessages(self.url, self.word)

    @property
    def settings(self) -> dict[str, str]:
        """As the environment of a process."""
        return {"RUN_BROKER_URL": self.url, "RUN_QUEUE": self.word}


@contextlib.contextmanager
def broker(kind: str) -> Iterator[Broker]:
    """Queues of one's own, removed afterwards; skips where there is no such broker."""
    made = Broker(BROKERS[kind], f"wxtest-{os.getpid()}-{secrets.token_hex(3)}")
    try:
        made.messages.ping()
    except BrokerGone:
        pytest.skip(f"no {kind} at hand")
    try:
        yield made
    finally:
        _forget(made)


def _forget(one: Broker) -> None:
    if one.url.startswith("redis"):
        with Redis.from_url(one.url) as redis:
            for key in redis.scan_iter(f"{one.word}:*", count=1000):
                redis.delete(key)
        return
    celery = one.messages._celery
    with celery.connection_for_write() as connection, connection.channel() as channel:
        for name in celery.amqp.queues:
            channel.queue_delete(name)
        channel.exchange_delete(one.word)


class CeleryProcess:
    """`celery -A wxcloudrun.worker ...` as a process of its own."""

    def __init__(self, url: URL, tmp: Path, where: Broker, *arguments: str, **settings: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "ENV_FILE": str(ROOT / "no-such-file"),
            "FLASK_ENV": "testing",
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "DATA_DIR": str(tmp),
            "RUN_LEASE_S": "2",
            **where.settings,
        } | settings
        self.log = tmp / f"celery-{secrets.token_hex(3)}.log"
        command = [sys.executable, "-m", "celery", "-A", "wxcloudrun.worker", *arguments, "--loglevel", "INFO"]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True
            )

    def wait_until_ready(self) -> None:
        """Until it takes messages."""
        wait_until(lambda: b" ready." in self.log.read_bytes() or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.log.read_text()

    def children(self) -> list[int]:
        """Process ids of a prefork pool."""
        told = subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], text=True)
        return [int(line) for line in told.split()]

    def end(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(30)

    def kill(self) -> None:
        """kill -9, children too: a process group of its own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@contextlib.contextmanager
def celery_worker(url: URL, tmp: Path, where: Broker, *arguments: str, **settings: str) -> Iterator[CeleryProcess]:
    """A worker that takes messages, killed at the end of the block."""
    quick = ("--without-mingle", "--without-gossip", "-n", f"{where.word}-{secrets.token_hex(2)}@%h")
    with celery(url, tmp, where, "worker", *quick, *arguments, **settings) as made:
        made.wait_until_ready()
        yield made


@contextlib.contextmanager
def celery(url: URL, tmp: Path, where: Broker, *arguments: str, **settings: str) -> Iterator[CeleryProcess]:
    """A command of Celery's, killed at the end of the block."""
    made = CeleryProcess(url, tmp, where, *arguments, **settings)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.kill()
