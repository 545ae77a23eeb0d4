"""The steps of a migration, as one table: what each reads, writes and does. Tasks, dry run, ledger and
resume follow.

fence, pause, backup, export, link, transform, load. A step is done when its output's digest is recorded;
it is skipped on resume when its inputs' digests and its files are still those it was done with. How they
are run one after the other is `migration.flow`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from migration import backup, drift, drift_rows, fence, files, link, load, quarantine, snapshot, union
from migration.accounting import TableAccount
from migration.context import Context
from migration.errors import Refusal, RowsQuarantined, RunIncomplete
from migration.mapping import dropped
from migration.run import iso, iso_now
from migration.transform import TransformReport, transform
from migration.union import Parts, Union


@dataclass(frozen=True)
class Done:
    """What a step came to: the digest of its output, and counts worth showing."""

    digest: str
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One step. `rehearse` is its dry run: by default the same, into a scratch folder.

    inputs: the steps whose output it reads. outputs: its files in the run's data folder (`*` allowed).
    again: done anew on resume, because it is cheap and changes nothing the second time.
    """

    name: str
    title: str
    run: Callable[[Context], Done]
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    rehearse: Callable[[Context], Done] | None = None
    again: bool = False
    touches: bool = False


def _fence(context: Context) -> Done:
    if not context.settings.fences:
        return _may_fence(context)
    fenced = fence.up(context.source, context.run.id)
    notes = {
        "tables": len(fenced.tables),
        "allowed_before": fenced.allowed,
        "refused_writes": fenced.refused,
        "without_grant": fenced.without_grant,
        "ended_sessions": fenced.ended,
    }
    context.run.update_manifest(
        fence={
            **notes,
            "roles": list(fenced.roles),
            "left_open": list(fenced.left_open),
            "watched": list(fence.WATCHED),
            "at": iso_now(),
        }
    )
    return Done(files.digest_of(*fenced.tables), notes)


def _may_fence(context: Context) -> Done:
    if not context.settings.fences:
        read = [table.name for table in context.layout.moved]  # who can not see every row has no layout
        return Done(files.digest_of("left open", *read), {"left_open": len(read)})
    tables = fence.examine(context.source)
    return Done(files.digest_of(*tables), {"tables": len(tables)})


def _pause(context: Context) -> Done:
    """Pauses; a pause that somebody lifted since is a new one, and what was read from the target is read
    again."""
    noted, state = context.run.manifest().get("pause", {}), context.target.state()
    was = str(noted.get("digest", ""))
    if state == "paused" and was:
        return Done(was, {"state": state})
    if was and load.settle(context.target, context.run.manifest().get("load", {})):
        raise RunIncomplete(
            "The target was opened after this run had loaded it.",
            touched="The target's data was not changed by this.",
            next_step="Judge it with invoke verify, or take it back: invoke rollback.",
        )
    before = noted.get("before", state)
    # first, or a pause of ours whose process is killed would look like somebody else's, and stay for ever
    context.run.update_manifest(pause={"before": before})
    context.target.pause()
    since = iso_now()
    digest = files.digest_of("pause", since)
    context.run.update_manifest(pause={"before": before, "since": since, "digest": digest})
    return Done(digest, {"state": "paused", "before": before})


def _may_pause(context: Context) -> Done:
    return Done("", {"state": context.target.state()})


def _backup(context: Context) -> Done:
    if load.settle(context.target, context.run.manifest().get("load", {})):
        raise RunIncomplete(
            "This run's import is on the target already, so its backup can not be taken again.",
            touched="The target's data was not changed by this.",
            next_step="Take the import back first: invoke rollback.",
        )
    context.target.no_import_runs()
    found = backup.take(context.target, context.run.data, context.advance)
    context.run.update_manifest(backup=backup.record(found))
    documents = sum(table.documents for table in found.tables.values())
    return Done(found.digest, {"tables": len(found.tables), "documents": documents, "files": found.files})


def _export(context: Context) -> Done:
    taken = snapshot.take(
        context.source, context.layout, context.run.data / "raw", context.least, context.advance
    )
    pinned = context.run.manifest()["source"]
    context.run.update_manifest(
        clock=iso(taken.clock),
        source={**pinned, "users_table": context.layout.users_table},
        snapshot={
            "tables": taken.tables,
            "columns": taken.columns,
            "non_null": taken.non_null,
            "left": taken.left,
            "fingerprint": taken.fingerprint,
        },
    )
    return Done(taken.digest(), {"rows": sum(table["rows"] for table in taken.tables.values())})


def _link(context: Context) -> Done:
    clock = datetime.fromisoformat(context.run.manifest()["clock"])
    context.lookup = link.build_lookup(
        context.run.data / backup.NAME,
        context.run.data / "raw",
        int(clock.timestamp() * 1000),
        context.written.known(context.run.id).filled,
    )
    summary = context.lookup.summary()
    context.run.update_manifest(link={**summary, "numbers": dict(context.lookup.numbers)})
    return Done(str(summary["digest"]), {key: value for key, value in summary.items() if key != "digest"})


def _transform(context: Context) -> Done:
    if context.lookup is None:
        _link(context)
    assert context.lookup is not None  # noqa: S101 - _link has just made it
    decided = quarantine.load(context.settings.quarantine_file)
    report = transform(
        context.run.data / "raw",
        context.lookup,
        context.run.data / "transformed",
        progress=context.progress,
        resolutions=decided,
    )
    quarantine.write(context.run.data / "quarantine.jsonl", report.quarantined)
    record = recorded(context.run.manifest()["snapshot"], report)
    context.run.update_manifest(transform={**record, "resolved": [one.told() for one in decided.all()]})
    _refuse_quarantined(report)
    digests = [f"{name} {table.digest}" for name, table in sorted(report.tables.items())]
    return Done(
        files.digest_of(*digests, report.resolutions),
        {name: table.documents for name, table in report.tables.items()},
    )


def recorded(taken: Mapping[str, Any], report: TransformReport) -> dict[str, Any]:
    """The report for the manifest, with the tables that stay behind and the exact counts of dropped values.

    `taken` is the manifest's `snapshot`: its `columns`, `non_null` and `left`.
    """
    coverage = dropped.coverage(taken["columns"])
    counts = {
        name: taken["non_null"][name.rpartition(".")[0]][name.rpartition(".")[2]] for name in coverage.dropped
    }
    record = report.as_manifest()
    for table, rows in taken["left"].items():
        rule = "excluded_table" if table in dropped.EXCLUDED_TABLES else "unknown_table"
        account = TableAccount(rows=rows)
        account.excluded[rule] = rows
        record["accounting"][table] = account.as_dict()
    record["dropped_columns"] = {**record["dropped_columns"], **counts}
    record["unknown_columns"] = list(coverage.unknown)
    record["quarantined"] = len(report.quarantined)
    return record


def _refuse_quarantined(report: TransformReport) -> None:
    if not report.quarantined:
        return
    reasons: dict[str, int] = {}
    for row in report.quarantined:
        reasons[row.reason] = reasons.get(row.reason, 0) + 1
    listed = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    raise RowsQuarantined(
        f"{len(report.quarantined)} rows need a person's decision before anything is loaded: {listed}.",
        touched="The target's data was not changed; the fence and the pause stay.",
        next_step="Decide about each (invoke quarantine.rows lists them, invoke quarantine.resolve decides), "
        "then invoke migrate --resume; or take everything back: invoke rollback.",
    )


def _built(context: Context) -> Union:
    data = context.run.data
    return union.build(
        Parts(data / backup.NAME, data / "transformed", data / "raw"),
        context.run.manifest()["link"]["numbers"],
        context.written.known(context.run.id),
        data / load.NAME,
    )


def _load(context: Context) -> Done:
    _no_drift(context)
    _still_paused(context)
    noted = context.run.manifest().get("load", {})
    if not load.under_way(context.target, noted):
        _target_as_backed_up(context)
    made = _built(context)
    record = load.carry_out(context.run, context.target, made, context.written, context.advance)
    return Done(made.digest, {"documents": record["documents"]})


def _would_load(context: Context) -> Done:
    made = _built(context)
    return Done(
        made.digest, {"documents": made.documents, **{name: vars(t) for name, t in made.tables.items()}}
    )


def _no_drift(context: Context) -> None:
    before = context.run.manifest()["snapshot"]["fingerprint"]
    tables = drift.changed(before, drift.fingerprint(context.source, context.layout))
    if tables:
        raw = context.run.data / "raw"
        named = [
            f"{table}: {drift_rows.in_source(context.source, context.layout, table, raw)}" for table in tables
        ]
        raise RunIncomplete(
            f"The source changed after the snapshot: {'; '.join(named)}.",
            touched="The target's data was not changed; the fence and the pause stay.",
            next_step="Read it again: invoke export link transform load; or take it back: invoke rollback.",
        )


def _target_as_backed_up(context: Context) -> None:
    """The import replaces whole tables from the backup: what came after it would be lost unseen. A pause
    stops the app's functions, but neither the dashboard nor another import."""
    now = context.target.export(context.run.data / "before_load.zip", include_storage=False)
    changed = drift_rows.in_target(context.run.data / backup.NAME, now)
    now.unlink()
    if changed:
        raise RunIncomplete(
            f"The target changed after its backup: {'; '.join(changed)}.",
            touched="The target's data was not changed by this; the fence and the pause stay.",
            next_step="Back it up again: invoke backup link transform load; "
            "or open both sides as they are: invoke unfence, and unpause the target in its dashboard.",
        )


def _still_paused(context: Context) -> None:
    state = context.target.state()
    if state != "paused":
        raise RunIncomplete(
            f"The target is {state}, but it must be paused from the backup to the end of the verification.",
            touched="The target's data was not changed.",
            next_step="Begin again with invoke migrate --resume: it pauses and backs up anew.",
        )


STEPS = (
    Step("fence", "block writes on the source", _fence, rehearse=_may_fence, again=True, touches=True),
    Step("pause", "stop the target's functions", _pause, rehearse=_may_pause, again=True, touches=True),
    Step("backup", "download the target and read it back", _backup, ("pause",), (backup.NAME,)),
    Step("export", "read the source in one snapshot", _export, ("fence",), ("raw/*.ndjson",)),
    Step("link", "find what the target already has", _link, ("backup", "export"), again=True),
    Step("transform", "turn rows into documents", _transform, ("link",), ("transformed/*.ndjson",)),
    Step(
        "load",
        "import everything at once",
        _load,
        ("backup", "transform"),
        rehearse=_would_load,
        touches=True,
    ),
)


def named(name: str) -> Step:
    """The step of this name, or a `Refusal`."""
    for step in STEPS:
        if step.name == name:
            return step
    raise Refusal(
        f"There is no step {name!r}.", next_step=f"Known: {', '.join(step.name for step in STEPS)}."
    )
