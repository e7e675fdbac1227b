"""The notebooks, each carried out from its first cell to its last against a real start of everything."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from scripts.ports import free_port
from tests.pace import patience

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


class OurPython(KernelSpecManager):
    """Kernels are this very Python, whatever Jupyter knows of others."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Everything as `scripts/start.py` starts it; the environment of who wants to talk to it."""
    data = tmp_path_factory.mktemp("notebooks")
    log, port = data / "start.log", free_port()
    with log.open("wb") as out:
        command = [sys.executable, "-u", "-m", "scripts.serve", "--port", str(port), "--data", str(data)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        ends = time.monotonic() + 120 * patience()
        while "Press Ctrl-C" not in log.read_text("utf-8") and process.poll() is None and time.monotonic() < ends:
            time.sleep(0.05)
        told = log.read_text("utf-8")
        assert process.poll() is None, told
        simulator = re.search(r"Simulated WeChat +(\S+)", told)
        assert simulator is not None, told
        yield {
            "WXCLOUDRUN_URL": f"http://127.0.0.1:{port}",
            "WXCLOUDRUN_SIMULATOR": simulator[1],
            "DATABASE_URL": f"sqlite:///{data / 'wxcloudrun.sqlite3'}",
        }
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("default")  # Jupyter's own
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_to_its_end(started: dict[str, str], path: Path, tmp_path: Path):
    notebook = nbformat.read(path, as_version=4)
    manager = AsyncKernelManager(kernel_spec_manager=OurPython())
    client = NotebookClient(notebook, timeout=200, km=manager, resources={"metadata": {"path": str(path.parent)}})
    client.execute(env=os.environ | started | {"IPYTHONDIR": str(tmp_path)})
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_what_it_printed(path: Path):
    cells = nbformat.read(path, as_version=4).cells
    assert [cell.outputs for cell in cells if cell.cell_type == "code" and cell.outputs] == []
    assert cells[0].cell_type == "markdown"


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS] == ["explore", "stress_and_plot", "write_and_run"]
