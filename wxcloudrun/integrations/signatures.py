"""Signatures of web hooks, as other people's servers make them and as ours does.

Ours is Stripe's form: `t=<seconds>,v1=<hex>`, an HMAC-SHA256 of `<seconds>.<body>`, good for five minutes. GitHub's is
`sha256=<hex>` of the body. GitLab sends the secret itself.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

TOLERANCE_S: Final = 300
HEADER: Final = "X-Wxcloudrun-Signature"
_STAMPED: Final = re.compile(r"t=(\d{1,12})((?:,v1=[0-9a-f]{64}){1,5})")


def stamped(body: bytes, secret: str, now: datetime) -> str:
    """The value of `HEADER` for a body that is sent now."""
    seconds = int(now.timestamp())
    return f"t={seconds},v1={_mac(f'{seconds}.'.encode() + body, secret)}"


def is_signed(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
    """True when one of the three signatures is there and right; the first that is there decides."""
    given = headers.get(HEADER)
    if given is not None:
        return _is_stamped(given, body, secret, now)
    given = headers.get("X-Hub-Signature-256")
    if given is not None:
        return _same(given, f"sha256={_mac(body, secret)}")
    given = headers.get("X-Gitlab-Token")
    return given is not None and _same(given, secret)


def _is_stamped(given: str, body: bytes, secret: str, now: datetime) -> bool:
    """True for a signature of these five minutes; a sender that changes its secret may send several."""
    found = _STAMPED.fullmatch(given.replace(" ", ""))
    if found is None or abs(now.timestamp() - int(found[1])) > TOLERANCE_S:
        return False
    right = _mac(f"{found[1]}.".encode() + body, secret)
    return any(_same(one, right) for one in found[2].split(",v1=")[1:])


def _mac(content: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), right.encode())
