"""The simulator as a Flask application: every path goes to the one service."""

from flask import Flask, Response

from wxcloudrun.simulator.service import SimulatorService
from wxcloudrun.simulator.state import SimulatorState
from wxcloudrun.simulator.wire import read_call

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
BODY_BYTES = 32 * 1024 * 1024
STATE = "wechat_simulator"


def create_simulator(state: SimulatorState | None = None) -> Flask:
    """A simulated WeChat with the given memory, or with the documented demo app; the memory is `extensions[STATE]`.

    An injected `reset` or `timeout` leaves no answer: the application then raises DroppedConnectionError, which
    `serve` turns into a dropped connection.
    """
    state = state or SimulatorState()
    service = SimulatorService(state)
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config.update(PROPAGATE_EXCEPTIONS=True, MAX_CONTENT_LENGTH=BODY_BYTES, MAX_FORM_MEMORY_SIZE=BODY_BYTES)
    app.extensions[STATE] = state

    def answer(path: str = "") -> Response:  # noqa: ARG001 - the service reads the whole path from the request
        given = service.answer(read_call())
        return Response(given.body, given.status, given.headers, content_type=given.content_type)

    for rule in ("/", "/<path:path>"):
        app.add_url_rule(rule, "answer", answer, methods=METHODS, provide_automatic_options=False)
    return app
