"""The client for pipelines as one file that any Python runs: the package `wxcloudrun.ci`, zipped."""

import io
import zipfile
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_START: Final = "import runpy\n\nrunpy.run_module('wxcloudrun.ci', run_name='__main__')\n"
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever it is made, so that its hash can be pinned


def zipped() -> bytes:
    """An archive for `python3 ci.pyz`."""
    files = [_PACKAGE / "__init__.py", *sorted((_PACKAGE / "ci").glob("*.py"))]
    content = io.BytesIO()
    content.write(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", _MOMENT), _START)
        for file in files:
            name = file.relative_to(_PACKAGE.parent).as_posix()
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), file.read_bytes())
    return content.getvalue()
