"""Writes docs/settings.md from config.py: `python scripts/settings_doc.py`; a test fails when the two differ."""

import ast
import sys
import types
import typing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # started as a file

from pydantic import SecretStr  # noqa: E402 - config.py must be findable first
from pydantic.fields import FieldInfo  # noqa: E402 - as above

import config  # noqa: E402 - as above

PAGE = ROOT / "docs" / "settings.md"
_HEAD = """# Settings

Every setting is an environment variable; `.env`, or the file that `ENV_FILE` names, may hold them too, and the
environment wins. This page is written by `python scripts/settings_doc.py` from `config.py`.
`python3 scripts/start.py` needs none of them.
"""
_WORDS = {
    str: "text",
    int: "number",
    bool: "true/false",
    Path: "path",
    SecretStr: "secret",
    list: "words, comma-separated",
}


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    section = None
    for name, title in _sections().items():
        if title != section:
            parts.append(f"\n## {title}\n\n| name | kind | default | meaning |\n|---|---|---|---|\n")
            section = title
        field = config.Settings.model_fields[name]
        meaning = (field.description or "").replace("|", "\\|")
        parts.append(f"| `{name.upper()}` | {_kind(field)} | {_default(field)} | {meaning} |\n")
    return "".join(parts)


def _sections() -> dict[str, str]:
    """Each setting's heading: the comment that stands above its group in config.py."""
    text = (ROOT / "config.py").read_text(encoding="utf-8")
    lines = text.splitlines()
    found = {}
    title = "Settings"
    settings = next(n for n in ast.parse(text).body if isinstance(n, ast.ClassDef) and n.name == "Settings")
    for node in settings.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            above = lines[node.lineno - 2].strip()
            title = above.removeprefix("# ") if above.startswith("# ") else title
            found[node.target.id] = title
    return found


def _kind(field: FieldInfo) -> str:
    annotation: Any = field.annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        annotation = next(part for part in typing.get_args(annotation) if part is not type(None))
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(f"`{word}`" for word in typing.get_args(annotation))
    kind = _WORDS.get(typing.get_origin(annotation) or annotation, "text")
    least = next((item.ge for item in field.metadata if hasattr(item, "ge")), None)
    most = next((item.le for item in field.metadata if hasattr(item, "le")), None)
    if least is not None and most is not None:
        return f"{kind} {least}-{most}"
    return kind if least is None else f"{kind} from {least}"


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value in (None, "", []):
        return "-"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Path) and value.is_relative_to(ROOT):
        value = value.relative_to(ROOT)
    return f"`{value}`"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written")
