"""Statuses: v1's words came across, and no case flips at its first edit in v2 (weaknesses A7, A18)."""

from __future__ import annotations

from collections.abc import Iterator

from checks.oracle import status
from checks.oracle.expectation import Expected, Origin
from checks.oracle.rules import Document
from checks.tally import Tally
from checks.values import ABSENT
from migration.model import Kind


def word_name(word: str) -> str:
    """A case word as item and tally names have it: `eta-9089-audit`."""
    return word.replace(" ", "-")


class Statuses:
    """`statuses.word.<word>`, `statuses.<question>` over the cases that came from v1."""

    def __init__(self, clock_ms: int) -> None:
        self._clock_ms = clock_ms
        self._words = {word: Tally() for word in status.WORDS}
        questions = ("progress", "closure", "open_entry", "first_edit", "manual_kept")
        self._tallies = {name: Tally() for name in questions}

    def judge(self, expected: Expected | None, actual: Document, line: bytes) -> None:
        """Judge one case of v1."""
        if expected is None or expected.origin is not Origin.MADE or expected.source is None:
            return
        key, row = expected.key, expected.source
        word = status.folded(row["case_status"])
        same = actual is expected.document
        if same and expected.auto and not (actual["rfiEntries"] or actual["rfeEntries"]):
            for tally in (self._words[word], self._tallies["closure"], self._tallies["progress"]):
                tally.matched += 1  # the very words that this row was just given
            self._first_edit(key, actual, expected.auto)
            return
        wanted, reason = status.WORDS[word]
        self._words[word].check(
            key, wanted, actual.get("caseStatus", ABSENT), table="cases", path="caseStatus"
        )
        self._check("closure", key, "closureReason", reason or ABSENT, actual)
        entries = [*(actual.get("rfiEntries") or ()), *(actual.get("rfeEntries") or ())]
        entry_open = status.is_open(entries)
        progress, _ = status.progress(word, row.get("progress_status"), entry_open=entry_open)
        self._check("progress", key, "progressStatus", progress, actual)
        if entry_open and wanted != "closed":
            self._check("open_entry", key, "progressStatus", "rfi_rfe", actual)
        auto = expected.auto if same else None
        self._first_edit(key, actual, auto or status.auto(actual, self._clock_ms))

    def _first_edit(self, key: str, actual: Document, auto: tuple[str, str]) -> None:
        """What v2 would make of the case, from the target's own values, unless the override holds it."""
        held = actual.get("progressStatusOverride", ABSENT)
        stored = (actual.get("caseStatus"), actual.get("progressStatus"))
        agrees = auto == stored
        kept, tally = self._tallies["manual_kept"], self._tallies["first_edit"]
        if agrees or held is True:
            tally.matched += 1
        else:
            tally.find(
                Kind.MISMATCHED,
                key,
                table="cases",
                path="progressStatusOverride",
                expected=True,
                actual=held,
                rule="the first edit must not flip a case",
            )
        kept.check(key, ABSENT if agrees else True, held, table="cases", path="progressStatusOverride")

    def _check(self, name: str, key: str, path: str, wanted: object, actual: Document) -> None:
        self._tallies[name].check(key, wanted, actual.get(path, ABSENT), table="cases", path=path)

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """All of them."""
        for word, tally in self._words.items():
            yield f"statuses.word.{word_name(word)}", tally
        for name, tally in self._tallies.items():
            yield f"statuses.{name}", tally
