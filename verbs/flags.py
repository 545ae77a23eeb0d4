"""The decorator of every task, and the one list of flags, so that a flag means the same everywhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, cast

from invoke.tasks import Task, task

from verbs.exits import guarded

Arguments = ParamSpec("Arguments")

FLAGS = {
    "env": "embedded, test, dress or production (default: CUTOVER_ENV, else a kept embedded pair)",
    "production": "the same as --env production",
    "confirm": "the target's name, typed; production is refused without it (decommission: what ends, typed)",
    "run": "the run to work on (default: the one begun on this line, else the latest)",
    "identity": "a file with an identity of age (age-keygen), or an SSH private key",
    "dry_run": "do and show everything that changes nothing; change nothing",
    "resume": "continue the latest run instead of beginning one",
    "auto_rollback": "on FAIL take everything back at once; the exit code stays 10",
    "back": "point the domain back at v1 instead",
    "announced": "an announcement that was cut off did go out: note it, send nothing",
    "quiet": "show no progress, only the answer",
    "workers": "worker processes for the checks (default: cutover.toml, else one a processor)",
    "keep": "leave the pair running in fixtures/.pair",
    "users": "how many v1 users to make",
    "cases": "how many v1 cases to make",
    "seed": "the number that the made-up data grows from",
    "hazards": "add rows that must be quarantined; nothing is loaded then",
    "drill": "all of it and back: break, roll back, migrate again, cut over, re-check",
    "fault": "plant this corruption after the load (see `faults`); the verdict must be FAIL",
    "names": "only the names, one a line",
    "write_docs": "write docs/detection.md anew from the catalogue",
    "fix": "mend what the linters can mend",
    "digest": "the plan's hash, as calendar.plan showed it",
    "events": "how many calendar events to make",
    "check": "the check's id, as the report's gates name it",
    "every": "all features, not only those that stand in the way of GO",
    "ids": "features by id, separated by commas",
    "count": "how many findings are accepted: exactly as many as the report shows",
    "key": "the row's key, as `quarantine` lists it",
    "table": "the row's table, as `quarantine` lists it",
    "as_": "exclude (do not migrate), assign (to the owner in --value) or value (column=text in --value)",
    "value": "what `assign` and `value` write",
    "by": "who decides",
    "accept": "take over this shut gate, by name and reason",
    "item": "what is attested; an unknown one lists those there are",
    "reason": "why",
    "vectors": "a file of date vectors, one a line (default: the public ones)",
    "what": "what to measure or to run: convex",
    "note": "what was done or seen, when, and how it is known",
    "sign": "sign with this SSH key file; cutover.toml lists whose keys count",
    "head": "a seal that you noted earlier (audit prints it): it must be one of this run's",
    "first": "the run to compare from",
    "second": "the run to compare with",
    "url": "the deployment to try instead of the embedded one (key in CONVEX_SELF_HOSTED_ADMIN_KEY)",
    "path": "which tests (default: all)",
    "repo": "the repository whose code is cleaned up",
    "branch": "the branch that is merged first (default: cutover.toml)",
    "command": "the repository's own test command (default: cutover.toml)",
    "undo": "take it back: what was attested, or the clean-up, byte for byte",
    "rehearse": "try it on a made-up repository full of traps, and take it back",
    "alone": "the repository belongs to no run, so no timeline is asked",
    "select": "only tests whose name matches this expression",
}


POSITIONAL = {"ids", "key", "check", "what", "item", "first", "second", "digest"}


def verb(body: Callable[Arguments, None]) -> Task[Callable[Arguments, None]]:
    """An invoke task whose flags are documented in `FLAGS` and whose errors end as the laws say."""
    names = list(inspect.signature(body).parameters)[1:]
    explained: dict[str, str] = {name: FLAGS[name] for name in names}
    made: Any = task(help=explained, positional=[name for name in names if name in POSITIONAL])(guarded(body))
    return cast("Task[Callable[Arguments, None]]", made)
