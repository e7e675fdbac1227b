"""What must never be written down: masks secrets by the name they stand under and by how they look."""

import functools
import re
from collections.abc import Mapping
from typing import Any

MASK = "***"
_NAMES = re.compile(
    r"secret|password|passwd|token|authorization|cookie|session_key|js_code|^code$|openid|unionid|phone|api_?key|aes_key"
    r"|^real_name$|^id_number$|encrypted_data|^iv$|signature",
    re.IGNORECASE,
)
_IN_TEXT = re.compile(
    r"(?i)\b((?:secret|access_token|js_code|session_key|token|password|appsecret|openid|cloudbase_access_token)"
    r"\"?\s*[=:]\s*\"?)[^\s&\"',;]+|\bBearer\s+[^\s,;\"']+|(://[^/\s:@]*:)[^@\s/]+@"
)


def mask(value: Any, name: str = "") -> Any:
    """The value as it may be logged or audited: members with a secret's name become `***`, at any depth."""
    if name and _secret(name) and value is not None and not isinstance(value, bool):
        return MASK
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {key: mask(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask(item) for item in value]
    return mask_text(value) if isinstance(value, str) else value


@functools.lru_cache(4096)
def _secret(name: str) -> bool:
    return _NAMES.search(name) is not None


def mask_text(text: str) -> str:
    """Text without the secrets that show by their form: `secret=...`, `Bearer ...`, `//user:password@`."""
    return _IN_TEXT.sub(_replacement, text)


def _replacement(match: re.Match[str]) -> str:
    if match.group(1):
        return match.group(1) + MASK
    return f"{match.group(2)}{MASK}@" if match.group(2) else f"Bearer {MASK}"
