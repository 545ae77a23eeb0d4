"""Counting what a check saw: every unit in one bucket, totals exact, findings a bounded sample."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from checks.values import ABSENT, same, shown_pair
from migration.model import FINDINGS_LISTED, FINDINGS_SHOWN, Class, Finding, Kind


@dataclass
class Tally:
    """The units of one check: `matched` ones, and the others by kind and by class.

    `findings` is the sample that the record shows, `further` those beyond it as lines of JSON: a tenth of the
    memory, and nobody looks at them one by one.
    """

    matched: int = 0
    totals: Counter[Kind] = field(default_factory=Counter)
    classes: Counter[Class] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    further: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    @property
    def seen(self) -> int:
        """All units, matched or not."""
        return self.matched + sum(self.totals.values())

    def match(self, units: int = 1) -> None:
        """Units that are as they should be."""
        self.matched += units

    def note(self, what: str, units: int = 1) -> None:
        """Something worth counting that is no finding."""
        self.notes[what] += units

    def find(
        self,
        kind: Kind,
        key: str,
        *,
        cls: Class = Class.INTRODUCED,
        table: str = "",
        path: str = "",
        expected: object = ABSENT,
        actual: object = ABSENT,
        rule: str = "",
    ) -> None:
        """One unit that is not as it should be. Values are masked here."""
        self.totals[kind] += 1
        self.classes[cls] += 1
        shown = self.classes[cls] <= FINDINGS_SHOWN
        if not shown and len(self.further) >= FINDINGS_LISTED:
            return
        left, right = shown_pair(expected, actual)
        found = Finding(
            kind=kind, cls=cls, table=table, key=key, field=path, expected=left, actual=right, rule=rule
        )
        if shown:
            self.findings.append(found)
        else:
            self.further.append(_line(found))

    def add(
        self, kind: Kind, units: int, *, cls: Class = Class.INTRODUCED, table: str = "", rule: str = ""
    ) -> None:
        """Units that are known by their number alone; with a rule, one finding stands for all of them."""
        if units > 0 and rule:
            self.find(kind, table, cls=cls, table=table, rule=rule, actual=units)
            units -= 1
        if units > 0:
            self.totals[kind] += units
            self.classes[cls] += units

    def join(self, other: Tally) -> None:
        """Take over the units that another counted; of the findings as many as are shown and listed."""
        self.matched += other.matched
        self.totals.update(other.totals)
        self.classes.update(other.classes)
        self.notes.update(other.notes)
        kept = Counter(finding.cls for finding in self.findings)
        for finding in other.findings:
            kept[finding.cls] += 1
            if kept[finding.cls] <= FINDINGS_SHOWN:
                self.findings.append(finding)
            else:
                self.further.append(_line(finding))
        self.further.extend(other.further)
        del self.further[FINDINGS_LISTED:]

    def check(
        self,
        key: str,
        expected: object,
        actual: object,
        *,
        cls: Class = Class.INTRODUCED,
        table: str = "",
        path: str = "",
    ) -> None:
        """One unit whose value is `actual` and should be `expected`, both exact; `cls` if it is not."""
        if same(expected, actual):
            self.matched += 1
            return
        kind = kind_of(expected, actual)
        self.find(kind, key, cls=cls, table=table, path=path, expected=expected, actual=actual)

    def dump(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "matched": self.matched,
            "totals": {str(kind): units for kind, units in self.totals.items()},
            "classes": {str(cls): units for cls, units in self.classes.items()},
            "findings": [finding.model_dump(mode="json", by_alias=True) for finding in self.findings],
            "further": self.further,
            "notes": dict(self.notes),
        }

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> Tally:
        """The tally that was dumped."""
        return cls(
            matched=dumped["matched"],
            totals=Counter({Kind(kind): units for kind, units in dumped["totals"].items()}),
            classes=Counter({Class(name): units for name, units in dumped["classes"].items()}),
            findings=[Finding.model_validate(finding) for finding in dumped["findings"]],
            further=dumped["further"],
            notes=Counter(dumped["notes"]),
        )


def _line(finding: Finding) -> str:
    return finding.model_dump_json(by_alias=True)


def kind_of(expected: object, actual: object) -> Kind:
    """What a difference between these two values is called."""
    if actual is ABSENT:
        return Kind.MISSING
    return Kind.EXTRANEOUS if expected is ABSENT else Kind.MISMATCHED
