"""Pages: served whole from here, by rules that let in nothing from elsewhere; and the document they show."""

import re
from urllib.parse import urljoin

import pytest
from flask import Flask
from jsonschema_rs import Draft202012Validator

from wxcloudrun.blueprints import TABLES
from wxcloudrun.console import manual

PAGES = ["/", "/docs"]


def _rules(app: Flask, path: str) -> dict[str, list[str]]:
    policy = app.test_client().get(path).headers["Content-Security-Policy"]
    return {words[0]: words[1:] for words in (rule.split() for rule in policy.split(";")) if words}


@pytest.mark.parametrize("path", [*PAGES, "/docs/manual/cases"])
def test_a_page_may_load_from_here_only(app: Flask, path: str):
    rules = _rules(app, path)
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == ["'self'"], "no inline scripts, no eval, nobody else's"
    assert rules["connect-src"] == ["'self'"]
    assert rules["frame-ancestors"] == ["'none'"]
    assert rules["base-uri"] == ["'none'"]
    allowed = {"'self'", "'none'", "'unsafe-inline'", "data:"}
    assert {source for sources in rules.values() for source in sources} <= allowed
    assert "'unsafe-inline'" not in rules.get("script-src", [])


@pytest.mark.parametrize("path", PAGES)
def test_every_file_that_a_page_names_is_served_from_here(app: Flask, path: str):
    client = app.test_client()
    page = client.get(path)
    assert page.mimetype == "text/html"
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert named
    for address in named:
        assert address.startswith("/"), "nothing from elsewhere"
        assert client.get(address).status_code == 200, address
    assert not re.search(r"<script(?![^>]*src=)[^>]*>", page.text), "the rules would refuse an inline script"
    assert not re.search(r"\son\w+=", page.text)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("home.js", "text/javascript"),
        ("docs.js", "text/javascript"),
        ("home.css", "text/css"),
        ("swagger-ui.css", "text/css"),
        ("swagger-ui-bundle.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_an_asset_has_its_kind_and_is_not_sent_twice(app: Flask, name: str, kind: str):
    client = app.test_client()
    first = client.get(f"/assets/{name}")
    assert (first.status_code, first.mimetype) == (200, kind)
    again = client.get(f"/assets/{name}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    first.close()


@pytest.mark.parametrize(
    "name", ["app.py", "../pages.py", "..%2fpages.py", "home.html", ".", "%2e%2e", "home.js%00", ""]
)
def test_nothing_else_is_served(app: Flask, name: str):
    assert app.test_client().get(f"/assets/{name}").status_code == 404


def test_the_document_lists_every_route_of_the_api_and_no_other(app: Flask):
    document = app.test_client().get("/openapi.json").json
    listed = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    routes = {
        f"{route.method} {re.sub(r'<(?:int:)?(.+?)>', r'{\1}', route.path)}"
        for table in TABLES.values()
        for route in table
        if not route.raw
    }
    assert listed == routes
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch("[a-z0-9_]+", name) and "_int_" not in name for name in names)


def test_every_schema_of_the_document_is_a_schema_and_every_reference_leads_somewhere(app: Flask):
    document = app.test_client().get("/openapi.json").json
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator({**schema, "components": document["components"]})
    references = re.findall(r'"#/components/schemas/([^"]+)"', app.test_client().get("/openapi.json").text)
    assert references
    assert set(references) <= set(schemas)


def test_every_operation_says_its_refusals_and_who_may_call(app: Flask):
    document = app.test_client().get("/openapi.json").json
    for path, item in document["paths"].items():
        for method, operation in item.items():
            place = f"{method} {path}"
            assert operation["summary"], place
            assert {"400", "500", "503"} <= set(operation["responses"]), place
            assert ("401" in operation["responses"]) or operation["security"] == [], place
            if "requestBody" in operation:
                assert {"413", "415", "422"} <= set(operation["responses"]), place


def test_every_page_of_the_manual_is_served_and_every_link_in_it_leads_somewhere(app: Flask):
    client = app.test_client()
    seen, waiting = set(), {f"/docs/manual/{name}" for name in manual.names()}
    while waiting:
        address = waiting.pop()
        seen.add(address)
        page = client.get(address, follow_redirects=True)
        assert page.status_code == 200, address
        anchors = set(re.findall(r'<h\d id="([^"]+)"', page.text))
        for link in re.findall(r'href="([^":]+)"', page.text):
            target, _, anchor = link.partition("#")
            if not target:
                assert anchor in anchors, f"{address} has no {link}"
                continue
            whole = urljoin(page.request.path, target)
            known = whole.startswith(("/docs/manual/adr/", "/docs/manual/../"))  # the decisions are not served
            waiting |= {whole} - seen if whole.startswith("/docs/manual/") and not known else set()
    assert "/docs/manual/engine/checks" in seen


@pytest.mark.parametrize("name", ["../config", "..%2f..%2fconfig", "nothing", "adr/README", "engine/", "cases.txt"])
def test_the_manual_has_no_other_pages(app: Flask, name: str):
    assert app.test_client().get(f"/docs/manual/{name}", follow_redirects=True).status_code == 404


@pytest.mark.parametrize("path", ["/docs/manual", "/docs/manual/"])
def test_the_manual_begins_somewhere(app: Flask, path: str):
    page = app.test_client().get(path, follow_redirects=True)
    assert (page.status_code, page.request.path) == (200, "/docs/manual/running")


def test_the_documentation_leads_to_the_manual(app: Flask):
    document = app.test_client().get("/openapi.json").json
    guides = [tag["externalDocs"]["url"] for tag in document["tags"] if "externalDocs" in tag]
    assert "/docs/manual/cases" in guides
    for url in [*guides, document["externalDocs"]["url"]]:
        assert app.test_client().get(url).status_code == 200
