"""Digest access authentication, RFC 7616: reading a challenge and answering it."""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.send.request_auth import DigestAuth

_START = re.compile(r"(?:^|,)\s*digest\s+", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r",\s*[A-Za-z][\w-]*\s+[A-Za-z][\w-]*\s*=")
_PARAMETER = re.compile(r"""([A-Za-z][\w*-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))""")
type BodyHash = Callable[[str], str]
_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_STRENGTH = ("SHA-512-256", "SHA-256", "MD5")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the server asks for: the strongest of its challenges that can be answered."""

    realm: str
    nonce: str
    algorithm: str
    session: bool
    qop: str
    opaque: str | None
    user_hash: bool


def find_challenge(headers: Iterable[str]) -> Challenge | None:
    """The strongest digest challenge in the WWW-Authenticate headers; None when there is none to be answered."""
    found = [challenge for header in headers for challenge in _challenges(header)]
    return min(found, key=lambda challenge: _STRENGTH.index(challenge.algorithm), default=None)


def answer(challenge: Challenge, auth: DigestAuth, method: str, target: str, body_sha: BodyHash, cnonce: str) -> str:
    """The Authorization header. `target` is path and query; `body_sha` hashes the body by a given hash name."""
    name = _HASHES[challenge.algorithm]
    first = f"{auth.username}:{challenge.realm}:{auth.password}"
    if challenge.session:
        first = f"{_hash(name, first)}:{challenge.nonce}:{cnonce}"
    second = f"{method}:{target}"
    if challenge.qop == "auth-int":
        second += f":{body_sha(name)}"
    count = "00000001"
    middle = f"{challenge.nonce}:{count}:{cnonce}:{challenge.qop}" if challenge.qop else challenge.nonce
    response = _hash(name, f"{_hash(name, first)}:{middle}:{_hash(name, second)}")
    user = _hash(name, f"{auth.username}:{challenge.realm}") if challenge.user_hash else auth.username
    pairs = [("username", user), ("realm", challenge.realm), ("nonce", challenge.nonce), ("uri", target)]
    pairs += [("response", response)] + ([("opaque", challenge.opaque)] if challenge.opaque is not None else [])
    text = ", ".join(f'{key}="{_quoted(value)}"' for key, value in pairs)
    text += f", algorithm={challenge.algorithm}{'-sess' if challenge.session else ''}"
    if challenge.qop:
        text += f", qop={challenge.qop}, nc={count}"
    if challenge.qop or challenge.session:
        text += f', cnonce="{cnonce}"'
    return f"Digest {text}" + (", userhash=true" if challenge.user_hash else "")


def _challenges(header: str) -> list[Challenge]:
    found = []
    for text in _START.split(header)[1:]:
        other = _OTHER_SCHEME.search(text)
        values = {
            name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
            for name, quoted, plain in _PARAMETER.findall(text[: other.start()] if other else text)
        }
        challenge = _challenge(values)
        if challenge is not None:
            found.append(challenge)
    return found


def _challenge(values: dict[str, str]) -> Challenge | None:
    algorithm = values.get("algorithm", "MD5").upper()
    session = algorithm.endswith("-SESS")
    algorithm = algorithm.removesuffix("-SESS")
    offered = [word.strip().lower() for word in values.get("qop", "").split(",") if word.strip()]
    qop = next((word for word in ("auth", "auth-int") if word in offered), "")
    if algorithm not in _HASHES or (offered and not qop) or "nonce" not in values:
        return None
    hashed = values.get("userhash", "").lower() == "true"
    return Challenge(values.get("realm", ""), values["nonce"], algorithm, session, qop, values.get("opaque"), hashed)


def _hash(name: str, text: str) -> str:
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def _quoted(text: str) -> str:
    if any(ord(character) < 32 for character in text):
        raise StepError(ErrorClass.AUTH, "the digest challenge or the user name holds a control character")
    return text.replace("\\", "\\\\").replace('"', '\\"')
