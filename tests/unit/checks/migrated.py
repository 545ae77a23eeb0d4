"""A migrated run without a deployment: a seeded source, the engine's own files, and an export made of them.

What the target would hold after the import is the union's ZIP over the backup; all else is as in a real run.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from fixtures.canary import CANARY_EMAIL, plant_source
from fixtures.seed import seed_source
from fixtures.seed_target import target_documents
from fixtures.tamper import overlaid
from migration import introspect, link, snapshot, source, steps, union
from migration.config import Settings
from migration.progress import Silent
from migration.run import Run, iso
from migration.snapshot import Least
from migration.transform import transform
from migration.union import Parts
from migration.written import Known
from tests.unit.migration.support import settings_for

NUMBERS = {"users": 10001, "authAccounts": 10002, "userProfiles": 10003, "cases": 10004}


def migrated(folder: Path, dsn: str, *, users: int, cases: int, seed: int) -> tuple[Run, Settings]:
    """Seed the source behind `dsn`, carry it over, and leave a run whose data phase can be judged.

    Without users the source holds the canary alone.
    """
    if users:
        seed_source(dsn, users=users, cases=cases, seed=seed)
    plant_source(dsn)
    settings = settings_for(folder, dsn).model_copy(update={"canary_email": CANARY_EMAIL})
    run = Run.create(settings)
    data = run.data
    (data / "raw").mkdir(mode=0o700)
    _write_backup(data / "backup.zip")
    with source.connect(settings) as connection:
        taken = snapshot.take(
            connection, introspect.read(connection), data / "raw", Least(1, 1, None), lambda *_: None
        )
    lookup = link.build_lookup(data / "backup.zip", data / "raw", round(taken.clock.timestamp() * 1000))
    report = transform(data / "raw", lookup, data / "transformed", progress=Silent())
    parts = Parts(data / "backup.zip", data / "transformed", data / "raw")
    union.build(parts, lookup.numbers, Known({}), data / "import.zip")
    overlaid(data / "backup.zip", data / "import.zip", data / "verified.zip")
    told = {name: getattr(taken, name) for name in ("tables", "columns", "non_null", "left")}
    run.update_manifest(clock=iso(taken.clock), snapshot=told, transform=steps.recorded(told, report))
    return run, settings


def _write_backup(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in target_documents(NUMBERS, "canary-password").files().items():
            archive.writestr(name, text)
