"""Which web pages of other origins may call the API: those that the operator listed, and no others."""

from collections.abc import Collection

from flask import Response, request

from wxcloudrun.core.http.reply import success

_METHODS = "GET, POST, PUT, DELETE"
_ASKED = "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Request-ID"
_SHOWN = "ETag, Retry-After, X-Request-ID, Idempotency-Replayed"


class Cors:
    """Answers preflights and marks replies for the listed origins."""

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origin.rstrip("/") for origin in origins)

    def preflight(self) -> Response | None:
        """The answer to a listed origin's question before its request, else None."""
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        return success({}, 200) if asks and request.headers.get("Origin") in self._origins else None

    def mark(self, response: Response) -> Response:
        """Say in the reply that the calling page may read it."""
        response.headers.add("Vary", "Origin")
        origin = request.headers.get("Origin")
        if origin not in self._origins:
            return response
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _SHOWN
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = _METHODS
            response.headers["Access-Control-Allow-Headers"] = _ASKED
            response.headers["Access-Control-Max-Age"] = "600"
        return response
