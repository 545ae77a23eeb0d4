"""An approval is of what was seen: whatever is other afterwards voids it, each change with its own reason."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from migration import approval, audit, bound, case, chain, revision, seal, verdict
from migration.case import Said, Terms
from migration.decision import Decision, may_cut_over
from migration.errors import Refusal
from migration.model import Choice, LedgerEntry, StepOutcome
from migration.run import Run, iso
from tests.unit.migration.proven import BEGAN, conclude, ended, proven, terms_of
from tests.unit.migration.test_verdict import result

DAY = timedelta(hours=24)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return proven(tmp_path)


@pytest.fixture
def approved(run: Run) -> Run:
    """A GO."""
    say(run, case.approve, Said("Ann", "looked at the sample"))
    assert now(run).choice is Choice.GO
    return run


def say(run: Run, word: Callable[[Run, Said, Terms], None], said: Said, terms: Terms | None = None) -> None:
    """As the command does: said, concluded, sealed."""
    word(run, said, terms or terms_of(run))
    conclude(run, terms)


def now(run: Run, terms: Terms | None = None) -> Decision:
    return may_cut_over(case.gather(run, terms or terms_of(run)))


def voided(run: Run, terms: Terms | None = None) -> tuple[str, ...]:
    """Why the only approval counts no more."""
    (one,) = case.gather(run, terms or terms_of(run)).standings
    return one.void


# ---------------------------------------------------------------- what voids it


def test_new_results_void_it(approved: Run) -> None:
    approved.append_result(result(id="data.later"))
    conclude(approved)
    assert voided(approved) == ("the evidence has changed since",)
    assert now(approved).reasons == ["gate approved: Ann's approval is void: the evidence has changed since"]


def test_another_step_voids_it(approved: Run) -> None:
    ended(approved, "judge data")
    conclude(approved)
    assert voided(approved) == ("the evidence has changed since",)


@pytest.mark.parametrize("name", ["evidence/pytest-data.log", "evidence/new.png", "manifest.json"])
def test_edited_evidence_voids_it_and_shuts_the_record_s_gate(name: str, approved: Run) -> None:
    path = approved.folder / name
    if name == "manifest.json":
        approved.update_manifest(sample={"seed": 1})
    else:
        path.write_bytes(b"other")
    held = now(approved)
    assert (held.choice, voided(approved)) == (Choice.HOLD, ("the evidence has changed since",))
    assert name in held.gates["record"]


def test_partial_evidence_can_not_be_approved_and_voids_what_was(approved: Run) -> None:
    (approved.folder / "evidence" / "pytest-data.log").unlink()
    assert voided(approved) == ("the evidence has changed since",)
    with pytest.raises(Refusal, match=r"record: evidence/pytest-data\.log: was deleted"):
        case.approve(approved, Said("Bob"), terms_of(approved))
    results = approved.folder / "results.jsonl"
    results.write_bytes(b"\n".join(results.read_bytes().split(b"\n")[:-2]) + b"\n")
    verdict.merge(approved)
    with pytest.raises(Refusal, match="is UNKNOWN: only a PASS"):
        case.approve(approved, Said("Bob"), terms_of(approved))


def test_stale_evidence_can_not_be_approved(run: Run) -> None:
    with pytest.raises(Refusal, match="fresh: the evidence is past its freshness limit"):
        case.approve(run, Said("Ann"), terms_of(run, after=timedelta(hours=5)))


def test_it_expires_after_a_day_and_is_not_from_the_future(approved: Run) -> None:
    half_past = timedelta(minutes=30)
    assert voided(approved, terms_of(approved, after=half_past + DAY - timedelta(seconds=1))) == ()
    (why,) = voided(approved, terms_of(approved, after=half_past + DAY))
    assert why == "it expired at 2026-01-16T12:30:00.000Z"
    assert voided(approved, terms_of(approved, after=timedelta(0))) == ("it is dated in the future",)


def test_foreign_evidence_is_refused(approved: Run, tmp_path: Path) -> None:
    other = Run(approved.folder.with_name("20260115T120000Z-ffff"), tmp_path / "elsewhere")
    shutil.copytree(approved.folder, other.folder)
    assert "given for another run" in voided(other)[0]
    assert f"is the record of another run, {approved.id}" in now(other).gates["record"]
    with pytest.raises(Refusal, match="is the record of another run"):
        case.approve(other, Said("Bob"), terms_of(approved))


def test_an_approval_of_another_run_counts_nothing_here(approved: Run, tmp_path: Path) -> None:
    other = proven(tmp_path / "other")
    shutil.copy(approved.folder / approval.NAME, other.folder / approval.NAME)
    conclude(other)
    assert "it was given for another run" in voided(other)
    held = now(other)
    assert held.choice is Choice.HOLD
    assert "approvals.jsonl: line 1" in held.gates["record"]


def test_another_deployment_than_the_one_that_was_judged(approved: Run) -> None:
    terms = terms_of(approved)
    connected = Terms(terms.acceptances, terms.rules, terms.now, target="another")
    held = now(approved, connected)
    assert voided(approved, connected) == ("it was given for another deployment",)
    assert held.gates["deployment"] == "another deployment was judged"


def test_another_revision(approved: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revision, "code", lambda: "f" * 64)
    assert voided(approved) == ("it was given for another revision of Cutover",)
    assert now(approved).gates["revision"] == "judged by another revision than the one in use"


def test_another_mapping_is_told_by_its_code_its_decisions_and_what_was_accepted(
    approved: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = ("the mapping has changed since, or a decision about a row, or an acceptance",)
    accepting = terms_of(approved).acceptances
    accepting.write_text('[[accept]]\ncheck = "data.old"\ncount = 1\nby = "Ann"\nreason = "so in v1"\n')
    assert voided(approved) == changed
    accepting.unlink()
    assert voided(approved) == ()
    with monkeypatch.context() as patch:
        patch.setattr(bound, "resolutions", lambda _: "other")
        assert voided(approved) == changed
        assert now(approved).gates["mapping"] != "open"
    monkeypatch.setattr(revision, "digest_of_mapping", lambda: "other")
    assert voided(approved) == changed


def test_a_purge_of_raw_data_and_a_refused_command_void_nothing(approved: Run) -> None:
    approved.append_ledger(LedgerEntry(step="purge", outcome=StepOutcome.DONE, at="2026-01-15T13:00:00.000Z"))
    approved.update_manifest(stopped="It was refused.")
    (approved.folder / "run.log").write_text("a refusal\n")
    conclude(approved)
    assert now(approved).choice is Choice.GO


def test_the_list_of_a_re_check_s_findings_voids_nothing_and_one_of_the_data_does(approved: Run) -> None:
    approved.list_findings(result("fail", id="recheck.lost", phase="recheck"), ['{"key": "k"}'])
    assert voided(approved) == ()
    approved.list_findings(result("fail", id="data.lost"), ['{"key": "k"}'])
    assert voided(approved) != ()


# ---------------------------------------------------------------- who says it


def test_a_rejection_holds_the_run_until_the_same_person_approves(approved: Run) -> None:
    say(approved, case.reject, Said("Bob", "the wage of case 7"))
    held = now(approved)
    assert (held.choice, held.reasons) == (
        Choice.HOLD,
        ["gate approved: rejected by Bob: the wage of case 7"],
    )
    say(approved, case.approve, Said("Ann"))
    assert now(approved).choice is Choice.HOLD
    say(approved, case.approve, Said(" bob "))
    assert now(approved).choice is Choice.GO


def test_a_rejection_is_never_void(run: Run) -> None:
    say(run, case.reject, Said("Bob", "not like this"))
    run.append_result(result(id="data.later"))
    conclude(run)
    late = terms_of(run, after=timedelta(days=3))
    assert now(run, late).gates["approved"] == "rejected by Bob: not like this"


def test_a_rejection_needs_its_reason_and_both_need_a_name(run: Run) -> None:
    with pytest.raises(Refusal, match="needs its reason"):
        case.reject(run, Said("Bob", " "), terms_of(run))
    for word in (case.approve, case.reject):
        with pytest.raises(Refusal, match="Nobody is named"):
            word(run, Said(" ", "x"), terms_of(run))
    assert not (run.folder / approval.NAME).exists()


def test_two_people_are_two_people(run: Run) -> None:
    two = terms_of(run, approvers=2)
    say(run, case.approve, Said("Ann"), two)
    say(run, case.approve, Said("ann "), two)
    assert now(run, two).gates["approved"] == "approved by 1 of the 2 people that are needed"
    say(run, case.approve, Said("Bob"), two)
    assert now(run, two).choice is Choice.GO


# ---------------------------------------------------------------- signatures


@pytest.fixture
def key(tmp_path: Path) -> Callable[[str], tuple[Path, str]]:
    """A function: name -> a new key file, and its public part."""

    def made(name: str) -> tuple[Path, str]:
        path = tmp_path / f"key-{name}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
        return path, path.with_suffix(".pub").read_text().strip()

    return made


def test_a_signed_approval_is_verified_by_the_allowed_signers(
    run: Run, key: Callable[[str], tuple[Path, str]]
) -> None:
    private, public = key("ann")
    rules = terms_of(run, signed=True, allowed_signers=[f'"Ann Lee" {public}'])
    with pytest.raises(Refusal, match="Only signed approvals count"):
        case.approve(run, Said("Ann Lee"), rules)
    say(run, case.approve, Said("Ann Lee", key=private), rules)
    assert now(run, rules).choice is Choice.GO
    assert case.gather(run, rules).standings[0].key.startswith("SHA256:")
    nobody = terms_of(run, signed=True)
    assert voided(run, nobody) == ("its signature does not hold",)
    assert now(run, nobody).choice is Choice.HOLD


def test_a_key_that_is_not_listed_for_that_name_is_refused_and_nothing_is_recorded(
    run: Run, key: Callable[[str], tuple[Path, str]], tmp_path: Path
) -> None:
    (anns, public), (others, _) = key("ann"), key("other")
    rules = terms_of(run, allowed_signers=[f"ann {public}"])
    for said in (Said("ann", key=others), Said("bob", key=anns)):
        with pytest.raises(Refusal, match="its signature proves nothing"):
            case.approve(run, said, rules)
    with pytest.raises(Refusal, match="There is no key file"):
        case.approve(run, Said("ann", key=tmp_path / "absent"), rules)
    with pytest.raises(Refusal, match="could not sign"):
        case.approve(run, Said("ann", key=run.folder / "manifest.json"), rules)
    assert not (run.folder / approval.NAME).exists()


def test_one_key_under_two_names_is_one_person(run: Run, key: Callable[[str], tuple[Path, str]]) -> None:
    private, public = key("ann")
    rules = terms_of(run, approvers=2, signed=True, allowed_signers=[f"ann {public}", f"bob {public}"])
    for name in ("ann", "bob"):
        say(run, case.approve, Said(name, key=private), rules)
    assert now(run, rules).gates["approved"] == "approved by 1 of the 2 people that are needed"


def test_a_signed_approval_survives_no_edit_even_when_every_record_and_seal_is_written_anew(
    run: Run, key: Callable[[str], tuple[Path, str]]
) -> None:
    private, public = key("ann")
    rules = terms_of(run, signed=True, allowed_signers=[f"ann {public}"])
    say(run, case.approve, Said("ann", key=private), rules)

    def nothing(_: dict[str, Any]) -> None:
        """The forger keeps the approval."""

    rewrite(run, nothing)
    found = audit.examine(run.folder)
    assert any(one.file == "seals.jsonl" and "known from an approval" in one.what for one in found.tampered)

    def adjust(line: dict[str, Any]) -> None:
        line["bound"] |= {"seal": seal.read(run.folder).head, "evidence": bound.evidence(run.folder)}

    rewrite(run, adjust)
    assert audit.examine(run.folder).code == 0, "nothing but the signature tells of it"
    assert voided(run, rules) == ("its signature does not hold",)
    assert now(run, rules).choice is Choice.HOLD


def rewrite(run: Run, adjust: Callable[[dict[str, Any]], None]) -> None:
    """What somebody could do who rewrites everything: evidence, chains, seals, decision."""
    lines = [chain.content_of(line) for line in chain.lines((run.folder / approval.NAME).read_bytes())]
    for name in (seal.NAME, approval.NAME, "decision.json"):
        (run.folder / name).unlink(missing_ok=True)
    (run.folder / "evidence" / "pytest-data.log").write_text("forged\n")
    seal.open_(run)
    for line in lines:
        adjust(line)
        chain.append(run.folder / approval.NAME, line)
    seal.close(run)


def test_what_is_signed_is_the_whole_approval(approved: Run) -> None:
    (one,) = approval.read(approved)
    said = orjson.loads(approval.signed_content(one))
    assert set(said) == {"word", "by", "text", "at", "expires", "bound"}
    assert said["at"] == iso(BEGAN + timedelta(minutes=30))
    for name, value in said.items():
        other = {**value, "evidence": "x"} if name == "bound" else "reject" if name == "word" else "x"
        changed = approval.Approval.model_validate({**said, name: other})
        assert approval.signed_content(changed) != approval.signed_content(one)
