"""How gunicorn serves `run:app`; read from the folder that it is started in."""

import os
from pathlib import Path
from typing import Any

bind = f"0.0.0.0:{os.environ.get('PORT', '80')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "32"))  # DB_POOL_SIZE must be at least this

preload_app = True  # read the code once; nothing is opened before the fork
graceful_timeout = 30  # seconds that requests have to finish after SIGTERM
timeout = 60
keepalive = 75  # longer than the proxies in front keep theirs, so that they close first
max_requests = 10_000  # a leak of somebody else's library stays small
max_requests_jitter = 1_000
_memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes files with names of their own there
worker_tmp_dir = str(_memory) if _memory.is_dir() else None  # the heartbeat must not wait for a disk
control_socket_disable = True  # nobody steers it from outside, and HOME may not be writable
accesslog = None  # the application logs each request itself, without tokens

_metrics = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if _metrics:  # processes share their numbers through files there; those of an earlier start would count again
    Path(_metrics).mkdir(parents=True, exist_ok=True)
    for _file in Path(_metrics).glob("*.db"):
        _file.unlink()


def child_exit(server: object, worker: Any) -> None:
    """Leave a worker that ended out of the numbers that only living ones have."""
    if _metrics:
        from prometheus_client import multiprocess  # noqa: PLC0415 - only who measures pays for it

        multiprocess.mark_process_dead(worker.pid)
