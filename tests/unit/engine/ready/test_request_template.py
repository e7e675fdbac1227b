"""A merged request rendered: the quick way says what the whole validation says."""

import pytest

from wxcloudrun.engine.clock import SystemClock
from wxcloudrun.engine.errors import StepError
from wxcloudrun.engine.ready.compiled_case import RequestTemplate
from wxcloudrun.engine.render.names import Names
from wxcloudrun.engine.render.variables import Scope
from wxcloudrun.engine.send.request import RequestSpec


def names(**values) -> Names:
    scope = Scope(())
    for name, value in values.items():
        scope.keep(name, value)
    return Names(scope, seed="0", place="steps/0", clock=SystemClock())


@pytest.mark.parametrize(
    ("raw", "rendered"),
    [
        ({"url": "/a/{{id}}"}, {"url": "/a/7"}),
        ({"url": "{{id}}"}, {"url": 7}),
        ({"url": "/a", "body": {"kind": "json", "value": {"id": "{{id}}"}}}, {"body": {"kind": "json", "value": {"id": 7}}}),
        ({"url": "/a", "body": {"kind": "raw", "text": "{{id}}"}}, {"body": {"kind": "raw", "text": 7}}),
        ({"url": "/a", "headers": [{"name": "N", "value": "{{id}}"}]}, {"headers": [{"name": "N", "value": 7}]}),
        ({"url": "/\\{{x}}/{{id}}", "method": "put"}, {"url": "/{{x}}/7"}),
    ],
)  # fmt: skip
def test_what_is_rendered_is_what_would_be_validated_as_a_whole(raw, rendered):
    assert RequestTemplate(raw, "request").render(names(id=7)) == RequestSpec.model_validate({**raw, **rendered})


def test_a_body_that_does_not_fit_names_its_field():
    template = RequestTemplate({"url": "/a", "body": {"kind": "urlencoded", "fields": "{{all}}"}}, "request")
    with pytest.raises(StepError, match=r"request\.body\.fields"):
        template.render(names(all=7))


def test_a_request_rendered_again_has_the_values_of_that_time():
    template = RequestTemplate({"url": "/a/{{id}}"}, "request")
    assert template.render(names(id=1)).url == "/a/1"
    assert template.render(names(id=2)).url == "/a/2"


@pytest.mark.parametrize(
    ("raw", "lasting"),
    [
        ({"url": "/a"}, True),
        ({"url": "/a", "body": {"kind": "json", "value": 1}}, True),
        ({"url": "/{{id}}"}, False),
        ({"url": "/a", "body": {"kind": "binary", "blob": "x"}}, False),
        (
            {
                "url": "/a",
                "auth": {
                    "kind": "oauth2_client_credentials",
                    "token_url": "http://h/",
                    "client_id": "c",
                    "client_secret": "s",
                },
            },
            False,
        ),
    ],
)
def test_only_what_is_always_the_same_is_prepared_once(raw, lasting):
    assert RequestTemplate(raw, "request").lasting is lasting
