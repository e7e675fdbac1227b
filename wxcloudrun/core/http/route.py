"""One line of the API: what a route is, who may call it, and what its controller is given and gives back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from wxcloudrun.core.errors import ApiError
from wxcloudrun.core.http.later import LaterCall


class Access(Enum):
    """Who may call a route; what somebody may do with one particular row is the service's business."""

    ANYONE = "anyone"
    USER = "user"  # somebody who is logged in
    VERIFIED = "verified"  # a verified user or an administrator
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Limit:
    """How often a route may be called, as `number/unit`: from one address, and by one user."""

    address: str | None = None
    user: str | None = None


@dataclass(frozen=True)
class Route:
    """A method and path, the controller's function, and what the edge does around it.

    The function's signature says what it is given: `actor: Actor`, `caller: Caller`, `body` and `query` (pydantic
    models), `upload: Upload` and `form` (a model of the fields beside the file), path parameters by name, and services
    by type. Its return annotation is the shape of
    `data` in the reply.
    """

    method: str
    path: str
    call: Callable[..., Any] | LaterCall
    access: Access
    status: int = 200
    limit: Limit | None = None
    idempotent: bool = False  # honours Idempotency-Key; for what creates or starts
    max_body: int | None = None  # bytes, where the general limit does not fit
    errors: tuple[type[ApiError], ...] = field(default=())  # its own refusals, for the documentation
    raw: bool = False  # answers for itself (pages, callbacks): no envelope

    @property
    def takes_api_tokens(self) -> bool:
        """True for what belongs to one project, where ProjectAccess judges; everything else is for people."""
        return self.path.startswith("/api/projects/<int:project_id>")

    @property
    def name(self) -> str:
        """The name of the controller's function."""
        return self.call.name if isinstance(self.call, LaterCall) else self.call.__name__


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of the caller besides who it is. What few ask for is a function: each request pays for the rest."""

    address: str
    language: str  # zh or en
    request_id: str
    idempotency_key: str | None
    headers: Any = field(repr=False)  # case-insensitive mapping; Cloud Run's identity only where it is trusted
    query: Callable[[], Any] = field(repr=False)
    body: Callable[[], bytes] = field(repr=False)

    @property
    def device(self) -> str:
        """What the client calls itself, fit to be shown and stored."""
        return printable(self.headers.get("User-Agent", ""), 200)


@dataclass(frozen=True, slots=True)
class Reply[T]:
    """Data with a status other than the route's own."""

    data: T
    status: int


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer without envelope: a page, an image, a callback's acknowledgement, a file that is sent in pieces.

    What is iterated is asked for its pieces while the client takes them: it must hold no transaction meanwhile.
    """

    body: bytes | str | Iterator[str] | Iterator[bytes]
    mimetype: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    at_once: bool = False  # of pieces: none waits for another


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file; its name and declared type come from the client and prove nothing."""

    content: bytes = field(repr=False)
    fields: dict[str, str] = field(default_factory=dict, repr=False)
    name: str = ""
    content_type: str = ""


def printable(text: str, length: int = 64) -> str:
    """Text of a stranger as it may be shown and stored: cut, and stripped of what does not print."""
    return "".join(character if character.isprintable() else "?" for character in text[:length])
