"""What a pipeline asks for, on the command line and in the environment."""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_LOCAL = {"127.0.0.1", "localhost", "::1"}
_EPILOG = """\
exit codes: 0 passed, 1 failed, 2 wrong use, 3 infrastructure, 4 canceled or timed out
environment: WXCLOUDRUN_URL, WXCLOUDRUN_PROJECT, WXCLOUDRUN_TOKEN (an API token of the project, scope run)"""


class WrongUse(Exception):
    """Something about the call itself is wrong; the text says what to write."""


@dataclass(frozen=True)
class Gates:
    """What must hold for the pipeline to go on. Without any: that the run passed."""

    min_pass_rate: float | None = None  # percent of the steps that ran
    no_new_failures: bool = False
    max_p95_ms: float | None = None

    @property
    def any(self) -> bool:
        """True when the run's own state does not decide."""
        return self.min_pass_rate is not None or self.no_new_failures or self.max_p95_ms is not None


@dataclass(frozen=True)
class Outputs:
    """Files to be written, and the pipeline whose conventions are followed."""

    junit: Path | None = None
    html: Path | None = None
    summary: Path | None = None
    json: Path | None = None
    github: bool = False


@dataclass(frozen=True)
class Options:
    """One call. `body` is what POST .../runs is sent."""

    server: str
    project: int
    token: str = field(repr=False)
    body: Mapping[str, Any]
    key: str
    timeout_s: float
    gates: Gates
    outputs: Outputs
    ca_file: str | None = None
    quiet: bool = False


def read(arguments: Sequence[str], environ: Mapping[str, str]) -> Options:
    """The options of a call. Raises WrongUse; argparse ends the program with 2 where it finds the fault itself."""
    given = _parser().parse_args(list(arguments))
    token = environ.get("WXCLOUDRUN_TOKEN", "").strip()
    if not token:
        raise WrongUse("set WXCLOUDRUN_TOKEN to an API token of the project (POST /api/projects/ID/tokens)")
    server = _server(given.server or environ.get("WXCLOUDRUN_URL", ""), insecure=given.allow_http)
    project = _number(given.project or environ.get("WXCLOUDRUN_PROJECT", ""), "--project")
    github = environ.get("GITHUB_ACTIONS") == "true"
    summary = given.summary or (environ.get("GITHUB_STEP_SUMMARY") if github else None)
    body = _body(given, environ)
    return Options(
        server=server,
        project=project,
        token=token,
        body=body,
        key=given.key or _key(environ, body),
        timeout_s=given.timeout,
        gates=Gates(given.min_pass_rate, given.no_new_failures, given.max_p95_ms),
        outputs=Outputs(given.junit, given.html, Path(summary) if summary else None, given.json, github),
        ca_file=given.ca_file,
        quiet=given.quiet,
    )


def _parser() -> argparse.ArgumentParser:
    look: dict[str, Any] = {"epilog": _EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = argparse.ArgumentParser(
        prog="ci", description="Run tests that are kept in a project, from a pipeline.", allow_abbrev=False, **look
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="start a run, wait for its end, write reports", allow_abbrev=False, **look)
    _add_place(run.add_argument_group("where"))
    what = run.add_argument_group("what")
    one = what.add_mutually_exclusive_group(required=True)
    one.add_argument("--scenario", type=int, metavar="ID")
    one.add_argument("--tag", help="every scenario that has it")
    one.add_argument("--case", type=int, metavar="ID")
    _add_terms(what)
    _add_gates(run.add_argument_group("gates (without one: the run must pass)"))
    _add_files(run.add_argument_group("files"))
    run.add_argument("--quiet", action="store_true", help="only the verdict")
    return parser


def _add_place(where: Any) -> None:
    where.add_argument("--server", metavar="URL", help="address of the service (or WXCLOUDRUN_URL)")
    where.add_argument("--project", metavar="ID", help="number of the project (or WXCLOUDRUN_PROJECT)")
    where.add_argument("--ca-file", metavar="FILE", help="certificate authorities to trust instead of the system's")
    where.add_argument("--allow-http", action="store_true", help="send the token to a server without TLS")


def _add_terms(what: Any) -> None:
    what.add_argument("--environment", type=int, metavar="ID", help="the project's default one unless said")
    what.add_argument("--input", action="append", default=[], metavar="NAME=VALUE", help="JSON or text; repeatable")
    what.add_argument("--label", action="append", default=[], metavar="NAME=VALUE", help="branch, version, commit")
    what.add_argument("--concurrency", type=int, metavar="N")
    what.add_argument("--timeout", type=_seconds, default=3600.0, metavar="SECONDS", help="then cancel it (3600)")
    what.add_argument("--key", help="the same key starts the same run once; taken from the job unless given")


def _add_gates(gates: Any) -> None:
    gates.add_argument("--min-pass-rate", type=_percent, metavar="PERCENT")
    gates.add_argument("--no-new-failures", action="store_true", help="nothing fails that passed in the last green run")
    gates.add_argument("--max-p95-ms", type=float, metavar="MS", help="95 of 100 steps are as quick")


def _add_files(files: Any) -> None:
    files.add_argument("--junit", type=Path, metavar="FILE")
    files.add_argument("--html", type=Path, metavar="FILE")
    files.add_argument("--json", type=Path, metavar="FILE", help="the verdict for programs")
    files.add_argument("--summary", metavar="FILE", help="Markdown is added to it (GitHub's step summary by itself)")


def _body(given: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, Any]:
    wanted = {"scenario_id": given.scenario, "tag": given.tag, "case_id": given.case}
    more = {"environment_id": given.environment, "concurrency": given.concurrency}
    body: dict[str, Any] = {name: value for name, value in {**wanted, **more}.items() if value is not None}
    body["priority"] = "ci"
    body["deadline_ms"] = int(min(max(given.timeout, 1.0), 86_400.0) * 1000)
    inputs = {name: _value(text) for name, text in _pairs(given.input, "--input")}
    if inputs:
        body["inputs"] = inputs
    labels = {**_labels(environ), **dict(_pairs(given.label, "--label"))}
    if labels:
        body["labels"] = labels
    return body


def _labels(environ: Mapping[str, str]) -> dict[str, str]:
    """Branch and commit, as GitHub, GitLab and Jenkins name them."""
    names = {
        "branch": ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BRANCH_NAME", "GIT_BRANCH"),
        "commit": ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT"),
    }
    found = {label: next((environ[name] for name in known if environ.get(name)), "") for label, known in names.items()}
    return {label: value[:128] for label, value in found.items() if value}


def _key(environ: Mapping[str, str], body: Mapping[str, Any]) -> str:
    """The same for a job that is sent twice, another for one that is run again; chance where there is no pipeline."""
    known = [
        ("GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB", "GITHUB_ACTION"),
        ("CI_PROJECT_ID", "CI_JOB_ID"),
        ("JENKINS_URL", "BUILD_TAG"),
    ]
    for names in known:
        if all(environ.get(name) for name in names):
            parts = [environ[name] for name in names]
            return _digest(json.dumps([parts, body], sort_keys=True))
    return secrets.token_hex(16)


def _digest(text: str) -> str:
    import hashlib  # noqa: PLC0415 - only inside of a pipeline

    return hashlib.sha256(text.encode()).hexdigest()


def _pairs(texts: Sequence[str], option: str) -> list[tuple[str, str]]:
    pairs = []
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise WrongUse(f"{option} is written NAME=VALUE")
        pairs.append((name, value))
    return pairs


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _server(url: str, *, insecure: bool) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise WrongUse("--server (or WXCLOUDRUN_URL) is an address such as https://tests.example.com")
    if parts.scheme == "http" and parts.hostname not in _LOCAL and not insecure:
        raise WrongUse("without TLS everybody on the way reads the token: use https, or say --allow-http")
    return url.rstrip("/")


def _number(text: str, option: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise WrongUse(f"{option} is a number, counted from 1")
    return int(text)


def _seconds(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 86_400:
        raise argparse.ArgumentTypeError("from 1 to 86400")
    return value


def _percent(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError("from 0 to 100")
    return value
