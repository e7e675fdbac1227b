"""Commands made of stored requests, as a shell reads them."""

import shlex

from tests.unit.exporters.samples import a_body, a_request
from wxcloudrun.exporters.curl import curl_of


def words(command: str) -> list[str]:
    return shlex.split(command.replace("\\\n", ""))


def test_what_is_masked_is_a_variable_named_after_its_place():
    found = words(curl_of(a_request()))
    assert "http://api.example/pay?key=${KEY}&n=1" in found
    assert "Authorization: Bearer ${AUTHORIZATION}" in found
    assert '{"pin":"${PIN}","sum":5}' in found
    assert "***" not in " ".join(found)


def test_the_engines_own_command_is_left_as_it_is():
    assert curl_of(a_request(curl="curl http://mine")) == "curl http://mine"


def test_hostile_text_runs_nothing():
    evil = "$(touch x) `id` '; rm -rf / #"
    found = words(curl_of(a_request(url=f"http://h/{evil}", body=a_body(evil), headers=[["X-A", evil]])))
    assert f"http://h/{evil}" in found
    assert f"X-A: {evil}" in found
    assert evil in found


def test_a_body_that_was_not_kept_whole_is_read_from_a_file():
    command = curl_of(a_request(body=a_body("beginning", size=99_999, truncated=True)))
    assert "beginning" not in command
    assert "--data-binary @" in command
