"""A WeChat server to develop and test against: its own small app that knows nothing of the rest.

docs/simulator.md is the manual.
"""

from wxcloudrun.simulator.app import create_simulator
from wxcloudrun.simulator.constants import (
    DEFAULT_APPID,
    DEFAULT_ENCODING_AES_KEY,
    DEFAULT_SECRET,
    DEFAULT_TEMPLATE_ID,
    DEFAULT_TOKEN,
)
from wxcloudrun.simulator.records import AppConfig, Options
from wxcloudrun.simulator.server import RunningSimulator, running, serve
from wxcloudrun.simulator.state import SimulatorState

__all__ = [
    "DEFAULT_APPID",
    "DEFAULT_ENCODING_AES_KEY",
    "DEFAULT_SECRET",
    "DEFAULT_TEMPLATE_ID",
    "DEFAULT_TOKEN",
    "AppConfig",
    "Options",
    "RunningSimulator",
    "SimulatorState",
    "create_simulator",
    "running",
    "serve",
]
