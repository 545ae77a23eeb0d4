"""Reads the evidence of the items that no person has to vouch for: the run's records, the calendar's proof,
the old API's traffic. Changes nothing.

What is missing, of another run, of a time still to come or not to be read is never good: it is "not yet",
with a sentence that says what is missing; what speaks against an item is "bad".
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from migration import files, standing
from migration.audit import examine
from migration.config import Settings
from migration.decommission import access_log
from migration.decommission.providers import Render
from migration.decommission.timeline import Met, Reading
from migration.errors import PASS, CutoverError
from migration.model import Choice, Verdict
from migration.run import Run
from migration.verdict import is_rolled_back

PROOF = Path("calendar") / "prove.json"
DAY = timedelta(days=1)
KNOWN = 30 * DAY
"""How far back Render's figures may show a request: to when v1 was in use, for its users left at go-live."""


def judged(run: Run) -> Reading:
    """The run is loaded, PASS, opened, not taken back, and its record is as it was sealed."""
    if is_rolled_back(run.ledger()):
        return Reading(Met.BAD, f"Run {run.id} was rolled back.")
    found = examine(run.folder)
    if found.code != PASS:
        what = next((one.file for one in found.tampered), "it was never sealed")
        return Reading(Met.BAD, f"The record of run {run.id} is not as it was sealed: {what}.")
    decision = files.read_or_empty(run.folder / "decision.json").get("decision")
    if decision in {Choice.ROLLBACK, Choice.NO_GO}:
        return Reading(Met.BAD, f"The decision of run {run.id} is {decision}.")
    verdict = files.read_or_empty(run.folder / "verdict.json").get("verdict")
    if not standing.committed(run) or not standing.was_opened(run) or verdict != Verdict.PASS:
        return Reading(
            Met.NOT_YET,
            f"Run {run.id} is not loaded, opened and judged PASS (it is {verdict or 'unjudged'}).",
        )
    return Reading(Met.YES, f"Run {run.id} is PASS and open.", _digest(run.folder / "verdict.json"))


def stable(run: Run, live: datetime | None, span: timedelta, now: datetime) -> Reading:
    """A re-check so long after go-live is PASS, and none was ever FAIL."""
    path = run.folder / "recheck.json"
    record = files.read_or_empty(path)
    entries = record.get("rechecks") or []
    if any(one.get("verdict") == Verdict.FAIL for one in entries):
        return Reading(Met.BAD, "A re-check found loss or change that no user made.")
    if live is None:
        return Reading(Met.NOT_YET, "v2 is not attested live.")
    late = [one for one in entries if (at := moment(one.get("at"))) and live + span <= at <= now]
    wanted = f"{span / timedelta(hours=1):.0f} hours after go-live"
    if not late:
        return Reading(Met.NOT_YET, f"No re-check of {wanted} or later: ./inv recheck.")
    last = late[-1]
    if last.get("verdict") != Verdict.PASS:
        return Reading(Met.NOT_YET, f"The last re-check is {last.get('verdict')}: ./inv recheck.")
    return Reading(Met.YES, f"The re-check of {last['at']} is PASS.", _digest(path))


def calendar(run: Run, live: datetime | None, now: datetime) -> Reading:
    """The clean-up of v1's calendar events proved that none is left, after go-live."""
    path = run.folder / PROOF
    if not path.exists():
        return Reading(Met.NOT_YET, "v1's calendar events are not proven gone: ./inv calendar.prove.")
    proof = files.read_or_empty(path)
    if proof.get("run") not in (None, run.id):
        return Reading(Met.NOT_YET, f"The calendar's proof is of run {proof['run']}.")
    left, finished = _count(proof.get("left")), moment(proof.get("finished") or proof.get("at"))
    if left is None or finished is None:
        return Reading(Met.NOT_YET, "The calendar's proof can not be read.")
    if left or proof.get("verdict", Verdict.PASS) != Verdict.PASS:
        return Reading(Met.NOT_YET, f"{left} of v1's calendar events are left, or could not be looked for.")
    if live is None or not live <= finished <= now:
        return Reading(
            Met.NOT_YET, f"The calendar's proof is of {finished:%Y-%m-%d %H:%M}, not since go-live."
        )
    return Reading(
        Met.YES, f"None of v1's calendar events is left ({finished:%Y-%m-%d %H:%M} UTC).", _digest(path)
    )


def traffic(settings: Settings, since: datetime | None, now: datetime) -> Reading:
    """Nobody has called the old API in the last 24 hours, which are all after the scaling."""
    table = settings.decommission
    if since is None:
        return Reading(Met.NOT_YET, "The service is not scaled to zero yet.")
    if table.access_log:
        path = Path(table.access_log).expanduser()
        try:
            found = access_log.quiet(_lines(path), since, now, table.health_checks)
        except (OSError, EOFError) as error:
            return Reading(Met.NOT_YET, f"The access log can not be read ({type(error).__name__}).")
        return Reading(found.met, found.detail, _digest(path))
    if not settings.render_key or not table.render_service:
        return Reading(Met.NOT_YET, "There is no access log, and Render is not configured: nobody can tell.")
    try:
        with Render(settings.render_api, settings.render_key) as render:
            return _figures(render, table.render_service, since, now)
    except CutoverError as error:
        return Reading(Met.NOT_YET, f"{error.happened} {error.next_step}".strip())


def _figures(render: Render, service: str, since: datetime, now: datetime) -> Reading:
    """By Render's own figures. That they count at all is shown by requests of before the scaling."""
    if now - since < DAY:
        hours = (now - since) / timedelta(hours=1)
        return Reading(Met.NOT_YET, f"It is {hours:.0f} hours since the scaling, not 24.")
    known = render.requests(service, since - KNOWN, since)
    if not known:
        return Reading(
            Met.NOT_YET, "Render has no figures of before the scaling, so none of after it prove anything."
        )
    last = render.requests(service, now - DAY, now) or 0.0
    if last:
        return Reading(Met.NOT_YET, f"{last:.0f} requests in the last 24 hours, by Render's figures.")
    return Reading(
        Met.YES,
        f"No request in the 24 hours before {now:%Y-%m-%d %H:%M} UTC, by Render ({known:.0f} before).",
    )


def moment(text: object) -> datetime | None:
    """A record's moment; None for what is none, or has no zone."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _count(left: object) -> int | None:
    """How many are left: a number, or numbers by user."""
    if isinstance(left, Mapping):
        counts = [_count(one) for one in left.values()]
        return None if None in counts else sum(one or 0 for one in counts)
    return left if isinstance(left, int) and not isinstance(left, bool) else None


def _lines(path: Path) -> Iterator[str]:
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", errors="replace") as log:
        yield from log


def _digest(path: Path) -> str:
    return files.sha256_of(path) if path.is_file() else ""
