"""Codes, links, messages and checks as clients send and receive them."""

from typing import Annotated, Literal

from pydantic import Field

from wxcloudrun.core.shapes import Input, View, example

Template = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="Template id.")]
PagePath = Annotated[str, Field(max_length=1024, description="Page without a slash in front.")]
Answer = Literal["accept", "acceptWithAudio", "acceptWithAlert", "reject", "ban", "filter"]


_PAGE = r"^([^/?#% \r\n\x00][^?#% \r\n\x00]*)?$"  # a path without a query
Page = Annotated[str, Field(max_length=128, pattern=_PAGE, description="Page; the home page without it.")]
_SCENE = r"^[0-9A-Za-z!#$&'()*+,/:;=?@._~-]{1,32}$"  # what WeChat takes
_QUERY = r"^[0-9A-Za-z!#$&'()*+,/:;=?@._~%-]{0,1024}$"  # likewise


class QrcodeBody(Input):
    """A mini-program code to be made."""

    model_config = example({"scene": "id=1", "page": "pages/index/index"})

    scene: Annotated[str, Field(pattern=_SCENE, description="What `scene` in onLoad will hold.")]
    page: Page | None = None
    env_version: Literal["release", "trial", "develop"] = "release"
    width: Annotated[int, Field(ge=280, le=1280, description="Pixels.")] = 430


class Qrcode(View):
    """A picture; `data:{mime};base64,{image_base64}` shows it."""

    mime: str
    image_base64: str


class LinkBody(Input):
    """A link that opens the mini-program from outside WeChat."""

    model_config = example({"path": "pages/index/index", "query": "id=1"})

    path: Annotated[PagePath, Field(pattern=_PAGE)]
    query: Annotated[str, Field(pattern=_QUERY, description="Query of the page, as `id=1`.")] = ""
    expire_days: Annotated[int, Field(ge=1, le=30, description="Days until the link is dead.")] = 30


class Link(View):
    """An https link."""

    url_link: str


class SubscriptionsBody(Input):
    """What `wx.requestSubscribeMessage` gave, by template."""

    model_config = example({"results": {"SimulatorTemplateOnce0000000000000000000001": "accept"}})

    results: Annotated[dict[Template, Answer], Field(min_length=1, max_length=10)]


class SubscriptionView(View):
    """How many messages of a template may still be sent to oneself, and the last answer."""

    template_id: str
    remaining: int
    state: str
    version: int


class MessageBody(Input):
    """A subscribe message to one person; `data` maps the template's keys to texts."""

    model_config = example(
        {
            "user_id": 1,
            "template_id": "SimulatorTemplateOnce0000000000000000000001",
            "data": {
                "thing1": "Nightly run",
                "phrase2": "passed",
                "time3": "2026-03-01 02:00",
                "character_string4": "run-42",
            },
        }
    )

    user_id: Annotated[int, Field(ge=1, le=2**53 - 1)]
    template_id: Template
    data: Annotated[dict[str, Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=20)]
    page: PagePath | None = None


class MessageSent(View):
    """WeChat's id of the message (text: it is above 2^53), and how many more may be sent."""

    msgid: str | None
    remaining: int


class TextCheckBody(Input):
    """A text that somebody is about to publish."""

    model_config = example({"content": "hello"})

    content: Annotated[str, Field(min_length=1, max_length=2500)]


class TextCheck(View):
    """WeChat's advice (`pass`, `review`, `risky`) and the number of what it found; 100 is nothing."""

    suggestion: str
    label: int


class SessionCheck(View):
    """Whether the session_key of the last login is still the current one; `false` means: call wx.login."""

    valid: bool
