"""HAR files by the keys that the specification demands."""

import json

from tests.unit.exporters.samples import HOSTILE, a_body, a_detail, a_request, a_response, a_run, a_step
from wxcloudrun.exporters.har import har
from wxcloudrun.exporters.wording import LONGEST

ENTRY = {"startedDateTime", "time", "request", "response", "cache", "timings"}
REQUEST = {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"}
RESPONSE = {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize"}


def entries(*steps) -> list[dict]:
    log = json.loads("".join(har(a_run(), steps, "1.0")))["log"]
    assert (log["version"], log["creator"]) == ("1.2", {"name": "wxcloudrun", "version": "1.0"})
    return log["entries"]


def test_each_request_is_an_entry_with_all_that_is_demanded():
    [entry] = entries(a_step(0), a_step(1, "skipped", detail=a_detail(request=None, response=None)))
    assert entry.keys() >= ENTRY
    assert entry["request"].keys() >= REQUEST
    assert entry["response"].keys() >= RESPONSE
    timings = entry["timings"]
    assert timings == {"blocked": -1, "dns": 1.0, "connect": 5.0, "ssl": 3.0, "send": 0.5, "wait": 5.0, "receive": 1.0}
    assert entry["time"] == 12.5, "the sum of the timings, TLS being inside of connect"
    assert entry["request"]["queryString"] == [{"name": "key", "value": "***"}, {"name": "n", "value": "1"}]
    assert entry["request"]["postData"] == {"mimeType": "application/json", "text": '{"pin":"***","sum":5}'}
    assert entry["serverIPAddress"] == "127.0.0.1"


def test_a_request_without_an_answer_has_status_0():
    [entry] = entries(a_step(0, "error"))
    assert entry["response"]["status"] == 0
    assert entry["time"] == 0


def test_bodies_are_cut_and_binary_ones_stay_base64():
    long = a_step(0, detail=a_detail(response=a_response(body=a_body("订" * 60_000))))
    binary = a_step(1, detail=a_detail(response=a_response(body=a_body("/w==", encoding="base64", size=1))))
    text, raw = (one["response"]["content"] for one in entries(long, binary))
    assert len(text["text"].encode()) <= LONGEST
    assert text["comment"] == "the beginning of 180000 bytes"
    assert raw == {"size": 1, "mimeType": "application/json", "text": "/w==", "encoding": "base64"}


def test_hostile_texts_and_no_url_at_all_are_still_json():
    step = a_step(0, name=HOSTILE, detail=a_detail(request=a_request(url="http://[***", body=a_body(HOSTILE))))
    [entry] = entries(step)
    assert entry["request"]["url"] == "http://[***"
    assert entry["request"]["queryString"] == []
