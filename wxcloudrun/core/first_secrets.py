"""The secrets of a development machine: made once, and kept in a file that only its owner reads."""

import base64
import os
import secrets
from pathlib import Path


def development_secrets(folder: Path) -> dict[str, str]:
    """The secrets of a development machine: read from, or once written to, FOLDER/secrets.env (mode 0600)."""
    path = folder / "secrets.env"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{key}={value}\n" for key, value in _new_secrets().items())
        draft = path.with_name(f".secrets.{secrets.token_hex(6)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        _publish(draft, path)
    return {key: value for key, value in env_file(path).items() if value}


def _publish(draft: Path, path: Path) -> None:
    """Give the draft its name unless another start was first: whoever is first decides for all."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        draft.replace(path)
        return
    finally:
        draft.unlink(missing_ok=True)


def _new_secrets() -> dict[str, str]:
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return {
        "TOKEN_SECRET": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": f"k1:{key}",
        "LOOKUP_KEY": secrets.token_urlsafe(48),
    }


def env_file(path: Path) -> dict[str, str]:
    """The variables that a .env file sets."""
    from dotenv import dotenv_values  # noqa: PLC0415 - who has no such file does not pay for its reader

    return {key: value for key, value in dotenv_values(path).items() if value is not None}
