"""What `decommission.run` carries out: each act looks, acts when it must, and looks whether it is so.

An act that was carried out before, or whose answer was lost, is found to be so and not repeated. What may be
done when is `timeline`'s and `desk`'s to say; what is typed must be the name that its provider tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from migration.archive import Archive
from migration.config import Settings
from migration.decommission.providers import Render, Supabase, Uncertain
from migration.decommission.records import folder_of
from migration.endpoints import is_local
from migration.errors import FAIL, CutoverError, Refusal, RunIncomplete
from migration.preflight import dump
from migration.preflight.scene import Scene, Tools
from migration.progress import Progress
from migration.run import Run
from migration.target import Target

DUMPS = "decommission/dumps"
V1_STORAGE = re.compile(rb"https?://[a-z0-9-]+(?:\.storage)?\.supabase\.(?:co|in)/", re.IGNORECASE)
"""What a link into the storage of a Supabase project looks like: it dies with the project."""


class NotMet(CutoverError):
    """What was looked for was found: the evidence is red."""

    exit_code = FAIL


@dataclass(frozen=True)
class Ground:
    """What an act stands on. `confirm`: what was typed."""

    settings: Settings
    run: Run
    tools: Tools
    progress: Progress
    confirm: str
    now: datetime


@dataclass(frozen=True)
class Done:
    """What an act came to, in a sentence; `file`: what it left, relative to the data folder."""

    detail: str
    file: str = ""


@dataclass(frozen=True)
class Act:
    """One act. `how`: the calls it makes; `back`: how it is taken back, for the plan."""

    perform: Callable[[Ground], Done]
    how: str
    back: str


def scale_to_zero(ground: Ground) -> Done:
    """Takes every instance away from v1's Render service."""
    service = ground.settings.decommission.render_service
    with _render(ground) as render:
        found = render.service(service)
        if found is None:
            raise Refusal(
                f"Render has no service {service}.", next_step="Check render_service in cutover.toml."
            )
        _typed(ground, str(found["name"]), "the service's")
        if render.instances(service) == 0:
            return Done(f"The service {found['name']} had no instance already.")
        with _perhaps():
            render.scale_to_zero(service)
        left = render.instances(service)
    if left != 0:
        raise RunIncomplete(
            f"Render was asked for no instance of {found['name']} and tells {left}.",
            touched="The request may be under way.",
            next_step="Look at the service's scaling (autoscaling must be off), then the same command again.",
        )
    return Done(f"The service {found['name']} has no instance.")


def delete_service(ground: Ground) -> Done:
    """Deletes v1's Render service."""
    service = ground.settings.decommission.render_service
    with _render(ground) as render:
        found = render.service(service)
        if found is None:
            return Done(f"The service {service} was gone already.")
        _typed(ground, str(found["name"]), "the service's")
        if render.instances(service) != 0:
            raise Refusal(
                f"The service {found['name']} has instances again.", next_step="Find out who scaled it."
            )
        with _perhaps():
            render.delete(service)
        if render.service(service) is not None:
            raise RunIncomplete(f"Render still tells of {found['name']}.", touched="It may be under way.")
    return Done(f"The service {found['name']} ({service}) is deleted.")


def pause_database(ground: Ground) -> Done:
    """Pauses v1's Supabase project."""
    reference = ground.settings.source.name
    _typed(ground, reference, "the project's")
    key = _key(ground.settings.supabase_token, "SUPABASE_ACCESS_TOKEN")
    _standing_in(ground.settings, ground.settings.supabase_api)
    with Supabase(ground.settings.supabase_api, key) as supabase:
        status = supabase.status(reference)
        if status is None:
            raise Refusal(
                f"Supabase has no project {reference}.", next_step="Check SUPABASE_DB_URL and the token."
            )
        if status in {"INACTIVE", "PAUSING"}:
            return Done(f"The project {reference} was {status} already.")
        with _perhaps():
            supabase.pause(reference)
        status = supabase.status(reference)
    if status not in {"INACTIVE", "PAUSING"}:
        raise RunIncomplete(
            f"Supabase was asked to pause {reference} and tells {status}.", touched="Look at it."
        )
    return Done(f"The project {reference} is {status}.")


def final_dump(ground: Ground) -> Done:
    """Dumps v1's database, restores the dump and compares every row; the dump is kept."""
    with Scene(ground.settings, ground.tools, ground.now, ground.progress) as scene:
        found = dump.proven(scene, DUMPS)
    if not found.open:
        raise NotMet(
            found.detail, touched="No dump was kept.", next_step="Mend what keeps it from restoring."
        )
    return Done(found.detail, found.file)


def no_v1_links(ground: Ground) -> Done:
    """Exports the target and looks for links into v1's storage in every document."""
    path = folder_of(ground.settings, ground.run) / "links.zip"
    try:
        with Target.of(ground.settings.target) as target, ground.progress.step("export the target"):
            target.export(path, include_storage=False)
        seen, found = links(path)
    finally:
        path.unlink(missing_ok=True)
    if not seen:
        raise RunIncomplete(
            "The target has no documents, so nothing is proven.", touched="Nothing was changed."
        )
    if found:
        listed = ", ".join(f"{count} of {table}" for table, count in sorted(found.items()))
        raise NotMet(
            f"{sum(found.values())} documents point at v1's storage: {listed}.",
            next_step="Move the files to v2 and correct the documents before v1's project is paused.",
        )
    return Done(f"None of {seen:,} documents points at v1's storage.")


def links(path: object) -> tuple[int, dict[str, int]]:
    """How many documents an export holds, and how many of each table point at v1's storage."""
    seen, found = 0, dict[str, int]()
    with Archive(path) as archive:  # type: ignore[arg-type]
        for table in archive.tables():
            for line in archive.lines(table):
                seen += 1
                if V1_STORAGE.search(line.replace(rb"\/", b"/")):
                    found[table] = found.get(table, 0) + 1
    return seen, found


ACTS = {
    "scale-to-zero": Act(
        scale_to_zero,
        "POST {render}/v1/services/{service}/scale",
        "scale it up again in Render's dashboard",
    ),
    "delete-service": Act(
        delete_service,
        "DELETE {render}/v1/services/{service}",
        "there is none: deploy v1 anew from the tag in its history, with the keys in escrow",
    ),
    "final-dump": Act(final_dump, "pg_dump, restore into a scratch database, compare", "nothing is changed"),
    "no-v1-links": Act(no_v1_links, "an export of the target, searched", "nothing is changed"),
    "pause-database": Act(
        pause_database,
        "POST {supabase}/v1/projects/{project}/pause",
        "restore the project in Supabase's dashboard, within its time",
    ),
}


def _render(ground: Ground) -> Render:
    settings = ground.settings
    if not settings.decommission.render_service:
        raise Refusal(
            "v1's Render service is not configured.", next_step="Write render_service in cutover.toml."
        )
    key = _key(settings.render_key, "RENDER_API_KEY")
    _standing_in(settings, settings.render_api)
    return Render(settings.render_api, key)


def _key(key: SecretStr | None, name: str) -> SecretStr:
    if key is None:
        raise Refusal(f"{name} is not set.", next_step="Set it in the environment or in .env.")
    return key


def _standing_in(settings: Settings, base: str) -> None:
    """Embedded evidence ends nothing real: there only a stand-in on this machine is spoken to."""
    if settings.environment == "embedded" and not is_local(base.partition("://")[2].partition(":")[0]):
        raise Refusal(
            "The run is of an embedded pair, and its evidence ends no real service.",
            next_step="Give the address of a local stand-in, or work on the run of production.",
        )


def _typed(ground: Ground, name: str, whose: str) -> None:
    if ground.confirm != name:
        given = "another name was given" if ground.confirm else "none was given"
        raise Refusal(
            f"This needs {whose} name typed; {given}.", next_step=f"Add --confirm {name}, if you mean it."
        )


def _perhaps() -> suppress:
    """An answer that was lost: the look afterwards tells whether it was done."""
    return suppress(Uncertain)
