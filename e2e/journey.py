"""One journey through the site: what was compared, what was missing, what the browser complained of.

A journey collects units (a displayed value, a step) and ends in one result of the run. A page that does not
answer, or lacks something, is a finding and so a FAIL; a browser that crashed is an error and so UNKNOWN.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, TimeoutError, expect

from e2e.watch import Watch
from fixtures.recorder import Recorder
from migration.model import Finding, Kind, Severity

# Harmless to show in a report: dates, money, numbers, counts, and v2's own words.
PLAIN = re.compile(
    r"-|[A-Z][a-z]{2} \d{1,2}, \d{4}|\d{4}-\d\d-\d\d|\$?[\d,.]+|[a-z_]{1,24}|true|false|[A-Z0-9-]{1,9}"
)


class Stopped(Exception):
    """The journey can not go on; why is already among its findings."""


def masked(value: str) -> str:
    """A value as a finding may show it: a page could show another person's text (law 13)."""
    if PLAIN.fullmatch(value):
        return value
    return f"text[{len(value)}] #{hashlib.sha256(value.encode(errors='surrogatepass')).hexdigest()[:8]}"


class Journey:
    """Counts units that are as expected and keeps a finding for each that is not."""

    def __init__(self) -> None:
        self.matched = 0
        self.findings: list[Finding] = []
        self.step = "start"

    def equal(self, key: str, field: str, expected: str, actual: str) -> None:
        """One displayed value."""
        if expected == actual:
            self.matched += 1
            return
        self._found(Kind.MISMATCHED, key, field, expected=masked(expected), actual=masked(actual))

    def holds(self, key: str, field: str, condition: bool, expected: str) -> None:
        """One statement about a page that is true or not."""
        if condition:
            self.matched += 1
        else:
            self._found(Kind.MISMATCHED, key, field, expected=expected, actual="it is not so")

    def unexpected(self, key: str, field: str, actual: str) -> None:
        """Something that should not be there."""
        self._found(Kind.EXTRANEOUS, key, field, actual=actual)

    def sees(self, locator: Locator, what: str) -> None:
        """Wait for something the journey needs; it ends here when that does not come."""
        self.step = f"wait for {what}"
        try:
            expect(locator.first).to_be_visible()
        except AssertionError:
            self.missing()
            raise Stopped from None
        self.matched += 1

    def arrives(self, page: Page, address: re.Pattern[str], what: str) -> None:
        """Wait for an address the journey must come to."""
        self.step = f"arrive at {what}"
        page.wait_for_url(address)
        self.matched += 1

    def missing(self) -> None:
        """The page did not answer in the present step."""
        self._found(Kind.MISSING, "page", self.step, expected="the page answers in time", actual="it did not")

    def _found(self, kind: Kind, key: str, field: str, **shown: str) -> None:
        self.findings.append(Finding(kind=kind, key=key, field=field, **shown))


@contextmanager
def travel(
    record: Recorder,
    watch: Watch,
    *,
    scope: str,
    title: str,
    severity: Severity = Severity.CRITICAL,
) -> Iterator[Journey]:
    """A journey, recorded when the block ends. Complaints of the browser are findings of it."""
    journey = Journey()
    try:
        yield journey
    except Stopped:
        pass
    except TimeoutError:
        journey.missing()
    for complaint in watch.taken():
        journey.unexpected("browser", complaint.kind, complaint.text)
    record(
        scope=scope,
        title=title,
        severity=severity,
        matched=journey.matched,
        findings=journey.findings,
    )
