"""The command itself: options, a run, its verdict, files, and the exit code."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from wxcloudrun.ci import github, telling
from wxcloudrun.ci.options import Options, WrongUse, read
from wxcloudrun.ci.service import OutOfReach, Refused, Service
from wxcloudrun.ci.verdict import CANCELED, INFRASTRUCTURE, WORDS, WRONG_USE, Facts, Verdict, judged
from wxcloudrun.ci.watching import Stopped, Watch

_MOST_FAILURES = 50


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Carry out one call; its exit code."""
    try:
        options = read(arguments, environ)
    except WrongUse as error:
        return _ended(WRONG_USE, str(error))
    try:
        return Job(options, environ).run()
    except (Stopped, KeyboardInterrupt) as error:
        return _ended(CANCELED, str(error) or "interrupted")
    except Refused as error:
        mine = 400 <= error.status < 500 and error.status not in {408, 429}
        return _ended(WRONG_USE if mine else INFRASTRUCTURE, f"the service refused: {error}")
    except (OutOfReach, OSError) as error:
        return _ended(INFRASTRUCTURE, str(error))


class Job:
    """One call of `run`."""

    def __init__(self, options: Options, environ: Mapping[str, str], service: Service | None = None) -> None:
        self._options = options
        self._environ = environ
        self._service = service or Service(options.server, options.token, options.ca_file)

    def run(self) -> int:
        """Start, wait, judge, tell, write. Raises Stopped, Refused, OutOfReach."""
        outputs = self._options.outputs
        if outputs.github:
            github.hide(self._options.token, _write)
        quiet: Any = github.Quiet(_write) if outputs.github else contextlib.nullcontext()
        with quiet:
            run = Watch(self._service, self._options, self._say).run()
            facts = self._facts(run)
            verdict = judged(facts, self._options.gates)
            for line in telling.log(facts, verdict):
                _write(telling.clean(line))
            self._write_files(facts, verdict)
        if outputs.github:
            self._tell_github(facts, verdict)
        return verdict.code

    def _say(self, line: str) -> None:
        if not self._options.quiet:
            _write(telling.clean(line))

    def _facts(self, run: Mapping[str, Any]) -> Facts:
        place = self._place(run)
        failures: list[Any] = []
        for outcome in ("failed", "error"):
            if run["counts"][outcome] and len(failures) < _MOST_FAILURES:
                failures += self._service.get(f"{place}/results?outcome={outcome}&size=50")["items"]
        told = failures[: telling.MOST_TOLD]
        whole = [self._service.get(f"{place}/results/{one['seq']}") for one in told]
        report = self._if_there(f"{place}/report", {}) if failures or self._options.gates.max_p95_ms else {}
        return Facts(
            run=run,
            totals=report.get("totals", {}),
            causes=report.get("failures", ()),
            cause_count=report.get("causes", 0),
            quarantined=frozenset(report.get("quarantined", ())),
            comparison=self._comparison(place),
            failures=[*whole, *failures[len(whole) : _MOST_FAILURES]],
        )

    def _comparison(self, place: str) -> Mapping[str, Any] | None:
        found = self._if_there(f"{place}/compare/baseline", None)
        return None if found is None or found.get("baseline") is None else found

    def _if_there(self, path: str, otherwise: Any) -> Any:
        try:
            return self._service.get(path)
        except Refused as error:
            if error.status != 404:
                raise
            return otherwise

    def _write_files(self, facts: Facts, verdict: Verdict) -> None:
        outputs, place = self._options.outputs, self._place(facts.run)
        for name, target in (("junit.xml", outputs.junit), ("report.html", outputs.html)):
            if target is not None:
                self._service.fetch(f"{place}/{name}", target)
                self._say(f"{target} is written")
        if outputs.json is not None:
            told = {"verdict": verdict.word.lower(), "exit_code": verdict.code, "reasons": list(verdict.reasons)}
            content = {**told, "run": dict(facts.run), "comparison": facts.comparison}
            outputs.json.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if outputs.summary is not None:
            github.add_summary(outputs.summary, telling.markdown(facts, verdict, self._options.server))

    def _tell_github(self, facts: Facts, verdict: Verdict) -> None:
        if verdict.code:
            failures = [(str(one["name"]), "\n".join(telling.lines_of(one))) for one in facts.failures]
            for command in github.commands(failures or [(verdict.word, "; ".join(verdict.reasons))]):
                _write(command)
        target = self._environ.get("GITHUB_OUTPUT")
        if target:
            github.set_outputs(
                target, {"run_id": facts.run["id"], "state": facts.run["state"], "verdict": verdict.word}
            )

    def _place(self, run: Mapping[str, Any]) -> str:
        return f"/api/projects/{self._options.project}/runs/{run['id']}"


def _ended(code: int, text: str) -> int:
    sys.stderr.write(f"{WORDS[code]}  {telling.clean(text)}\n")
    return code


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
