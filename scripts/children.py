"""The programs of a development start: the simulated WeChat, the web server and the worker, with their settings."""

import ast
import http.client
import os
import runpy
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from scripts.supervisor import ROOT, Program

_KEPT = ("LOG_LEVEL",)


@dataclass(frozen=True)
class Place:
    """Where this start serves and keeps its data."""

    port: int
    simulator_port: int
    data: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "wxcloudrun.sqlite3"

    @property
    def url(self) -> str:
        """The service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def simulator_url(self) -> str:
        """The simulated WeChat."""
        return f"http://127.0.0.1:{self.simulator_port}"


def settings(place: Place, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the children. No setting of the shell or of `.env` reaches a development start but LOG_LEVEL,
    so that it never touches another database and never needs a real AppSecret."""
    constants = runpy.run_path(str(ROOT / "wxcloudrun" / "simulator" / "constants.py"))
    names = setting_names() - set(_KEPT)
    return {key: value for key, value in environ.items() if key not in names} | {
        "ENV_FILE": str(place.data / "no.env"),
        "FLASK_APP": "run.py",
        "FLASK_ENV": "development",
        "HOST": "127.0.0.1",
        "PORT": str(place.port),
        "DATA_DIR": str(place.data),
        "WECHAT_API_BASE": place.simulator_url,
        "WX_APPID": constants["DEFAULT_APPID"],
        "WX_SECRET": constants["DEFAULT_SECRET"],
        "WECHAT_PUSH_TOKEN": constants["DEFAULT_TOKEN"],
        "WECHAT_PUSH_AES_KEY": constants["DEFAULT_ENCODING_AES_KEY"],
        "ALLOW_MOCK_LOGIN": "true",
        "RUN_ALLOWED": f"127.0.0.1/32:{place.port},127.0.0.1/32:{place.simulator_port}",
        "PYTHONUNBUFFERED": "1",
    }


def setting_names() -> set[str]:
    """Names of config.py's settings, read without importing it: that would cost a start most of a second."""
    tree = ast.parse((ROOT / "config.py").read_text(encoding="utf-8"))
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    fields = (item.target for node in classes for item in node.body if isinstance(item, ast.AnnAssign))
    return {target.id.upper() for target in fields if isinstance(target, ast.Name)}


def simulator(place: Place, environ: Mapping[str, str]) -> Program:
    """The simulated WeChat; it pushes messages to the service as WeChat would."""
    command = [sys.executable, "-m", "wxcloudrun.simulator", "--port", str(place.simulator_port)]
    command += ["--push-url", f"{place.url}/wechat/push"]
    ready = partial(answers, place.simulator_port, "/_sim/state")
    return Program("simulator", command, environ, place.data / "logs" / "simulator.log", ready)


def web(place: Place, environ: Mapping[str, str]) -> Program:
    """The service: gunicorn where the system can fork, else Flask's own server."""
    command = [sys.executable, "run.py", "127.0.0.1", str(place.port)]
    if hasattr(os, "fork") and find_spec("gunicorn") is not None:
        command = [sys.executable, "-m", "gunicorn", "run:app", "--bind", f"127.0.0.1:{place.port}", "--workers", "2"]
    ready = partial(answers, place.port, "/healthz")
    return Program("web", command, environ, place.data / "logs" / "web.log", ready)


def worker(place: Place, environ: Mapping[str, str]) -> Program:
    """What runs in the background."""
    command = [sys.executable, "-m", "flask", "worker"]
    return Program("worker", command, environ, place.data / "logs" / "worker.log")


def answers(port: int, path: str) -> bool:
    """True when there is an HTTP answer of 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
