"""The home page, and the API's documentation: every file they need is served from here."""

import importlib.resources
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, send_file

_HERE = Path(__file__).resolve().parent
_PAGE_RULES = (
    "default-src 'none'; script-src 'self'; style-src 'self'{inline}; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SWAGGER = {
    "swagger-ui.css": "css/swagger-ui.css",
    "swagger-ui-bundle.js": "js/swagger-ui-bundle.js",
}
_OWN = ("home.css", "home.js", "docs.js", "icon.svg")


def console_pages(openapi: Callable[[], dict[str, Any]]) -> Blueprint:
    """The blueprint of all pages; `openapi` draws the API's document."""
    pages = Blueprint("console", __name__)
    drawn: list[bytes] = []

    def home() -> Response:
        return _page("home.html")

    def docs() -> Response:
        return _page("docs.html", inline=" 'unsafe-inline'")  # Swagger UI sets styles on its elements

    def document() -> Response:
        if not drawn:
            drawn.append(json.dumps(openapi(), ensure_ascii=False).encode())
        return Response(drawn[0], content_type="application/json", headers={"Cache-Control": "no-cache"})

    def asset(name: str) -> Response:
        if name in _SWAGGER:
            package = importlib.resources.files("flask_openapi3_swagger")
            return _file(Path(str(package)) / "templates" / "swagger" / _SWAGGER[name])
        return _file(_HERE / "static" / name) if name in _OWN else abort(404)

    options: dict[str, Any] = {"methods": ["GET"], "provide_automatic_options": False}
    pages.add_url_rule("/", "home", home, **options)
    pages.add_url_rule("/docs", "docs", docs, **options)
    pages.add_url_rule("/openapi.json", "openapi", document, **options)
    pages.add_url_rule("/assets/<name>", "asset", asset, **options)
    return pages


def _page(name: str, inline: str = "") -> Response:
    body = (_HERE / "templates" / name).read_bytes()
    rules = _PAGE_RULES.format(inline=inline)
    return Response(
        body,
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": rules, "Cache-Control": "no-cache"},
    )


def _file(path: Path) -> Response:
    return send_file(path, max_age=3600, conditional=True, etag=True)
