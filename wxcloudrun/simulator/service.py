"""One request from arrival to answer: journal, fault, endpoint, and WeChat's way of wording the result."""

from wxcloudrun.simulator import faults
from wxcloudrun.simulator.control.catalogue import CONTROL_PREFIX, control
from wxcloudrun.simulator.endpoints.catalogue import endpoint_of
from wxcloudrun.simulator.gate import Context, Endpoint, admit
from wxcloudrun.simulator.journal import Entry
from wxcloudrun.simulator.push.client import PushClient
from wxcloudrun.simulator.state import SimulatorState
from wxcloudrun.simulator.wire import JSON, Answer, Call, Json, RefusedError, json_answer


class SimulatorService:
    """Answers requests for one state. Raises DroppedConnectionError where a fault leaves no answer."""

    def __init__(self, state: SimulatorState, push: PushClient | None = None) -> None:
        self._state = state
        self._push = push or PushClient(state)

    def answer(self, call: Call) -> Answer:
        """The answer to one request, WeChat's or the control API's."""
        if call.path.startswith(CONTROL_PREFIX):
            return control(self._state, self._push, call)
        with self._state.lock:
            entry = self._state.journal.add(call, self._state.now())
            fault = self._state.faults.take(call.path)
            released = self._state.released
        if fault is None:
            return self._noted(entry, self._carry_out(call))
        entry.fault = fault.kind
        hold = faults.Hold(self._state.options.fault_hold, released)
        refused = faults.spoil(fault, lambda: self._carry_out(call), lambda code: self._injected(call, code), hold)
        return self._noted(entry, refused)

    def _carry_out(self, call: Call) -> Answer:
        endpoint = endpoint_of(call.path)
        if endpoint is None:
            return self._refusal(RefusedError(40066, "invalid url"), JSON)
        content_type = self._content_type(endpoint)
        try:
            result = self._handled(endpoint, call)
        except RefusedError as error:
            return self._refusal(error, content_type)
        if self._state.options.push_before_answer:
            self._push.deliver_due()
        answer = result if isinstance(result, Answer) else json_answer(result, content_type)
        return self._with_sidecar(answer)

    def _handled(self, endpoint: Endpoint, call: Call) -> Json | Answer:
        with self._state.lock:
            context: Context = admit(self._state, endpoint, call)
            if endpoint.locked:
                return endpoint.handle(context)
        return endpoint.handle(context)

    def _injected(self, call: Call, errcode: int) -> Answer:
        endpoint = endpoint_of(call.path)
        content_type = self._content_type(endpoint) if endpoint else JSON
        return self._refusal(RefusedError(errcode, "injected by the simulator"), content_type)

    def _refusal(self, error: RefusedError, content_type: str) -> Answer:
        errmsg = f"{error.errmsg} rid: {self._state.hex_words()}"
        return self._with_sidecar(json_answer({"errcode": error.errcode, "errmsg": errmsg}, content_type))

    def _content_type(self, endpoint: Endpoint) -> str:
        return JSON if self._state.options.content_type == "json" else endpoint.content_type or JSON

    def _with_sidecar(self, answer: Answer) -> Answer:
        if not self._state.options.sidecar:
            return answer
        headers = {**answer.headers, "x-openapi-seqid": self._state.text(24)}
        return Answer(answer.body, answer.content_type, answer.status, headers, answer.errcode)

    def _noted(self, entry: Entry, answer: Answer) -> Answer:
        with self._state.lock:
            entry.status, entry.errcode = answer.status, answer.errcode
        return answer
