"""A headless Chromium of this machine, spoken to over a pipe (Chrome DevTools Protocol): pages are tried for real."""

import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_PATIENCE_S = 60.0
_HIGH = 10  # descriptors from here on are not those that Chromium wants
_START = "import os,sys; os.dup2(int(sys.argv[1]),3); os.dup2(int(sys.argv[2]),4); os.execv(sys.argv[3],sys.argv[3:])"
_OPTIONS = (
    "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--hide-scrollbars",
)  # fmt: skip


def chromium() -> str | None:
    """Where it is: `CHROMIUM` says so, or one of the usual names is on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


class BrowserError(Exception):
    """The browser refused something, went away or said nothing for a minute."""


@dataclass
class Seen:
    """What the browser noticed while a page was open."""

    complaints: list[str] = field(default_factory=list)  # of its console: errors, warnings, refusals of the policy
    requests: list[str] = field(default_factory=list)  # addresses that were asked, the page's own left out


class Browser:
    """One process; pages are opened one after another."""

    def __init__(self, folder: Path) -> None:
        path = chromium()
        if path is None:
            raise BrowserError("there is none")
        (read, their_write), (their_read, write) = os.pipe(), os.pipe()
        given = [fcntl.fcntl(one, fcntl.F_DUPFD, _HIGH) for one in (their_read, their_write)]
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # it refuses to be root inside of one
        command = [path, *_OPTIONS, *sandbox, f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, *map(str, given), *command],
            pass_fds=given, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for one in (their_read, their_write, *given):
            os.close(one)
        self._read, self._write = read, write
        self._numbers, self._rest = itertools.count(1), b""
        self.seen = Seen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._write)  # it ends with its pipe
        os.close(self._read)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def page(self, path: Path, width: int = 1280, height: int = 900) -> Iterator["Page"]:
        """The file, open inside the block; up to 600 wide it is a phone."""
        target = self.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        self.seen = Seen()
        page = Page(self, session)
        for domain in ("Runtime", "Log", "Network", "Page"):
            page.ask(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width <= 600}
        page.ask("Emulation.setDeviceMetricsOverride", size)
        page.ask("Emulation.setFocusEmulationEnabled", {"enabled": True})
        page.ask("Page.navigate", {"url": path.as_uri()})
        page.wait("document.readyState === 'complete' && location.protocol === 'file:'")
        try:
            yield page
        finally:
            self.ask("Target.closeTarget", {"targetId": target})

    def ask(self, method: str, told: Mapping[str, Any] | None = None, session: str | None = None) -> dict[str, Any]:
        """The answer to one command; what comes in between is looked at. Raises BrowserError."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": told or {}}
        os.write(self._write, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        ends = time.monotonic() + _PATIENCE_S
        while True:
            came = self._message(ends)
            if came.get("id") == number:
                if "error" in came:
                    raise BrowserError(f"{method}: {came['error']['message']}")
                result: dict[str, Any] = came["result"]
                return result
            self._look_at(came.get("method", ""), came.get("params", {}))

    def _message(self, ends: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], max(0.0, ends - time.monotonic()))[0]:
                raise BrowserError("it says nothing")
            some = os.read(self._read, 1 << 16)
            if not some:
                raise BrowserError("it went away")
            self._rest += some
        first, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        return message

    def _look_at(self, method: str, told: Mapping[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.seen.complaints.append(str(details.get("exception", details).get("description", details["text"])))
        elif method == "Runtime.consoleAPICalled":
            self.seen.complaints.append(f"{told['type']}: {[one.get('value') for one in told['args']]}")
        elif method == "Log.entryAdded":
            self.seen.complaints.append(told["entry"]["text"])
        elif method == "Network.requestWillBeSent" and told.get("type") != "Document":
            self.seen.requests.append(told["request"]["url"])


@dataclass(frozen=True)
class Page:
    """A page that is open."""

    browser: Browser
    session: str

    def ask(self, method: str, told: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One command for this page."""
        return self.browser.ask(method, told, self.session)

    def get(self, script: str) -> Any:
        """The value of an expression, as if a person had clicked; of a promise, what it brings. Raises BrowserError."""
        wanted = {"expression": script, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        came = self.ask("Runtime.evaluate", wanted)
        if "exceptionDetails" in came:
            raise BrowserError(f"{script}: {came['exceptionDetails'].get('exception', {}).get('description')}")
        return came["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until it holds. Raises BrowserError after a minute."""
        ends = time.monotonic() + _PATIENCE_S
        while not self.get(condition):
            if time.monotonic() > ends:
                raise BrowserError(f"it never came: {condition}")
            self.get("new Promise((go) => setTimeout(go, 20))")

    def click(self, selector: str) -> None:
        """Click the first element that fits."""
        self.get(f"document.querySelector({json.dumps(selector)}).click()")

    def texts(self, selector: str) -> list[str]:
        """What can be read in each element that fits and is shown."""
        shown = f"[...document.querySelectorAll({json.dumps(selector)})].filter((one) => one.getClientRects().length)"
        found: list[str] = self.get(f"{shown}.map((one) => one.innerText.replace(/\\s+/g, ' ').trim())")
        return found
