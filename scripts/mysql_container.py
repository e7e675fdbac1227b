"""A MySQL for the tests, started by docker compose with a volume of its own and removed afterwards."""

import contextlib
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
_PAUSE_S = 1.0


class DockerMissingError(Exception):
    """There is no docker that could start a container; the text says what is missing."""


@contextlib.contextmanager
def mysql_container(environ: Mapping[str, str]) -> Iterator[str]:
    """The SQLAlchemy URL of a fresh MySQL. Raises DockerMissingError.

    It is a compose project of its own, so that the developer's database and its volume are never touched.
    """
    compose = _compose()
    port, password = free_port(), secrets.token_urlsafe(16)
    settings = dict(environ) | {
        "COMPOSE_PROJECT_NAME": f"wxcloudrun-test-{os.getpid()}",
        "MYSQL_PORT": str(port),
        "MYSQL_PASSWORD": password,
        "MYSQL_ROOT_PASSWORD": password,
    }
    command = [*compose, "-f", str(ROOT / "docker-compose.dev.yml")]
    limit_s = int(environ.get("DOCKER_STARTUP_TIMEOUT") or 180)
    print(f"Starting MySQL by docker compose (at most {limit_s} s) ...", flush=True)
    try:
        _start([*command, "up", "-d", "mysql"], settings, limit_s)
        _wait([*command, "ps", "--format", "{{.Health}}", "mysql"], settings, limit_s)
        yield f"mysql+pymysql://root:{password}@127.0.0.1:{port}/?charset=utf8mb4"
    finally:
        subprocess.run([*command, "down", "-v", "--remove-orphans"], env=settings, capture_output=True, check=False)


def _compose() -> list[str]:
    if shutil.which("docker") is None:
        raise DockerMissingError("docker is not installed")
    for command, lack in (
        (["docker", "compose", "version"], "docker has no compose plugin"),
        (["docker", "info"], "the docker service does not run"),
    ):
        if subprocess.run(command, capture_output=True, check=False).returncode:
            raise DockerMissingError(lack)
    return ["docker", "compose"]


def _start(command: list[str], settings: Mapping[str, str], limit_s: int) -> None:
    try:
        outcome = subprocess.run(
            command, env=dict(settings), capture_output=True, text=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise DockerMissingError(f"docker compose did not start MySQL within {limit_s} s") from None
    if outcome.returncode:
        raise DockerMissingError(f"docker compose failed: {outcome.stderr.strip()[-300:]}")


def _wait(command: list[str], settings: Mapping[str, str], limit_s: int) -> None:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        outcome = subprocess.run(command, env=dict(settings), capture_output=True, text=True, check=False)
        if outcome.stdout.strip() == "healthy":
            return
        time.sleep(_PAUSE_S)
    raise DockerMissingError(f"MySQL was not healthy within {limit_s} s")
