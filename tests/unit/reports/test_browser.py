"""The page in a browser: for everybody, by keyboard, on a phone, on paper, without script or network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, Request, expect

from fixtures.deployment import FIXTURES
from fixtures.portraits import A4, browser
from tests.unit.reports.rich import MAKERS, drawn

AXE = FIXTURES / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": DESK},
    "dark": {"color_scheme": "dark", "viewport": DESK},
    "phone": {"color_scheme": "light", "viewport": PHONE, "is_mobile": True, "has_touch": True},
}


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    with browser(playwright) as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of each verdict's page."""
    return {name: drawn(name, tmp_path_factory.mktemp(name)).as_uri() for name in MAKERS}


class Opened:
    """Opens a page and remembers what it asked of the world, and what it complained of."""

    def __init__(self, chromium: Browser, address: str, **look: Any) -> None:
        self.context = chromium.new_context(**look)
        self.page: Page = self.context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", self._asked)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(address)

    def _asked(self, request: Request) -> None:
        self.asked.append(request.url)


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Any]:
    made: list[Opened] = []

    def open_(address: str, **look: Any) -> Opened:
        made.append(Opened(chromium, address, **look))
        return made[-1]

    yield open_
    for one in made:
        one.context.close()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("verdict", MAKERS)
def test_axe_finds_nothing_in_any_verdict_in_light_dark_and_on_a_phone(
    verdict: str, look: str, pages: dict[str, str], opened: Any
) -> None:
    page = opened(pages[verdict], **LOOKS[look]).page
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES)
    assert len(found["passes"]) > 20
    wrong = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]
    assert wrong == []


def test_axe_would_find_a_colour_that_is_too_pale(pages: dict[str, str], opened: Any) -> None:
    page = opened(pages["PASS"], **LOOKS["light"]).page
    page.evaluate("document.querySelector('.lead').style.color = '#bbbbbb'")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    assert [one["id"] for one in found["violations"]] == ["color-contrast"]


@pytest.mark.parametrize("verdict", MAKERS)
def test_nothing_is_asked_of_the_world_and_the_browser_has_no_complaint(
    verdict: str, pages: dict[str, str], opened: Any
) -> None:
    one = opened(pages[verdict])
    one.page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    one.page.wait_for_load_state("networkidle")
    assert [url for url in one.asked if not url.startswith("data:")] == [pages[verdict]]
    assert one.complaints == []


def test_another_s_script_and_another_s_address_are_refused_by_the_page_itself(
    pages: dict[str, str], opened: Any
) -> None:
    one = opened(pages["FAIL"])
    one.page.evaluate(
        "() => { const add = (name, more) =>"
        "document.body.append(Object.assign(document.createElement(name), more));"
        "add('script', {textContent: 'window.taken = 1'}); add('img', {src: 'http://127.0.0.1:9/x.png'}); }"
    )
    one.page.wait_for_load_state("networkidle")
    assert one.page.evaluate("window.taken") is None
    assert len([text for text in one.complaints if "Content Security Policy" in text]) == 2


@pytest.mark.parametrize("verdict", MAKERS)
def test_without_script_the_verdict_and_everything_else_is_there(
    verdict: str, pages: dict[str, str], opened: Any
) -> None:
    page = opened(pages[verdict], java_script_enabled=False).page
    assert page.locator("h1").is_visible()
    assert verdict in page.locator("h1").inner_text()
    assert page.locator("#why").is_visible()
    assert not page.locator(".tools").is_visible()
    page.locator("#checks ~ details > summary").last.click()
    assert page.locator("#checks ~ details").last.locator("tbody tr").first.is_visible()


def test_the_keyboard_skips_filters_clears_and_folds(pages: dict[str, str], opened: Any) -> None:
    page = opened(pages["FAIL"]).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    expect(page.locator("#wrong")).to_be_focused()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "filter"
    page.keyboard.type("pwdWageAmount")
    expect(page.locator("#hits")).to_contain_text(" of ")
    shown = page.locator("tbody > tr:visible, article.red:visible")
    assert shown.count() >= 2
    texts = shown.all_inner_texts()
    assert all("pwdWageAmount" in text for text in texts if "\t" in text and "Key" not in text)
    page.keyboard.press("Escape")
    expect(page.locator("#hits")).to_be_empty()
    assert page.locator("[data-out]").count() == 0
    page.locator("#checks ~ details > summary").last.focus()
    before = page.locator("#checks ~ details[open]").count()
    page.keyboard.press("Enter")
    assert page.locator("#checks ~ details[open]").count() == before + 1


def test_every_thing_that_can_be_reached_by_tab_shows_where_the_focus_is(
    pages: dict[str, str], opened: Any
) -> None:
    page = opened(pages["FAIL"]).page
    seen: set[str] = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        place = page.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e);"
            "return e === document.body ? null : {style: s.outlineStyle, name: e.tagName}; }"
        )
        if place is None:
            break
        assert place["style"] == "solid", place
        seen.add(place["name"])
    assert {"A", "INPUT", "BUTTON", "SUMMARY", "DIV"} <= seen


def test_a_deep_link_opens_the_fold_around_its_check(pages: dict[str, str], opened: Any) -> None:
    name = "fields.field[cases.field07]"
    page = opened(f"{pages['PASS']}#{name}").page
    row = page.locator(f'[id="{name}"]')
    assert row.is_visible()
    assert row.evaluate("row => row.getBoundingClientRect().top < innerHeight")


def test_only_what_is_not_green_leaves_the_red_ones(pages: dict[str, str], opened: Any) -> None:
    page = opened(pages["FAIL"]).page
    page.locator("#red").check()
    assert page.locator('[id="fields.field[cases.pwdWageAmount]"]').is_visible()
    assert not page.locator('[id="fields.field[cases.field07]"]').is_visible()
    page.locator("#red").uncheck()
    page.locator("#unfold").click()
    assert page.locator('[id="fields.field[cases.field07]"]').is_visible()
    page.locator("#fold").click()
    assert page.locator("main details[open]").count() == 0


@pytest.mark.parametrize("verdict", MAKERS)
def test_a_phone_never_scrolls_sideways(verdict: str, pages: dict[str, str], opened: Any) -> None:
    page = opened(pages[verdict], **LOOKS["phone"]).page
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_on_paper_it_is_light_and_nothing_is_cut_off(pages: dict[str, str], opened: Any) -> None:
    a4 = {"width": A4[0], "height": A4[1]}
    page = opened(pages["FAIL"], viewport=a4, color_scheme="dark").page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= a4["width"]
    paper = page.pdf(prefer_css_page_size=True)
    sizes = {tuple(map(float, box)) for box in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper)}
    assert all(abs(w - 595) < 2 and abs(h - 842) < 2 for w, h in sizes)
    assert sizes
