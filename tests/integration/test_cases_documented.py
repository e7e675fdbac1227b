"""What docs/cases.md shows is what the service takes."""

import json
import re
from pathlib import Path

from tests.integration.cases_bench import Library

PAGE = Path(__file__).parent.parent.parent / "docs" / "cases.md"


def test_every_example_of_the_page_is_a_case(a_library: Library):
    bodies = [
        json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    ]
    assert len(bodies) > 10
    for body in bodies:
        made = a_library.made(**body)
        assert made["url"] == body["request"]["url"], body["name"]
    kinds = {body["request"].get(part, {}).get("kind") for body in bodies for part in ("body", "auth")} - {None}
    bodies_of_the_engine = {"json", "urlencoded", "multipart", "raw", "binary", "graphql"}
    helpers = {"basic", "bearer", "api_key", "digest", "oauth2_client_credentials", "aws_v4", "hmac"}
    assert kinds == bodies_of_the_engine | helpers


def test_every_field_of_a_case_is_on_the_page():
    from wxcloudrun.features.cases.schemas import CaseMade  # noqa: PLC0415 - only here

    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in CaseMade.model_fields if f"`{name}`" not in text] == []
