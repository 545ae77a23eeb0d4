"""The decision that follows from a verdict: GO, NO-GO, ROLLBACK or HOLD (DESIGN, Records).

Last step of a run, and again whenever it is asked for: it reads the run's records and nothing else, so it
gives the same answer twice. It never acts. GO needs a PASS, every gate open, an approval by name, a fresh
verdict and a real pair: evidence from the embedded pair never opens a production gate (law 12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from migration import acceptance, files, recheck
from migration.acceptance import ACCEPTANCES
from migration.errors import Refusal
from migration.model import Choice, LedgerEntry, Verdict
from migration.run import Run, iso_now
from migration.verdict import is_loaded, is_rolled_back

FRESH = timedelta(hours=4)
"""How long a verdict may be acted on: after that the target has lived on, and is judged again first."""


@dataclass(frozen=True)
class Decision:
    """What to do, why, and the state of each gate (`open` or what shuts it)."""

    choice: Choice
    verdict: Verdict
    reasons: list[str]
    gates: dict[str, str]


def decide(run: Run, *, now: datetime | None = None, acceptances: Path = ACCEPTANCES) -> Decision:
    """Writes decision.json and returns what it says. The answer depends on the records, `now` and the
    acceptances; asked again, the same answer keeps the moment of the first."""
    verdict = _read(run.folder / "verdict.json")
    approval = _read(run.folder / "approval.json")
    manifest = run.manifest()
    decision = weigh(
        Verdict(verdict.get("verdict", Verdict.UNKNOWN)),
        loaded=is_loaded(run.ledger()),
        rolled_back=is_rolled_back(run.ledger()),
        gates={
            **acceptance.gates(verdict.get("gate_shut", {}), acceptance.read(acceptances)),
            "pair": _pair(str(manifest.get("environment", ""))),
            "fresh": _fresh(run.ledger(), now or datetime.now(UTC)),
            "approved": _approved(approval, run.folder / "results.json"),
        },
    )
    if recheck.standing(run) is Verdict.FAIL and is_loaded(run.ledger()):
        reason = "a re-check after the opening found loss or change that no user made"
        decision = replace(decision, choice=Choice.ROLLBACK, reasons=[reason])
    path = run.folder / "decision.json"
    content = {
        "decision": decision.choice,
        "verdict": decision.verdict,
        "reasons": decision.reasons,
        "gates": decision.gates,
    }
    before = _read(path)
    same = {**content, "at": before.get("at")} == before
    files.write_json(path, {**content, "at": before["at"] if same else iso_now()})
    return decision


def weigh(verdict: Verdict, *, loaded: bool, gates: Mapping[str, str], rolled_back: bool = False) -> Decision:
    """The decision itself. `loaded`: the import is on the target; `rolled_back`: it was, and is no more."""
    shut = [f"gate {name}: {state}" for name, state in sorted(gates.items()) if state != "open"]
    if verdict is Verdict.FAIL and loaded:
        reason = "the migrated data or the app failed a check"
        return Decision(Choice.ROLLBACK, verdict, [reason], dict(gates))
    if verdict is Verdict.FAIL:
        reason = (
            "it failed a check and was rolled back" if rolled_back else "it failed before anything was loaded"
        )
        return Decision(Choice.NO_GO, verdict, [reason], dict(gates))
    if verdict is Verdict.UNKNOWN:
        return Decision(Choice.HOLD, verdict, ["not everything that is required was proven"], dict(gates))
    if shut or not loaded:
        reasons = shut if loaded else ["nothing of this run is loaded on the target", *shut]
        return Decision(Choice.HOLD, verdict, reasons, dict(gates))
    return Decision(Choice.GO, verdict, ["everything passed, every gate is open"], dict(gates))


def approve(run: Run, *, by: str, note: str = "") -> None:
    """Records that a named person approves the verdict as it stands now; a later verdict needs a new
    approval."""
    verdict = _read(run.folder / "verdict.json")
    if verdict.get("verdict") != Verdict.PASS:
        raise Refusal(
            f"Run {run.id} is {verdict.get('verdict', 'not judged')}: only a PASS can be approved.",
            next_step="Judge it with invoke verify smoke first.",
        )
    files.write_json(
        run.folder / "approval.json",
        {"by": by, "note": note, "at": iso_now(), "results": files.sha256_of(run.folder / "results.json")},
    )


def _pair(environment: str) -> str:
    return "open" if environment in {"test", "production"} else "rehearsal on the embedded pair"


def _fresh(ledger: Sequence[LedgerEntry], now: datetime) -> str:
    """Evidence is as old as the last export of the target that was judged."""
    exports = [entry.at for entry in ledger if entry.step.startswith("export ")]
    if not exports:
        return "nothing was judged"
    age = now - datetime.fromisoformat(exports[-1])
    return "open" if age <= FRESH else "the evidence is past its freshness limit"


def _approved(approval: Mapping[str, Any], results: Path) -> str:
    """An approval is of these very results: one more check run, and a person looks again."""
    if not approval:
        return "not yet approved"
    same = results.exists() and approval.get("results") == files.sha256_of(results)
    return "open" if same else "approved for other results"


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = files.read_json(path) if path.exists() else {}
    return content
