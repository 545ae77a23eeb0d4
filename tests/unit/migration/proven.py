"""A run on the test pair that passed everything, sealed, with its gates open but for the approval."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from migration import case, features, features_of, revision, seal, verdict
from migration.case import Terms
from migration.cutover_toml import ApprovalTable
from migration.features import Attestation, SignOff
from migration.model import LedgerEntry, StepOutcome
from migration.quarantine import Resolutions
from migration.run import Run, iso
from tests.unit.migration.support import settings_for
from tests.unit.migration.test_verdict import ALL, all_green

BEGAN = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
DEPLOYMENT, PROJECT = "d" * 64, "5" * 64


def proven(folder: Path, environment: str = "test", name: str = "happy-otter-123") -> Run:
    """Moved, judged and concluded as the commands do, without either side."""
    run = Run.create(settings_for(folder), BEGAN)
    seal.open_(run)
    run.update_manifest(
        environment=environment,
        code=revision.code(),
        target={"identity": DEPLOYMENT, "name": name},
        source={"identity": PROJECT},
        clock=iso(BEGAN),
        snapshot={"fingerprint": {"public.cases": "7"}},
        transform={"resolutions": Resolutions().digest, "quarantined": 0},
    )
    for phase, ids in ALL.items():
        run.require(phase, ids)
    ended(run, "load")
    for one in all_green():
        run.append_result(one)
    ended(run, "export after_smoke", BEGAN + timedelta(minutes=20))
    (run.folder / "evidence" / "pytest-data.log").write_text("all green\n")
    everything_seen(run)
    conclude(run)
    return run


def everything_seen(run: Run) -> None:
    """Somebody has seen every feature, and what v2 drops is signed off beside the run."""
    listed, sign_offs = features.read(), terms_of(run).sign_offs
    for one in listed:
        if one.status != "dropped":
            said = Attestation(feature=one.id, by="Ann", note="seen", at=iso(BEGAN))
            features_of.attest(run, said)
        elif one.id not in {signed.feature for signed in features.signed_off(sign_offs)}:
            features.sign_off(SignOff(feature=one.id, by="Ann", reason="on purpose"), listed, sign_offs)


def ended(run: Run, step: str, at: datetime = BEGAN) -> None:
    """Notes a step's good end."""
    run.append_ledger(LedgerEntry(step=step, outcome=StepOutcome.DONE, at=iso(at)))


def conclude(run: Run, terms: Terms | None = None) -> None:
    """Verdict and decision from the records, sealed."""
    verdict.merge(run)
    seal.close(run)
    case.decide(run, terms or terms_of(run))
    seal.close(run)


def terms_of(run: Run, *, after: timedelta = timedelta(minutes=30), **rules: object) -> Terms:
    """The terms half an hour after the run began: a clock and rules of the test's own, nothing accepted."""
    return Terms(
        acceptances=run.folder.parents[2] / "acceptances.toml",
        sign_offs=run.folder.parents[2] / "signoffs.toml",
        rules=ApprovalTable.model_validate(rules),
        now=BEGAN + after,
    )
