"""Makes `.venv` with the pinned packages; runs on Python 3.6 with nothing installed, and is quick when all is there."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # started as a file, by any Python
from scripts.find_python import NoPython, find_python, version_of

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RUNTIME, TESTS = "requirements.txt", "requirements-test.txt"
_STAMP, _UNFINISHED = "installed.stamp", "unfinished"
_LEAST_FREE_BYTES = 700 * 1024 * 1024
_PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input"]
_EXACT = ["--require-hashes", "--only-binary", ":all:"]


class BootstrapError(Exception):
    """The environment cannot be made; the text is one line for whoever started it."""


def ensure(requirements: str, root: str = ROOT) -> str:
    """Path of the environment's Python, with the packages of RUNTIME or TESTS; makes or mends it where needed.

    TESTS holds everything that RUNTIME does. Raises BootstrapError.
    """
    try:
        if not is_ready(requirements, root):
            with _one_at_a_time(root):
                if not is_ready(requirements, root):
                    _make(requirements, root)
    except OSError as error:
        raise BootstrapError("%s: %s" % (error.filename or root, error.strerror or error)) from error
    return venv_python(root)


def ensure_or_exit(requirements: str) -> str:
    """As `ensure`; what is wrong ends the program with one line."""
    try:
        return ensure(requirements)
    except BootstrapError as error:
        sys.exit("Cannot start: %s" % error)
    except KeyboardInterrupt:
        sys.exit("\nStopped; the next start goes on from here")


def run_under(requirements: str, module: str, arguments: "list[str]") -> None:
    """Become `python -m MODULE ARGUMENTS` under the environment's Python, in the project's folder; does not return."""
    command = [ensure_or_exit(requirements), "-u", "-m", module] + arguments
    os.chdir(ROOT)
    sys.stdout.flush()
    if os.name == "nt":
        with contextlib.suppress(KeyboardInterrupt):
            sys.exit(subprocess.call(command))
        sys.exit(130)
    os.execv(command[0], command)


def venv_python(root: str = ROOT) -> str:
    """Where the environment's Python is, or will be."""
    return os.path.join(root, ".venv", *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def is_ready(requirements: str, root: str = ROOT) -> bool:
    """True when the environment holds exactly what these requirements say, and was finished."""
    stamps = _read(os.path.join(root, ".venv", _STAMP)).split()
    return _stamp(requirements, root) in stamps and os.access(venv_python(root), os.X_OK)


def _make(requirements: str, root: str) -> None:
    folder = os.path.join(root, ".venv")
    began = time.time()
    unfinished = os.path.join(folder, _UNFINISHED)
    version = version_of(venv_python(root)) if os.path.isdir(folder) else None
    if version is None or not version.startswith(_version_named_by(folder)) or os.path.exists(unfinished):
        version = _make_venv(folder)
    if _read(os.path.join(folder, _STAMP)):
        os.remove(os.path.join(folder, _STAMP))
    _write(unfinished, requirements)
    _install(requirements, root)
    held = [RUNTIME, TESTS] if requirements == TESTS else [RUNTIME]
    os.remove(unfinished)
    _write(os.path.join(folder, _STAMP), "\n".join(_stamp(name, root) for name in held))
    _say("The environment is ready (%.0f s)" % (time.time() - began))


def _make_venv(folder: str) -> str:
    try:
        python, version = find_python(dict(os.environ))
    except NoPython as error:
        raise BootstrapError(
            "Python 3.12 or newer is needed (with venv, ensurepip, sqlite3 and ssl). Install it, or name it: "
            "APP_PYTHON=/path/to/python3.12. Tried: %s" % error
        ) from None
    free = shutil.disk_usage(os.path.dirname(folder)).free
    if free < _LEAST_FREE_BYTES:
        raise BootstrapError("%d MB are free on this disk; the environment needs 700 MB" % (free // 1024**2))
    _say("Making .venv with Python %s ..." % version)
    if os.path.islink(folder):
        os.unlink(folder)
    code, output = _run([python, "-m", "venv", "--clear", folder])
    if code:
        raise BootstrapError("`%s -m venv .venv` failed: %s" % (python, _telling(output)))
    return version


def _install(requirements: str, root: str) -> None:
    python, wanted = venv_python(root), os.path.join(root, requirements)
    _say("Installing the packages of %s ..." % requirements)
    uv = os.path.join(os.path.dirname(python), "uv.exe" if os.name == "nt" else "uv")
    pinned_uv = os.path.join(root, "scripts", "uv.txt")
    quick = os.access(uv, os.X_OK) or not _run([python] + _PIP + ["install", "-q"] + _EXACT + ["-r", pinned_uv])[0]
    if quick:
        options, environ = _uv_settings(python)
        command = [uv, "pip", "install", "-q", "--python", python] + _EXACT + options + ["-r", wanted]
        if not _run(command, environ)[0]:
            return
        _say("uv could not install them; pip takes over ...")
    for attempt in (1, 2):
        code, output = _run([python] + _PIP + ["install", "-q"] + _EXACT + ["-r", wanted])
        if not code:
            return
        if attempt == 1:
            _say("That failed; once more ...")
    raise BootstrapError(_why(output))


def _uv_settings(python: str) -> "tuple[list[str], dict[str, str]]":
    """Options and environment that give uv the user's pip configuration; hashes make any index safe."""
    names = {"index-url": "--index-url", "extra-index-url": "--extra-index-url", "find-links": "--find-links"}
    options = ["--index-strategy", "unsafe-best-match", "--no-config"]
    environ = dict(os.environ, UV_PYTHON_DOWNLOADS="never")
    environ.pop("VIRTUAL_ENV", None)
    for line in _run([python] + _PIP + ["config", "list"])[1].splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2].lower().replace("_", "-")
        words = value.strip("'\"").replace("\\n", " ").split()
        for word in words:
            options += [names[name], word] if name in names else []
        if name == "cert" and words:
            environ.setdefault("SSL_CERT_FILE", words[0])
        if name == "proxy" and words:
            environ.setdefault("HTTPS_PROXY", words[0])
    return options, environ


def _why(output: str) -> str:
    """What went wrong with pip, in one line."""
    low = output.lower()
    if "no space left" in low:
        return "the disk is full; the environment needs 700 MB"
    if "do not match the hashes" in low:
        return "a downloaded package is not the one that was pinned: %s" % _telling(output)
    if any(
        word in low
        for word in ("connection", "resolution", "timed out", "max retries", "proxy", "ssl", "from versions: none")
    ):
        return "the package index cannot be reached (network, proxy or mirror? pip's settings are honoured): %s" % (
            _telling(output)
        )
    return "pip could not install the packages: %s" % _telling(output)


def _telling(output: str) -> str:
    """The line of a program's output that says most."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return ((errors or lines or ["it said nothing"])[0 if errors else -1])[:300]


def _run(command: "list[str]", environ: "dict[str, str] | None" = None) -> "tuple[int, str]":
    """Exit code and output of a program; PIP_REQUIRE_VIRTUALENV and the like of the user stay in force."""
    try:
        outcome = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ)
    except OSError as error:
        return 127, str(error)
    return outcome.returncode, outcome.stdout.decode("utf-8", "replace")


def _stamp(requirements: str, root: str) -> str:
    """Changes with the pinned packages and with the Python of the environment."""
    with open(os.path.join(root, requirements), "rb") as file:
        digest = hashlib.sha256(requirements.encode() + file.read().replace(b"\r\n", b"\n"))
    digest.update(_version_named_by(os.path.join(root, ".venv")).encode())
    return digest.hexdigest()


def _version_named_by(folder: str) -> str:
    """The version in `pyvenv.cfg`; `?` where there is none."""
    for line in _read(os.path.join(folder, "pyvenv.cfg")).splitlines():
        key, _, value = line.partition("=")
        if key.strip() in ("version", "version_info"):  # as venv and as other tools write it
            return value.strip()
    return "?"


@contextlib.contextmanager
def _one_at_a_time(root: str) -> "Iterator[None]":
    """Two starts at once must not build the same environment; the system frees the lock of a start that died."""
    folder = os.path.join(root, "data")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "bootstrap.lock"), "a") as file:
        if os.name != "nt":
            import fcntl  # noqa: PLC0415 - not on Windows

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _say(text: str) -> None:
    print(text)
    sys.stdout.flush()


if __name__ == "__main__":
    print(ensure_or_exit(TESTS if "--tests" in sys.argv[1:] else RUNTIME))
