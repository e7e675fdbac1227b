"""The home page, the API's documentation and the manual: every file they need is served from here."""

import html
import importlib.resources
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, redirect, send_file
from werkzeug.wrappers import Response as Answer

from wxcloudrun.console import manual

_HERE = Path(__file__).resolve().parent
_PAGE_RULES = (
    "default-src 'none'; script-src 'self'; style-src 'self'{inline}; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SWAGGER = {
    "swagger-ui.css": "css/swagger-ui.css",
    "swagger-ui-bundle.js": "js/swagger-ui-bundle.js",
}
_OWN = ("home.css", "home.js", "docs.js", "manual.css", "icon.svg")


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

    def manual_page(name: str) -> Answer:
        if name.endswith(".md"):  # as the pages name one another
            return redirect(f"/docs/manual/{name.removesuffix('.md')}")
        return _manual_page(name)

    def client() -> Response:
        from wxcloudrun.console.client import zipped  # noqa: PLC0415 - only pipelines ask for it

        return Response(zipped(), content_type="application/octet-stream", headers={"Cache-Control": "no-cache"})

    def asset(name: str) -> Response:
        if name in _SWAGGER:
            package = importlib.resources.files("flask_openapi3_swagger")
            return _file(Path(str(package)) / "templates" / "swagger" / _SWAGGER[name])
        return _file(_HERE / "static" / name) if name in _OWN else abort(404)

    options: dict[str, Any] = {"methods": ["GET"], "provide_automatic_options": False}
    pages.add_url_rule("/", "home", home, **options)
    pages.add_url_rule("/docs", "docs", docs, **options)
    pages.add_url_rule("/docs/manual/", "contents", lambda: redirect("/docs/manual/running"), **options)
    pages.add_url_rule("/docs/manual/<path:name>", "manual", manual_page, **options)
    pages.add_url_rule("/openapi.json", "openapi", document, **options)
    pages.add_url_rule("/ci.pyz", "client", client, **options)
    pages.add_url_rule("/assets/<name>", "asset", asset, **options)
    return pages


def _manual_page(name: str) -> Response:
    try:
        title, content = manual.page(name)
    except KeyError:
        return abort(404)
    links = "".join(_link(one, current=one == name) for one in manual.names())
    template = (_HERE / "templates" / "manual.html").read_text(encoding="utf-8")
    filled = template.replace("{title}", html.escape(title)).replace("{links}", links).replace("{content}", content)
    return _html(filled)


def _link(name: str, *, current: bool) -> str:
    mark = ' aria-current="page"' if current else ""
    return f'<a href="/docs/manual/{name}"{mark}>{name}</a>'


def _page(name: str, inline: str = "") -> Response:
    return _html((_HERE / "templates" / name).read_bytes(), inline)


def _html(body: str | bytes, inline: str = "") -> Response:
    rules = _PAGE_RULES.format(inline=inline)
    return Response(
        body,
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": rules, "Cache-Control": "no-cache"},
    )


def _file(path: Path) -> Response:
    return send_file(path, max_age=3600, conditional=True, etag=True)
