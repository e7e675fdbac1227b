"""The report in a real browser: its script works, it asks nobody, complains of nothing, and fits a phone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium import Browser, Page, chromium
from tests.unit.exporters.samples import (
    HOSTILE,
    a_body,
    a_detail,
    a_request,
    a_response,
    a_run,
    a_step,
    an_assertion,
    an_attempt,
    counted,
)  # fmt: skip
from wxcloudrun.analysis.shapes import Change, PathChange
from wxcloudrun.analysis.variables import VariableChange
from wxcloudrun.exporters.page import page
from wxcloudrun.exporters.report import Cause, ChangedShape, ChangedVariable, Changes, OtherRun, StepFacts

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="no Chromium: install it, or say in CHROMIUM where one is, to try the report's script"
)

LONG = "a_name_without_any_place_to_break_" * 12
CURL = "curl -X POST 'http://api.example/pay' \\\n  --data-raw '{\"sum\":5}'"
GREEN = OtherRun(38, "passed", "2026-01-01T00:00:00.000Z")


def steps() -> list[StepFacts]:
    """A hundred, of which the fifth failed, the seventh broke, the ninth passed late and the eleventh was skipped."""
    request = a_request(curl=CURL)
    made = {
        4: a_step(4, "failed", name="pay", detail=a_detail("failed", request=request), duration_ms=900),
        6: a_step(6, "error", name="ship"),
        8: a_step(8, detail=a_detail(attempts=[an_attempt(1, "failed"), an_attempt(2)])),
        10: a_step(10, "skipped"),
    }
    return [made.get(at, a_step(at)) for at in range(100)]


def causes(all_: list[StepFacts]) -> list[Cause]:
    return [
        Cause("a", "POST /pay 500: GATEWAY", 1, (all_[4],), fresh=0, since=OtherRun(40, "", None), state="open"),
        Cause("b", "connect api.example", 1, (all_[6],), fresh=1),
    ]


def written(folder: Path, **more: str) -> Path:
    """The report as a file, opened in Chinese unless said otherwise."""
    all_ = steps()
    run = a_run(totals=counted(all_))
    file = folder / "report.html"
    file.write_text("".join(page(run, Changes(GREEN, GREEN, 1), causes(all_), all_, **more)), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The report; whatever a test does with it, nobody is asked and nothing is complained of."""
    with browser.page(written(tmp_path)) as opened:
        opened.wait("document.querySelectorAll('#list > li').length > 0")
        yield opened
        assert browser.seen.complaints == []
        assert browser.seen.requests == []


def names(opened: Page) -> list[str]:
    return opened.texts("#list .what > :is(a, div)")


def test_a_fault_in_a_page_and_a_request_of_it_are_seen(browser: Browser, tmp_path: Path):
    file = tmp_path / "broken.html"
    file.write_text(
        "<script>console.warn('odd'); fetch('http://127.0.0.1:1/x').catch(() => {}); nothing.there</script>"
    )
    with browser.page(file) as broken:
        broken.wait("true")
        assert [one for one in browser.seen.complaints if "nothing is not defined" in one]
        assert "warning: ['odd']" in browser.seen.complaints
        assert browser.seen.requests == ["http://127.0.0.1:1/x"]
    text = written(tmp_path).read_text()
    file.write_text(text.replace("<footer>", "<footer><script>document.title = 'taken'</script>"))
    with browser.page(file) as injected:
        assert injected.get("document.title") != "taken"
        assert [one for one in browser.seen.complaints if "Content Security Policy" in one]


def test_passed_steps_are_folded_and_open_on_a_click(opened: Page):
    folds = opened.texts("#list > .fold")
    assert folds[0].startswith("✓ 4 步通过")
    opened.click("#list > .fold button")
    assert names(opened)[:5] == ["step 0", "step 1", "step 2", "step 3", "pay"]
    assert opened.get("document.activeElement === document.querySelector('#list > li')"), "where one was reading"
    assert len(opened.texts("#list > .fold")) == len(folds) - 1


@pytest.mark.parametrize(
    ("kind", "shown", "told"),
    [
        ("bad", ["pay", "ship"], "共 100 步，符合 2 步"),
        ("skipped", ["step 10"], "共 100 步，符合 1 步"),
        ("again", ["step 8"], "共 100 步，符合 1 步"),
    ],
)
def test_a_filter_shows_what_fits_and_says_how_many(opened: Page, kind: str, shown: list[str], told: str):
    opened.click(f'input[name="kind"][value="{kind}"]')
    assert names(opened) == shown
    assert opened.texts("#found") == [told]
    opened.click('input[name="kind"][value="all"]')
    assert opened.texts("#found") in ([], [""])


def test_the_search_is_a_key_away_and_finds_names_reasons_and_statuses(opened: Page):
    opened.get("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true}))")
    assert opened.get("document.activeElement.id") == "search"
    for text, shown in (("SHIP", ["ship"]), ("got 500", ["pay", "ship"]), ("nowhere", [])):
        opened.ask("Input.insertText", {"text": text})
        opened.wait(f"document.querySelector('#found').textContent.includes('符合 {len(shown)} 步')")
        assert names(opened) == shown
        opened.get("document.querySelector('#search').select()")


def test_the_slowest_come_first_and_the_rest_when_one_scrolls_there(opened: Page):
    opened.get("{ const order = document.querySelector('#order'); order.value = 'slow';"
               " order.dispatchEvent(new Event('change')); }")  # fmt: skip
    assert names(opened)[0] == "pay"
    opened.get("document.querySelector('footer').scrollIntoView()")
    opened.wait("document.querySelectorAll('#list > li').length === 100")
    opened.wait("document.querySelector('#more').hidden")


def test_the_language_changes_everything_that_is_read(opened: Page):
    assert opened.get("document.title") == "失败 · log in, pay"
    opened.click("#language")
    assert opened.get("document.documentElement.lang") == "en"
    assert opened.get("document.title") == "Failed · log in, pay"
    assert opened.texts("h2") == ["Why it failed", "All steps"]
    assert opened.get("document.querySelector('#search').placeholder") == "Search steps"
    assert opened.texts("#list > .fold")[0].startswith("✓ 4 passed")
    assert opened.get("document.querySelector('#order').selectedOptions[0].textContent") == "In the plan's order"
    assert not re.findall("[\u4e00-\u9fff]", re.sub("中文", "", opened.get("document.body.innerText")))
    opened.click("#language")
    assert opened.texts("h2") == ["失败原因", "所有步骤"]


def test_the_theme_changes_and_stays_readable(opened: Page):
    colors = "(() => { const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]; })()"
    light = opened.get(colors)
    opened.click("#theme")
    dark = opened.get(colors)
    opened.click("#theme")
    assert opened.get(colors) == light
    for ink, ground in (light, dark):
        assert contrast(ink, ground) >= 7
    opened.ask("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    opened.get("delete document.documentElement.dataset.theme")
    assert opened.get(colors) == dark, "as the reader's system has it"


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2 between two `rgb(...)`."""

    def light(color: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dim, bright = sorted([light(one), light(other)])
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("refused", [False, True], ids=["clipboard", "selection"])
def test_the_command_is_copied_and_the_button_says_so(opened: Page, refused: bool):
    opened.get("document.addEventListener('copy', () => { window.taken = String(getSelection()); })")
    opened.get("navigator.clipboard.writeText = async (text) => {"
               f" if ({str(refused).lower()}) throw new Error('no'); window.taken = text; }}")  # fmt: skip
    opened.click('button.copy[data-of="curl-4"]')
    opened.wait("document.querySelector('#heard').textContent === '已复制'")
    assert opened.get("window.taken").strip() == CURL
    assert opened.texts('button.copy[data-of="curl-4"]') == ["✓ 已复制"]
    opened.wait("document.querySelector('button.copy').innerText === '复制'")


def test_head_list_and_address_lead_to_the_failure(opened: Page, browser: Browser, tmp_path: Path):
    assert [one.split(" ")[0] for one in opened.texts(".why a")] == ["POST", "connect"]
    opened.click(".why li:nth-child(2) a")
    assert opened.get("document.querySelector('#cause-2').getBoundingClientRect().top < innerHeight / 2")
    assert not opened.get("document.querySelector('#step-6').open")
    opened.click('#list a[href="#step-6"]')
    opened.wait("document.querySelector('#step-6').open")
    assert opened.get("document.querySelector('#step-6').contains(document.activeElement)")


@pytest.mark.parametrize("width", [320, 375, 1280])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_scrolls_sideways_and_no_text_is_cut(browser: Browser, tmp_path: Path, width: int, language: str):
    with browser.page(awkward(tmp_path, language), width, 700) as opened:
        opened.wait("document.querySelectorAll('#list > li').length > 0")
        opened.get("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert opened.get("document.scrollingElement.scrollWidth") <= width
        beyond = "[...document.querySelectorAll('main *, header *, footer *')].filter((one) => !one.closest('.hidden')"
        beyond += " && !one.closest('pre') && one.getClientRects().length"
        beyond += f" && one.getBoundingClientRect().right > {width} + 1).map((one) => one.outerHTML.slice(0, 80))"
        assert opened.get(beyond) == []
        small = "[...document.querySelectorAll('button, summary, select, .chip')].filter((one) =>"
        small += " one.getClientRects().length && one.getBoundingClientRect().height < 36).map((one) => one.outerHTML)"
        assert opened.get(small) == [], "a thumb finds it"
        assert browser.seen.complaints == []


def awkward(folder: Path, language: str) -> Path:
    """A report of which every text is long, and none has a place to break."""
    detail = a_detail(
        "failed",
        assertions=[an_assertion(False, expected=LONG, actual=LONG, where=LONG, nearest=LONG, places=[LONG])],
        request=a_request(url=f"http://api.example/{LONG}", curl=f"curl {LONG}", headers=[[LONG, LONG]]),
        response=a_response(reason=LONG, headers=[[LONG, LONG]], body=a_body(f'{{"{LONG}":"{LONG}"}}')),
        variables=[{"name": LONG, "scope": "environment", "value": LONG, "secret": False, "hash": None}],
        attempts=[an_attempt(1, "failed", message=LONG), an_attempt(2, "failed", message=LONG)],
        log=[LONG],
    )
    bad = a_step(1, "failed", name=LONG, message=LONG, dataset=LONG, trail=(LONG, LONG), detail=detail)
    shape = ChangedShape(1, LONG, LONG, (PathChange(f"$.{LONG}", Change.TYPE, "number", "string"),))
    variable = ChangedVariable(VariableChange(LONG, "project", LONG, LONG), LONG, 3)
    changes = Changes(GREEN, OtherRun(37, "passed", GREEN.ended_at), 1, 1, 1, 1, 1, (shape,), (variable,), 4)
    cause = Cause("k", LONG, 9, (bad,), since=GREEN, state="known", note=LONG, link=f"https://t.example/{LONG}")
    run = a_run(project=LONG, name=LONG, title=LONG + HOSTILE, environment=LONG, reason=LONG,
                labels={"branch": LONG, "commit": "f" * 40}, totals=counted([bad]))  # fmt: skip
    file = folder / "awkward.html"
    file.write_text("".join(page(run, changes, [cause], [bad], language=language)), "utf-8")
    return file
