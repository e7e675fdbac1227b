"""The demo project's scenario as a run, over real HTTP: started, watched, and its designed failure shown."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from scripts.main_job import JobFailedError, call, login_code

_PROJECT = "Demo: this service tests itself"
_TAG = "demo"
_LOOK_S = 0.2
_PATIENCE_S = 60.0


@dataclass
class DemoRun:
    """One run by the demo person; `say` is given a line a result."""

    service: str
    simulator: str
    say: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    _token: str = field(default="", repr=False)

    def run(self) -> None:
        """Start it and wait for its end. Raises JobFailedError when it does not come to its end within a minute."""
        self._token = self._ask("POST", "/api/login", {"code": login_code(self.simulator)})["token"]
        project = self._first(f"/api/projects?q={quote(_PROJECT)}")
        if project is None:
            self.say("  The demo project belongs to somebody else, or is archived: nothing to run.")
            return
        place = f"/api/projects/{project['id']}"
        scenario = self._first(f"{place}/scenarios?tag={_TAG}")
        if scenario is None:
            self.say("  The demo's scenario is gone: nothing to run.")
            return
        started = self._ask("POST", f"{place}/runs", {"scenario_id": scenario["id"]})
        self.say(f"  run {started['id']}: {started['title']}")
        self._watch(f"{place}/runs/{started['id']}")

    def _watch(self, place: str) -> None:
        mark, failed = "", list[int]()
        ends = time.monotonic() + _PATIENCE_S
        while True:
            run = self._ask("GET", place)
            page = self._ask("GET", f"{place}/results{mark}")
            for line in page["items"]:
                self.say(_of_result(line))
                failed += [line["seq"]] if line["outcome"] in {"failed", "error"} else []
            if page["next"] is None:
                break
            mark = f"?cursor={page['next']}"
            if time.monotonic() > ends:
                raise JobFailedError(f"the demo's run is still {run['state']} after {_PATIENCE_S:.0f} s")
            if not page["items"]:
                self.sleep(_LOOK_S)
        self._tell_end(place, failed)

    def _tell_end(self, place: str, failed: list[int]) -> None:
        run = self._ask("GET", place)
        counts = run["counts"]
        self.say(f"  {run['state']}: {counts['passed']} passed, {counts['failed']} failed, {counts['error']} errors")
        for seq in failed[:3]:
            self.say("")
            for line in str(self._ask("GET", f"{place}/results/{seq}")["explanation"]).splitlines():
                self.say(f"    {line}")
        if run["state"] not in {"passed", "failed"}:
            raise JobFailedError(f"the demo's run ended as {run['state']}: {run['reason'] or 'see its results'}")

    def _first(self, path: str) -> Any:
        items = self._ask("GET", path)["items"]
        return items[0] if items else None

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = call(self.service, method, path, body, self._token)
        if status not in {200, 202} or not isinstance(answer, dict) or answer.get("code") != 1:
            raise JobFailedError(f"{method} {path} was answered {status} {answer}")
        return answer["data"]


def _of_result(line: Any) -> str:
    word = "ok" if line["outcome"] == "passed" else line["outcome"].upper()
    name = line["name"] if line["dataset"] is None else f"{line['name']} [{line['dataset']}]"
    status = "-" if line["status"] is None else line["status"]
    return f"  {word:<8} {name:<40} {status} {line['duration_ms']:6.0f} ms"
