"""What can go wrong in the engine: a definition that cannot work, and a step that could not be carried out."""

from enum import StrEnum


class ErrorClass(StrEnum):
    """Why a step ended as *error* (it could not be carried out); an assertion that is false is *failed*, not this."""

    VARIABLE = "variable"  # a name that has no value, or a template that cannot be rendered
    DEFINITION = "definition"  # the plan says something that cannot work (bad URL, unreadable file)
    GUARD = "guard"  # the address guard refused the target
    RESOLVE = "resolve"  # the host name has no address
    CONNECT = "connect"  # no connection to the address
    TLS = "tls"  # handshake or certificate
    TIMEOUT = "timeout"  # connect, read, total or the run's deadline
    PROTOCOL = "protocol"  # the server's bytes are not HTTP, or the message ended early
    BODY_TOO_LARGE = "body_too_large"  # body (after decompression) or headers over their limit
    REDIRECT = "redirect"  # too many redirects, a loop, or a redirect to nowhere
    AUTH = "auth"  # the auth helper could not get its credential
    EXTRACTION = "extraction"  # a required extraction could not be read at all
    EXPRESSION = "expression"  # an expression failed or used up its budget
    HOOK = "hook"  # an action before or after the request failed
    CANCELED = "canceled"  # the run was canceled while the step was under way
    INTERRUPTED = "interrupted"  # the worker died when the request was possibly sent
    INTERNAL = "internal"  # a fault of the engine itself; the step ends, the run goes on


class DefinitionError(ValueError):
    """A definition that cannot work, found before anything is sent.

    `field` is a dotted path inside the definition (`assertions.2.path`), `position` the zero-based offset of the
    fault inside that field's text where there is one, and `reason` an English sentence for a person.
    """

    def __init__(self, field: str, reason: str, position: int | None = None) -> None:
        super().__init__(f"{field}: {reason}" + (f" (at character {position})" if position is not None else ""))
        self.field = field
        self.reason = reason
        self.position = position


class StepError(Exception):
    """A step that could not be carried out: its class, and a sentence a person can act on.

    `detail` is the rule that said no, the phase, or libcurl's own words; never a secret.
    """

    def __init__(self, error_class: ErrorClass, message: str, detail: str | None = None) -> None:
        super().__init__(f"{error_class.value}: {message}")
        self.error_class = error_class
        self.message = message
        self.detail = detail
