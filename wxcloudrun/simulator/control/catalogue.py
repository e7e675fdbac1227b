"""The control API's table of contents. It asks nobody who they are; only loopback reaches it."""

from collections.abc import Callable

from wxcloudrun.simulator.control import bench, calls, people
from wxcloudrun.simulator.control.fields import body_of
from wxcloudrun.simulator.push.client import PushClient
from wxcloudrun.simulator.state import SimulatorState
from wxcloudrun.simulator.wire import Answer, Call, ControlError, Json, json_answer

CONTROL_PREFIX = "/_sim/"

Quick = Callable[[SimulatorState, Json], Json]
Waiting = Callable[[SimulatorState, PushClient, Call], Json]

QUICK: dict[tuple[str, str], Quick] = {
    ("POST", "users"): people.put_user,
    ("POST", "login-code"): people.login_code,
    ("POST", "phone-code"): people.phone_code,
    ("POST", "encrypted-data"): people.encrypted_data,
    ("POST", "subscribe"): people.subscribe,
    ("POST", "apps"): bench.put_app,
    ("POST", "options"): bench.put_options,
    ("POST", "clock"): bench.move_clock,
    ("POST", "limits"): bench.put_limit,
    ("POST", "tokens"): bench.spoil_tokens,
    ("POST", "cloudbase-token"): bench.give_cloudbase_token,
    ("POST", "templates"): bench.put_template,
    ("POST", "orders"): bench.put_order,
    ("POST", "faults"): bench.add_fault,
    ("DELETE", "faults"): bench.clear_faults,
    ("POST", "reset"): bench.reset,
    ("GET", "journal"): bench.show_journal,
    ("GET", "state"): bench.show_state,
}

WAITING: dict[tuple[str, str], Waiting] = {
    ("POST", "push"): calls.push,
    ("POST", "push/check-url"): calls.check_url,
    ("POST", "push/deliver"): calls.deliver,
    ("GET", "push"): calls.pushes,
    ("POST", "call-container"): calls.call_container,
    ("POST", "call-public"): calls.call_public,
}


def control(state: SimulatorState, push: PushClient, call: Call) -> Answer:
    """The answer to a control request: JSON, with HTTP 400 or 404 and `error` if it makes no sense.

    What answers from memory does so under the state's lock; what waits for the product runs without it.
    """
    route = (call.method, call.path.removeprefix(CONTROL_PREFIX))
    try:
        document = _carried_out(state, push, call, route)
    except ControlError as error:
        return json_answer({"error": error.message}, status=error.status)
    return json_answer(document)


def _carried_out(state: SimulatorState, push: PushClient, call: Call, route: tuple[str, str]) -> Json:
    if route in WAITING:
        return WAITING[route](state, push, call)
    if route not in QUICK:
        raise ControlError(f"there is no {call.method} {call.path}", 404)
    given: Json = dict(call.query) if call.method == "GET" else body_of(call)
    with state.lock:
        return QUICK[route](state, given)
