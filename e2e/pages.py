"""The pages of the site as the journeys speak of them. Selectors are those of v2's real user interface.

Names of buttons are matched exactly but without regard to case; ids and test ids where v2 has them.
"""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page

ALL_CASES = "/cases?activeOnly=false"
CASE_ADDRESS = re.compile(r"/cases/(?!new$)([^/?#]+)$")


def exactly(words: str) -> re.Pattern[str]:
    """The whole accessible name, in whichever capitals."""
    return re.compile(rf"^\s*{re.escape(words)}\s*$", re.IGNORECASE)


class LoginPage:
    """/login"""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.submit = page.get_by_role("button", name=exactly("Sign In"))
        self.refusal = page.locator(
            "[data-sonner-toast]", has_text="Invalid email or password. Please try again."
        )

    def open(self) -> None:
        self.page.goto("/login")

    def sign_in(self, email: str, password: str) -> None:
        self.page.locator("#email").fill(email)
        self.page.locator("#password").fill(password)
        self.submit.click()


class Dashboard:
    """/dashboard"""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.greeting = page.get_by_role("heading", level=1, name=re.compile("^Welcome back"))
        self.terms = page.locator("#terms-modal")
        self.tiles = page.locator("[data-tour=summary-tiles]")
        self.counts = self.tiles.get_by_test_id("main-count")

    def open(self) -> None:
        self.page.goto("/dashboard")

    def count(self, status: str) -> str:
        """The number on a tile, or "no tile"."""
        tile = self.tiles.locator(f"[data-status={status}]").get_by_test_id("main-count")
        return tile.inner_text().strip() if tile.count() else "no tile"

    def total(self) -> str:
        """The number above the word Total."""
        words = self.tiles.get_by_text("Total", exact=True).locator("xpath=..").inner_text()
        found = re.search(r"\d+", words)
        return found.group() if found else words.strip()


class CaseList:
    """/cases"""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.heading = page.get_by_role("heading", level=1, name="Cases")
        self.cards = page.get_by_test_id("case-card")
        self.empty = page.get_by_test_id(re.compile("^empty-state-"))
        self.bar = page.get_by_test_id("selection-bar")

    def open_all(self, search: str = "") -> None:
        self.page.goto(ALL_CASES + (f"&search={search}" if search else ""))

    def number(self) -> str:
        """The number in "n cases" below the heading."""
        words = self.page.locator("#main-content").get_by_text(re.compile(r"^\d+( total)? cases?$")).first
        return words.inner_text().split()[0]

    def show_all(self) -> None:
        self.page.get_by_test_id("case-filter-bar").get_by_role("button", name=exactly("All")).click()

    def select_all(self) -> None:
        """Every case of the current filter, over all pages."""
        self.page.get_by_role("button", name=exactly("Enter selection mode")).click()
        self.page.get_by_test_id("selection-checkbox").first.click()
        select = self.page.get_by_role("button", name=re.compile("^select all", re.IGNORECASE))
        select.filter(visible=True).first.click()

    def export_csv(self) -> Locator:
        """The visible one of two copies of the button."""
        return self.bar.get_by_role("button", name=exactly("Export CSV")).filter(visible=True).first


# Everything in the page that carries a stored value, section by section, read in one go.
READ_SECTIONS = """() => {
  const sections = {};
  for (const button of document.querySelectorAll("button[aria-expanded]")) {
    const title = button.querySelector("h3");
    if (!title) continue;
    let root = button;
    const others = (node) => [...node.querySelectorAll("button[aria-expanded] h3")].some((h) => h !== title);
    while (root.parentElement && !others(root.parentElement)) root = root.parentElement;
    const fields = [], texts = [];
    let group = "";
    for (const node of root.querySelectorAll("*")) {
      if (node.tagName === "H4") group = node.textContent.trim();
      if (node.tagName === "DT") {
        fields.push([group, node.textContent.trim(), node.nextElementSibling?.textContent ?? ""]);
      } else if (node.tagName === "LI" || (!node.children.length && !node.closest("dl"))) {
        texts.push([group, node.textContent]);
      }
    }
    sections[title.textContent.trim()] = { fields, texts };
  }
  return sections;
}"""


class CaseDetail:
    """/cases/{id}"""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.title = page.get_by_role("heading", level=1)
        self.not_found = page.get_by_role("heading", name=exactly("Case Not Found"))
        self.sections = page.locator("button[aria-expanded] h3")
        self.actions = page.get_by_role("button", name=exactly("Actions"))

    def open(self, case_id: str) -> None:
        self.page.goto(f"/cases/{case_id}")

    def read(self) -> dict[str, dict[str, list[list[str]]]]:
        """{section: {fields: [[h4, label, value]], texts: [[h4, text]]}}; folded sections are not in it."""
        content: dict[str, Any] = self.page.evaluate(READ_SECTIONS)
        return content

    def delete(self) -> None:
        """Ask for deletion and confirm it."""
        self.actions.click()
        self.page.get_by_role("menuitem", name=re.compile("^delete", re.IGNORECASE)).click()
        dialog = self.page.get_by_role("dialog").or_(self.page.get_by_role("alertdialog"))
        dialog.get_by_role("button", name=re.compile("^delete", re.IGNORECASE)).click()


class CaseForm:
    """/cases/new and /cases/{id}/edit"""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.save_button = page.get_by_role("button", name=exactly("Save Case"))

    def open_new(self) -> None:
        self.page.goto("/cases/new")

    def open_edit(self, case_id: str) -> None:
        self.page.goto(f"/cases/{case_id}/edit")

    def fill(self, field: str, value: str) -> None:
        """Type into the input of a field and leave it: v2 checks dates when the focus goes."""
        self.page.locator(f"#{field}").fill(value)
        self.page.locator(f"#{field}").blur()

    def switch_off(self, switch: str) -> None:
        button = self.page.locator(f"#{switch}")
        if button.get_attribute("aria-checked") == "true":
            button.click()

    def save(self) -> None:
        self.save_button.click()
