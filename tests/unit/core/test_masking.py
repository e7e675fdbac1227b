"""What is logged and audited holds no secret: neither by name nor by look."""

import json
import logging

import pytest

from wxcloudrun.core.logging import JsonLines, log
from wxcloudrun.core.masking import MASK, mask, mask_text

CANARY = "c4n4ry-value"


@pytest.mark.parametrize(
    "name",
    ["secret", "AppSecret", "password", "access_token", "Authorization", "Cookie", "session_key", "js_code", "code"]
    + ["openid", "unionid", "phone", "phone_number", "api_key", "aes_key", "real_name", "id_number", "encrypted_data"],
)
def test_members_with_a_secrets_name_are_masked_at_any_depth(name):
    shown = mask({"outer": [{"inner": {name: CANARY, "nickname": "seen"}}]})
    assert CANARY not in str(shown)
    assert shown["outer"][0]["inner"] == {name: MASK, "nickname": "seen"}


def test_what_is_empty_or_a_switch_says_nothing_and_stays():
    assert mask({"phone": None, "password": True}) == {"phone": None, "password": True}


@pytest.mark.parametrize(
    "text",
    [
        f"GET /sns/jscode2session?appid=a&secret={CANARY}&js_code={CANARY}&x=1",
        f'{{"access_token":"{CANARY}"}}',
        f"session_key: {CANARY}",
        f"Authorization: Bearer {CANARY}",
        f"mysql+pymysql://root:{CANARY}@127.0.0.1:3306/db",
        f"redis://:{CANARY}@127.0.0.1/0",
    ],
)
def test_secrets_that_show_by_their_form_are_masked_in_text(text):
    assert CANARY not in mask_text(text)
    assert MASK in mask_text(text)


def _line(record: logging.LogRecord) -> dict[str, object]:
    return json.loads(JsonLines().format(record))


def test_a_log_line_is_one_json_object_with_masked_facts(caplog):
    with caplog.at_level(logging.INFO):
        log(logging.getLogger("x"), "an event", facts_of={"token": CANARY}, note="two\nlines")
    line = JsonLines().format(caplog.records[0])
    assert "\n" not in line
    assert CANARY not in line
    assert json.loads(line)["event"] == "an event"


def test_an_errors_text_is_not_logged_only_where_it_came_from(caplog):
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        logging.getLogger("x").error("it broke", exc_info=error)
    line = _line(caplog.records[0])
    assert line["error"] == "ValueError"
    assert "test_masking.py" in str(line["trace"])
    assert CANARY not in str(line)
