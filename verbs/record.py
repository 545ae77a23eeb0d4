"""What is said about a run and its record: approve, reject, explain, compare, audit,
encrypt, decrypt, purge.

All work from the records alone: no pair needs to be configured or to live. Those that change the record end
by sealing it; explain, compare and audit change nothing.
"""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from migration import case, config, decision, vault
from migration.audit import Audit, examine
from migration.case import Said
from migration.cutover_toml import read_file
from migration.errors import FAIL, PASS, Refusal
from migration.model import Choice
from migration.purge import purge as remove_data
from migration.run import Run, find
from reports import compare as comparing
from reports import published
from reports.explain import explain as explained
from reports.read import evidence
from verbs import judging, work
from verbs.exits import leave
from verbs.flags import verb
from verbs.line import LINE
from verbs.show import answer

_WORDS = {0: "intact", 10: "TAMPERED WITH", 11: "can not be told"}


@verb
def approve(_: Context, by: str = "", note: str = "", sign: str = "", run: str = "") -> None:
    """Says GO by name, for what was judged and nothing else."""
    LINE.pin("", run=run)
    current = work.opened()
    case.approve(current, Said(by, note, _key(sign)))
    _decided(current, f"{by} approves run {current.id}")


@verb
def reject(_: Context, by: str = "", reason: str = "", sign: str = "", run: str = "") -> None:
    """Says no by name and reason; holds until taken back."""
    LINE.pin("", run=run)
    current = work.opened()
    case.reject(current, Said(by, reason, _key(sign)))
    _decided(current, f"{by} rejects run {current.id}")


@verb
def explain(_: Context, run: str = "") -> None:
    """A run's reasoning in plain words; what would change it."""
    folder = find(config.runs_dir(), run or None)
    current = case.gather(Run(folder, config.data_dir() / "runs" / folder.name))
    now = decision.as_record(decision.may_cut_over(current), current.standings)
    for line in explained(evidence(folder), now):
        answer(line)


@verb
def compare(_: Context, first: str, second: str) -> None:
    """Two runs: what changed; exit 0 when they agree."""
    folders = [find(config.runs_dir(), name) for name in (first, second)]
    found = comparing.compare(*(evidence(folder) for folder in folders))
    for line in comparing.lines(found, first, second):
        answer(line)
    leave(PASS if found.agree else FAIL)


@verb
def audit(_: Context, head: str = "", run: str = "") -> None:
    """Whether a run's record is as it was sealed."""
    folder = find(config.runs_dir(), run or None)
    found = examine(folder, heads=[head] if head else [])
    for line in _audited(found):
        answer(line)
    answer(
        f"Run {folder.name}: {_WORDS[found.code]}; "
        f"{found.files} files, {found.seals} seals, head {found.head or '(none)'}"
    )
    leave(found.code)


@verb
def purge(_: Context, confirm: str = "", run: str = "") -> None:
    """Removes a run's raw data; keeps and proves the evidence."""
    LINE.pin("", run=run)
    current = work.opened()
    removed = remove_data(current, confirm=confirm)
    judging.conclude(current)
    answer(
        f"Removed {removed.files:,} files with {removed.bytes:,} bytes of run {current.id}; "
        f"nothing is left in {current.data}. The evidence is kept: {_WORDS[examine(current.folder).code]}."
    )


@verb
def encrypt(_: Context, run: str = "") -> None:
    """Packs raw data and backup into an encrypted file."""
    LINE.pin("", run=run)
    current = work.opened()
    recipients = read_file(config.ROOT / "cutover.toml").privacy.age_recipients
    if not recipients:
        raise Refusal(
            "cutover.toml names nobody whom the data could be encrypted for.",
            next_step="age_recipients under [privacy]: age1..., or SSH public keys.",
        )
    packed = vault.close(current, recipients)
    judging.conclude(current)
    answer(f"Encrypted {packed.files:,} files of run {current.id}; the plain ones are gone.")


@verb
def decrypt(_: Context, identity: str, run: str = "") -> None:
    """Brings a run's encrypted data back, byte for byte."""
    LINE.pin("", run=run)
    current = work.opened()
    packed = vault.open_(current, Path(identity).expanduser())
    judging.conclude(current)
    answer(f"Decrypted {packed.files:,} files of run {current.id}; they are what was encrypted.")


@verb
def schema(_: Context) -> None:
    """Writes reports/schema/results.v1.json anew."""
    published.SCHEMA.write_text(published.schema(), encoding="utf-8")
    answer(f"Wrote {published.SCHEMA.relative_to(config.ROOT)}.")


def _decided(run: Run, said: str) -> None:
    judging.conclude(run)
    found = evidence(run.folder).decision
    reasons = "" if found["decision"] == Choice.GO else f" ({'; '.join(found['reasons'])})"
    answer(f"{said}. Decision {found['decision']}{reasons}. Head {examine(run.folder).head}")


def _audited(found: Audit) -> list[str]:
    wrong = [f"{one.file}: {one.what}" for one in found.tampered]
    return [*wrong, *(f"not told: {why}" for why in found.open), *(f"note: {note}" for note in found.notes)]


def _key(sign: str) -> Path | None:
    return Path(sign).expanduser() if sign else None
