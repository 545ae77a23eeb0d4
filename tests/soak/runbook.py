"""`./inv soak runbook`: every command of docs/runbook.md, as an operator types it, in a copy of the checkout.

In four scenes: days before, on a pair that stands in for the test one; a dress rehearsal, on a pair whose
source stands in for production's; production from its preflight to the way back, on a pair that stands in for
it, with stand-ins of Supabase's management API, Vercel, the resolvers and the public address; and a pair to
play with, step by step. A line passes when its exit code is the one that the page gives it and it says what
it must. `tests/docs` proves that no command of the page is left out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pyrage

from checks.dates_cli import DEFAULT
from fixtures import pair as pairs
from fixtures.pair import PairState
from migration.config import ROOT
from migration.preflight.items import ATTESTED_GATES
from tests.conduct.desk import variables_of
from tests.conduct.relay import Relay
from tests.soak import typed
from tests.soak.campaign import Account, Batch, Campaign, broken, total
from tests.soak.typed import (
    ROUTE,
    Operator,
    backups,
    checkout_at,
    in_dress_of,
    name_of,
    of_production,
    toml_of,
)

LEFT_OUT = {
    "test": "it is the suite that this belongs to",
    "setup": "it would install into the environment that this runs in",
}
"""Commands of the page that are not typed, each with its reason."""

SOMEBODY = {"TEXT": "as seen"}
HEADS = r"Head ([0-9a-f]{64})"


def campaign() -> Campaign:
    """The whole of it."""
    scenes = {
        "the days before": days_before,
        "a dress rehearsal": in_dress,
        "production": production,
        "a pair to play with": to_play_with,
    }
    return Campaign(
        name="runbook",
        batches=[Batch(name, _scene(name, scene)) for name, scene in scenes.items()],
        page=page,
        judged=[
            ROOT / name
            for name in ("migration", "verbs", "checks", "e2e", "fixtures/outside.py", "docs/runbook.md")
        ]
        + [Path(str(typed.__file__)), Path(__file__)],
    )


def _scene(name: str, scene: Callable[[Path], Operator]) -> Callable[[Path], Account]:
    def carry_out(folder: Path) -> Account:
        folder.chmod(0o755)  # root's PostgreSQL runs as somebody else
        operator = scene(folder)
        wrong = [f"{name}: {one.shown}: {one.wrong}" for one in operator.lines if one.wrong]
        lines = [(one.shown, one.code, one.seconds) for one in operator.lines]
        return {"tried": len(lines), "broken": wrong, "scene": name, "lines": lines}

    return carry_out


def days_before(folder: Path) -> Operator:
    """On the test pair: rehearse, judge, decide, go back."""
    state = pairs.up(folder / "test", users=4, cases=20)
    identity = pyrage.x25519.Identity.generate()
    (folder / "identity").write_text(str(identity))
    recipient = f'age_recipients = ["{identity.to_public()}"]'
    try:
        operator = _operator(folder, lambda text: text.replace("age_recipients = []", recipient))
        types = operator.types
        types("doctor", says="ok configuration|-- configuration")
        types("rehearse", says="PASS")
        types("rehearse --fault one-cent", 10, says="one-cent .* pwdWageAmount|pwdWageAmount")
        types("rehearse --hazards", 10, says="quarantine.rows")
        types("rehearse --drill", says="re-check .* all parts .* PASS")
        types("faults --names", says="one-cent")
        operator.more = variables_of(state)
        types("preflight --env test", says="ok deployment")
        types("migrate --env test --dry-run", says="Dry run: nothing was changed on either side")
        operator.more["CUTOVER_ENV"] = "test"
        types("verify --dry-run", says="checks would be made")
        types("migrate --env test verify smoke", says="PASS decision HOLD")
        first = operator.latest()
        types("decide report", says="PASS decision HOLD")
        types("status", says="A rollback would take")
        types("rollback --env test", says="Rolled back: the target was restored and equals its backup")
        types("report", says="report.html")
        types("encrypt", says="Encrypted .* the plain ones are gone")
        types("decrypt --identity FILE", says="they are what was encrypted", FILE=str(folder / "identity"))
        types("purge", says="nothing is left in")
        types("calendar.rehearse")
        types("decommission.code --rehearse")
        types("fence --env test", says="fence: ")
        types("pause", says="pause: ")
        types("backup export", says="export: ")
        types("link transform", says="transform: ")
        types("load", says="load: ")
        types("verify smoke", says="PASS")
        types("verify smoke --auto-rollback", says="PASS")
        types("compare RUN RUN", says="They agree exactly", RUN=first)
        types("compare RUN OTHER", 10, RUN=first, OTHER=_other(operator, first))
        types("runs", says=first)
        types("dates --vectors FILE", says="0 failed|none failed", FILE=_vectors(folder))
        types("rollback --run RUN", says="Rolled back", RUN=operator.latest())
        types("fence", says="fence: ")
        types("unfence", says="The fence was lifted")
        types("rollback", says="Rolled back")
    finally:
        pairs.down(folder / "test")
    return operator


def in_dress(folder: Path) -> Operator:
    """Production's rows, read only, into the test target, and out again."""
    state = pairs.up(folder / "dress", users=4, cases=20)
    try:
        operator = _operator(folder, in_dress_of(state))
        operator.more = variables_of(state)
        operator.types("migrate --env dress verify smoke", says="PASS decision HOLD")
        operator.types("rollback --env dress", says="was restored and equals its backup")
    finally:
        pairs.down(folder / "dress")
    return operator


def production(folder: Path) -> Operator:
    """From the preflight to the way back, with everything outside stood in for."""
    state = pairs.up(folder / "production", users=4, cases=20)
    try:
        with Relay(routes={ROUTE: (200, backups())}).serving() as management:
            operator = _operator(folder, toml_of(state))
            operator.more = of_production(state, management.url)
            operator.words["NAME"] = name_of(state)
            _opened_gates(operator)
            operator.types("migrate --production --confirm NAME verify smoke", says="PASS decision HOLD")
            head = _approved(operator)
            operator.types("audit --head HEAD", says="intact", HEAD=head)
            _live_and_back(operator, state)
    finally:
        pairs.down(folder / "production")
    return operator


def _opened_gates(operator: Operator) -> None:
    types = operator.types
    types("preflight --production --confirm NAME", 12, says="ok backup .*newest backup is of")
    for gate in ATTESTED_GATES:
        types(f"attest {gate.name} --production --confirm NAME --by NAME --note TEXT", says="attests")
    for shut in ("rehearsed", "rollback-rehearsed", "dress-rehearsal", "environment"):
        line = "preflight --production --confirm NAME --accept GATE --by NAME --reason TEXT"
        types(line, 0 if shut == "environment" else 12, says="takes it over", GATE=shut, TEXT="a stand-in")
    types("preflight --production --confirm NAME", says="ok backup")


def _approved(operator: Operator) -> str:
    """What v1 had wrong is accepted, features are seen, somebody approves; the head of the record."""
    types = operator.types
    types("explain", says="What would change it")
    types("features", 0, says="features")
    types("features.ledger --every", says="AUTH-01")
    for check, count in operator.record("verdict.json")["gate_shut"].items():
        put = {"CHECK": check, "25": str(count)}
        types("accept CHECK --count 25 --by NAME --reason TEXT", 0, "accepts", **put)
    blocking = [one for one in operator.record("features.json")["features"] if one["blocks"]]
    dropped = ",".join(one["id"] for one in blocking if one["status"] == "dropped")
    types("features.sign-off ID --by NAME --reason TEXT", ID=dropped)
    put = {"ID,ID": ",".join(one["id"] for one in blocking if one["status"] != "dropped")}
    types("features.attest ID,ID --by NAME --note TEXT", 0, "", **put)
    types("features", says="Gate: open")
    types("reject --by NAME --reason TEXT", says="Decision HOLD")
    found = re.search(HEADS, types("approve --by NAME --note TEXT", says="Decision GO"))
    return found[1] if found else "none"


def _live_and_back(operator: Operator, state: PairState) -> None:
    types = operator.types
    types("cutover --production --confirm NAME --dry-run", says="nothing was changed")
    types("cutover --production --confirm NAME", says="v2 is live at .*" + str(state.outside["live"]["url"]))
    types("cutover --confirm NAME --announced", 12, says="every step of its cutover is done")
    types("status", says="decision GO; v2 is live.*A rollback would take from v2")
    types("report", says="A rollback would take from v2")
    types("recheck", says="PASS .* calls of functions failed")
    types("attest live --production --confirm NAME --by NAME --note TEXT", says="attests live")
    types("attest rollback-needed --production --confirm NAME --by NAME --note TEXT", says="attests rollback")
    types("cutover --back --confirm NAME", says="leads to v1 again")
    types("rollback", says="Rolled back: the target was restored and equals its backup")
    types("decide", 11, says="nothing of this run is loaded on the target")
    types("purge", says="nothing is left in")


def to_play_with(folder: Path) -> Operator:
    """The kept pair, the steps one by one, a row in quarantine, and the ways back."""
    operator = _operator(folder, lambda text: text)
    types, kept = operator.types, folder / "kept"
    types("pair.up", says="pair: http")
    try:
        types("pair.status", says="outside .* answers")
        types("verify smoke", 12, says="There is no run yet")
        _quarantined(operator, kept)
        types("pair.seed", says="source: ")
        types("migrate verify smoke", says="PASS")
    finally:
        types("pair.down", says="the pair has ended")
    types("rehearse --keep", says="PASS")
    types("pair.down", says="the pair has ended")
    return operator


def _quarantined(operator: Operator, kept: Path) -> None:
    """One row with an impossible date: it waits, is decided, and the run goes on."""
    state = pairs.read(kept)
    assert state is not None
    with psycopg.connect(state.postgres_dsn, autocommit=True) as connection:
        row = connection.execute(
            "UPDATE public.cases SET pwd_filing_date = 'infinity' WHERE id ="
            " (SELECT c.id FROM public.cases c JOIN public.users u ON u.id = c.user_id"
            " WHERE u.email NOT LIKE 'canary%' ORDER BY c.id LIMIT 1) RETURNING id::text"
        ).fetchone()
    operator.types("migrate", 10, says="quarantine.rows")
    key = str(row[0]) if row else "none"
    operator.types("quarantine.rows", says=key)
    operator.types("quarantine.resolve KEY --as exclude --by NAME --reason TEXT", KEY=key)
    operator.types("migrate --resume verify smoke", says="PASS")


def _operator(folder: Path, edit: Callable[[str], str]) -> Operator:
    checkout = folder / "checkout"
    checkout.mkdir()
    (folder / "data").mkdir(mode=0o700)
    return Operator(checkout_at(checkout, edit), folder, words=dict(SOMEBODY))


def _other(operator: Operator, other_than: str) -> str:
    """The id of a run on other data."""
    runs = sorted(
        path.parent.name for path in (operator.checkout / "reports" / "runs").glob("*/manifest.json")
    )
    return next(run for run in runs if run != other_than)


def _vectors(folder: Path) -> str:
    """A file with some of the public vectors."""
    file = folder / "vectors.jsonl"
    file.write_text("".join(DEFAULT.read_text().splitlines(keepends=True)[:20]))
    return str(file)


def page(accounts: list[Account]) -> str:
    """docs/soak-runbook.md."""
    wrong = broken(accounts)
    rows = [
        f"| {account['scene']} | `./inv {shown}` | {code} | {seconds:.1f} |"
        for account in accounts
        for shown, code, seconds in account["lines"]
    ]
    return "\n".join(
        [
            "# The runbook, typed\n",
            "Made by `./inv soak runbook`, which goes on where it was stopped; do not edit. Every command of",
            "[runbook.md](runbook.md) was typed in a copy of the checkout, on embedded pairs; one stands in",
            "for the test pair and one for production, with local stand-ins of Supabase's management API, of",
            "Vercel, of the resolvers and of the public address. Sizes are small (4 users, 20 cases).\n",
            f"{total(accounts, 'tried'):,.0f} lines, {len(wrong)} of them not as the page says. Left out: "
            + "; ".join(f"`{name}` ({why})" for name, why in LEFT_OUT.items())
            + ".\n",
            *(f"- {line}" for line in wrong),
            "| Scene | Line | Exit code | Seconds |",
            "| --- | --- | ---: | ---: |",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(campaign().main())
