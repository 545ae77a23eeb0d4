"""The vocabulary of a run: verdicts, findings, results, decisions, and the records on disk.

Pure data, no I/O. Every room speaks these words; `migration.run` reads and writes them.
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Verdict(StrEnum):
    """What a run, a suite or a check came to. FAIL beats UNKNOWN beats PASS (law 1)."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


EXIT_CODE = {Verdict.PASS: 0, Verdict.FAIL: 10, Verdict.UNKNOWN: 11}


class Outcome(StrEnum):
    """What one check came to on one attempt."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How much a finding of this check weighs: critical and major fail the run, minor shuts the gate."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


class Kind(StrEnum):
    """What is wrong with a unit (a row, a field value, an edge, a date)."""

    MISSING = "missing"  # in the source, not in the target
    EXTRANEOUS = "extraneous"  # in the target, not in the source
    MISMATCHED = "mismatched"  # in both, and different
    REJECTED = "rejected"  # refused by a rule (schema, validator, quarantine)
    UNVERIFIABLE = "unverifiable"  # could not be judged: never a pass


class Class(StrEnum):
    """Where a difference comes from."""

    INTRODUCED = "introduced"  # by us: a defect
    INHERITED = "inherited"  # already so in v1: carried, listed
    DECLARED = "declared"  # a documented rule, recomputed by the check


class Phase(StrEnum):
    """The stages of judging a run, in order. Those of `JUDGED` are all required for a PASS; the site through
    its public address (at the cutover) and re-checks come after the decision and are judged by themselves."""

    DATA = "data"
    APP = "app"
    SMOKE = "smoke"
    AFTER = "after"
    CUTOVER = "cutover"
    RECHECK = "recheck"


JUDGED = (Phase.DATA, Phase.APP, Phase.SMOKE, Phase.AFTER)
ROLLBACK, REHEARSED_ROLLBACK = "rollback", "rehearse rollback"
"""The ledger's names: a run that was taken back, and a rehearsal's pair on which only the time was taken."""

LATER = (Phase.CUTOVER, Phase.RECHECK)


class Choice(StrEnum):
    """The decision that follows from a verdict (DESIGN, Records)."""

    GO = "GO"
    NO_GO = "NO-GO"
    ROLLBACK = "ROLLBACK"
    HOLD = "HOLD"


CHAINED_BY = "prev"
"""What each line of an append-only record carries beside its content: the digest of the line before it."""


class Record(BaseModel):
    """A record on disk: unknown keys are refused (a typo never passes silently), and every key is written."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Finding(Record):
    """One difference, with its key always given and personal values masked by whoever made it.

    `rule` names the documented rule behind a declared or inherited difference.
    `key` is the row's key: a v1 UUID for rows, `uuid/name` for nested things.
    """

    kind: Kind
    cls: Annotated[Class, Field(alias="class")] = Class.INTRODUCED
    table: str = ""
    key: str
    field: str = ""
    expected: str | None = None
    actual: str | None = None
    rule: str = ""

    model_config = ConfigDict(populate_by_name=True)  # beside what every record has


FINDINGS_SHOWN = 20
"""Findings are bounded (law 8): totals are exact, the list is a sample of at most this many per class."""

FINDINGS_LISTED = 50_000
"""Beyond the sample, so many findings of a check are written beside the record (`CheckResult.listing`)."""


class CheckResult(Record):
    """What one check saw. `seen` is the union of the keys of both sides.

    Each unit falls into exactly one bucket: matched, or one kind in `totals`.
    Units outside matched are classed in `classes`; only introduced ones make the check fail.
    """

    id: str
    suite: str
    phase: Phase
    scope: str
    title: str = ""
    severity: Severity = Severity.CRITICAL
    outcome: Outcome
    attempt: int = 1
    seen: int = 0
    matched: int = 0
    totals: dict[Kind, int] = Field(default_factory=dict)
    classes: dict[Class, int] = Field(default_factory=dict)
    findings: list[Finding] = Field(default_factory=list)
    duration_ms: int = 0
    error: str = ""
    notes: dict[str, Any] = Field(default_factory=dict)

    @property
    def listing(self) -> str:
        """Where, in the run's folder, the findings beyond the sample lie: one a line; absent without any."""
        name = f"{self.id} {self.scope}".rstrip()
        readable = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:80]
        apart = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
        return f"evidence/findings/{self.phase.value}/{readable}-{apart}.{self.attempt}.jsonl"

    @model_validator(mode="after")
    def _buckets_add_up(self) -> Self:
        other = sum(self.totals.values())
        if self.seen != self.matched + other:
            raise ValueError(f"{self.id}: seen {self.seen} is not matched {self.matched} + others {other}")
        if other != sum(self.classes.values()):
            raise ValueError(f"{self.id}: {other} units outside matched, {self.classes} classed")
        if self.outcome is Outcome.PASS and self.classes.get(Class.INTRODUCED, 0):
            raise ValueError(f"{self.id}: introduced findings can not pass")
        if self.outcome is Outcome.PASS and self.totals.get(Kind.UNVERIFIABLE, 0):
            raise ValueError(f"{self.id}: unverifiable units can not pass")
        return self


class CheckStanding(Record):
    """What a check that does not stand as a pass came to, over all its attempts."""

    verdict: Verdict
    reason: str


class MergedResults(Record):
    """The whole of `results.json`: published as reports/schema/results.v1.json, `version` first of all.

    results: those that count, of the attempt that counts. standing: the checks that are not a pass. missing:
    by phase, the required checks without a result.
    """

    version: Literal[1] = 1
    results: list[CheckResult]
    standing: dict[str, CheckStanding]
    missing: dict[Phase, list[str]]


class StepOutcome(StrEnum):
    """How a step of the ledger ended."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"  # already done in this run, output digest unchanged


class LedgerEntry(Record):
    """One line of `ledger.jsonl`. Times are UTC ISO-8601, durations milliseconds."""

    step: str
    outcome: StepOutcome
    at: str
    duration_ms: int = 0
    digest: str = ""
    notes: dict[str, Any] = Field(default_factory=dict)
    error: str = ""
