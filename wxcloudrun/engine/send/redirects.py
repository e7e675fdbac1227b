"""The rules of following a redirect: which method, which body, which headers may go on, and when it has to end."""

import re
from dataclasses import replace

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.send.draft import Draft, Pairs
from wxcloudrun.engine.send.request import Redirects, Tls
from wxcloudrun.engine.send.url import Url, follow

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CREDENTIAL = re.compile(
    r"authorization|cookie|api-?key|token|secret|session|signature|password|credential|csrf|xsrf|auth"
)
_ABOUT_BODY = frozenset(
    {"content-type", "content-length", "content-encoding", "content-language", "content-location", "transfer-encoding"}
)


def redirected(
    draft: Draft, status: int, location: str | None, rules: Redirects, secret_headers: frozenset[str]
) -> Draft:
    """The next request. `secret_headers` (lower case) are headers that carry credentials though their name is silent.

    301 and 302 turn POST into GET unless `keep_method`, 303 turns all but HEAD into GET, 307 and 308 keep method and
    body (RFC 9110 section 15.4, Fetch standard). To another origin go no credentials: not the auth helper's, no header
    whose name speaks of them, no cookies of the definition, no client certificate. Raises `StepError` (redirect).
    """
    url = _target(draft.url, status, location)
    method = _method(draft.method, status, rules)
    headers, payload = draft.headers, draft.payload
    if method != draft.method:
        headers, payload = tuple(pair for pair in headers if pair[0].lower() not in _ABOUT_BODY), None
    if url.origin == draft.url.origin:
        return replace(draft, url=url, method=method, headers=headers, payload=payload)
    return replace(
        draft,
        url=url,
        method=method,
        headers=_harmless(headers, secret_headers),
        payload=payload,
        cookies=(),
        tls=Tls(verify=draft.tls.verify, ca_pem=draft.tls.ca_pem),
        trusted=False,
    )


class Trail:
    """Counts redirects and notices a loop: the same method, URL and cookies a second time."""

    def __init__(self, first: Draft, limit: int) -> None:
        """Begins with the first request that was answered by a redirect."""
        self._first = first.url
        self._limit = limit
        self._seen = {_place(first)}

    def step(self, hop: Draft, followed: int) -> None:
        """Before a hop is sent; raises `StepError` (redirect)."""
        url = hop.url
        if followed > self._limit:
            raise StepError(
                ErrorClass.REDIRECT,
                f"{self._first.shown} leads through more than {self._limit} redirects; the last led to {url.shown}",
            )
        place = _place(hop)
        if place in self._seen:
            raise StepError(
                ErrorClass.REDIRECT, f"{self._first.shown} leads in a circle: {url.shown} for the second time"
            )
        self._seen.add(place)


def _place(hop: Draft) -> tuple[str, str, str]:
    return hop.method, hop.url.text, hop.header("cookie") or ""


def _target(current: Url, status: int, location: str | None) -> Url:
    if not location or not location.strip():
        raise StepError(ErrorClass.REDIRECT, f"{current.shown} answered {status} without saying where to (no Location)")
    try:
        return follow(current, location)
    except (DefinitionError, ValueError) as error:
        reason = error.reason if isinstance(error, DefinitionError) else "not a URL"
        raise StepError(ErrorClass.REDIRECT, f"{current.shown} redirects to nowhere: {reason}", reason) from None


def _method(method: str, status: int, rules: Redirects) -> str:
    if status == 303:
        return method if method in {"GET", "HEAD"} else "GET"
    if status in {301, 302} and method == "POST" and not rules.keep_method:
        return "GET"
    return method


def _harmless(headers: Pairs, secret_headers: frozenset[str]) -> Pairs:
    kept = []
    for name, value in headers:
        lower = name.lower()
        if lower != "host" and lower not in secret_headers and not _CREDENTIAL.search(lower):
            kept.append((name, value))
    return tuple(kept)
