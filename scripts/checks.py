"""What `scripts/check` does once the packages are there: each tool once, side by side, one line each."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Check:
    """A tool and what it is given."""

    name: str
    command: list[str]


@dataclass(frozen=True)
class Verdict:
    """How a check ended: its exit code, what it printed, and its seconds."""

    check: Check
    code: int
    output: str
    seconds: float


def main(names: list[str]) -> int:
    """Run the named checks, or all; exit code 1 when one failed."""
    began = time.monotonic()
    chosen = [check for check in checks(ROOT) if not names or check.name in names]
    failed = []
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        for verdict in pool.map(run, chosen):
            print(
                f"{'ok    ' if verdict.code == 0 else 'FAILED'} {verdict.check.name:<14} {verdict.seconds:5.1f} s",
                flush=True,
            )
            failed += [verdict] if verdict.code else []
    for verdict in failed:
        print(f"\n--- {verdict.check.name}: {' '.join(verdict.check.command)}\n{verdict.output.strip()}")
    print(f"{len(chosen)} checks, {len(failed)} failed, {time.monotonic() - began:.1f} s")
    return 1 if failed or not chosen else 0


def checks(root: Path) -> list[Check]:
    """All of them, the slowest first."""
    composes = sorted(str(path.relative_to(root)) for path in root.glob("docker-compose*.yml"))
    workflows = sorted(str(path.relative_to(root)) for path in root.glob(".github/workflows/*.y*ml"))
    schema = ["check-jsonschema", "--builtin-schema"]
    found = [
        Check("types", [sys.executable, "-m", "mypy"]),
        Check("architecture", [sys.executable, "-m", "pytest", "-q", "tests/unit/architecture"]),
        Check("imports", _tool("lint-imports", "--no-logo")),
        Check("lint", [sys.executable, "-m", "ruff", "check", "."]),
        Check("format", [sys.executable, "-m", "ruff", "format", "--check", "."]),
        Check("shell", _tool("shellcheck", *shell_scripts(root))),
        Check("dockerfile", _tool("hadolint", "Dockerfile")),
        Check("compose", _tool(*schema, "vendor.compose-spec", *composes)),
        Check("github", _tool(*schema, "vendor.github-workflows", "examples/ci/github-actions.yml")),
        Check(
            "gitlab", _tool(*schema, "vendor.gitlab-ci", "--data-transform", "gitlab-ci", "examples/ci/gitlab-ci.yml")
        ),
    ]
    return found + ([Check("workflows", _tool(*schema, "vendor.github-workflows", *workflows))] if workflows else [])


def shell_scripts(root: Path) -> list[str]:
    """Every file that a shell runs."""
    found = [*root.glob("*.sh"), *root.glob("docker/*.sh"), *root.glob("scripts/*.sh"), root / ".ci" / "run"]
    return sorted(str(path.relative_to(root)) for path in found if path.is_file())


def run(check: Check) -> Verdict:
    """Carry out one check."""
    began = time.monotonic()
    outcome = subprocess.run(
        check.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return Verdict(check, outcome.returncode, outcome.stdout, time.monotonic() - began)


def _tool(name: str, *arguments: str) -> list[str]:
    return [str(_BIN / name), *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
