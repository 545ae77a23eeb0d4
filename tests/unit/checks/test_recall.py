"""On a whole migrated run: clean data is green in every product, and any change is found by its key."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks import canary, products
from checks.accounts import accounts
from checks.case_work import CaseWork
from checks.freshness import freshness
from checks.judges.mails import next_run
from checks.ranges import Ranges
from checks.tally import Tally
from checks.untouched import untouched
from checks.world import World
from fixtures.layout import Layout
from fixtures.postgres import Postgres
from fixtures.tamper import Planted, Tables, tamper
from migration.config import Settings
from migration.model import Class
from migration.run import Run
from tests.unit.checks.migrated import migrated

CHANGED = 40
SEEDS = (1, 2, 3)
JUDGED = (products.people, products.cases, untouched)


@pytest.fixture(scope="module")
def pair(pg_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Settings]]:
    dsn = pg_server.create_database("recall", Layout())
    yield migrated(tmp_path_factory.mktemp("recall"), dsn, users=12, cases=90, seed=11)
    pg_server.drop_database("recall")


@pytest.fixture
def tampered(pair: tuple[Run, Settings]) -> Iterator[tuple[Run, Settings]]:
    """The run, whose export may be tampered with; it is put back afterwards."""
    export = pair[0].data / "verified.zip"
    kept = export.with_suffix(".kept")
    shutil.copy(export, kept)
    yield pair
    kept.replace(export)


def _red(run: Run, settings: Settings) -> dict[str, Tally]:
    red: dict[str, Tally] = {}
    for product in JUDGED:
        found = product(run, settings)
        red |= {name: tally for name, tally in found.items() if tally.classes[Class.INTRODUCED]}
    return red


def test_clean_data_is_green_in_every_product(pair: tuple[Run, Settings]) -> None:
    for product in (*JUDGED, accounts, freshness):
        red = [name for name, tally in product(*pair).items() if tally.classes[Class.INTRODUCED]]
        assert red == [], product.__name__


def test_every_document_of_the_source_was_seen(pair: tuple[Run, Settings]) -> None:
    with World.of(*pair) as world:
        rows = {table: world.session.count(f"public.{table}") for table in ("users", "cases")}
    assert products.people(*pair)["compared.users"].matched == rows["users"]
    assert products.cases(*pair)["compared.cases"].matched == rows["cases"]


@pytest.mark.parametrize("seed", SEEDS)
def test_each_of_many_random_changes_is_found_by_its_own_finding(
    tampered: tuple[Run, Settings], seed: int
) -> None:
    """Distinct documents, one change each: a value, a field, an edge or an element."""
    run, settings = tampered
    changed: dict[str, str] = {}

    def edit(tables: Tables) -> Planted:
        changed.update(_change_some(tables, random.Random(seed)))  # noqa: S311
        return Planted("many", "many")

    export = run.data / "verified.zip"
    tamper(export.with_suffix(".kept"), export, ("users", "userProfiles", "cases"), edit)
    found = {
        finding.key.partition("/")[0] for tally in _red(run, settings).values() for finding in tally.findings
    }
    missed = {key: what for key, what in changed.items() if key not in found}
    assert missed == {}
    assert len(changed) == CHANGED


@pytest.mark.parametrize("parts", [2, 16])
def test_judged_in_ranges_the_counters_are_those_of_the_whole(
    tampered: tuple[Run, Settings], tmp_path: Path, parts: int
) -> None:
    """With changes and strays on the target's side, and with decisions about rows on the source's."""
    run, settings = tampered
    export = run.data / "verified.zip"
    with World.of(run, settings) as world:
        due = next_run(world.clock_ms)

    def edit(tables: Tables) -> Planted:
        _change_some(tables, random.Random(parts))  # noqa: S311
        legacy = [case for case in tables["cases"] if "legacyId" in case]
        legacy[-1]["legacyId"] = legacy[0]["legacyId"]  # two of one id, far apart
        for case in legacy[2::3]:
            case.update(caseStatus="pwd", pwdExpirationDate=due)
        for case in legacy[1:60:7]:
            tables["cases"].remove(case)
        return Planted("many", "many")

    tamper(export.with_suffix(".kept"), export, ("users", "userProfiles", "cases"), edit)
    decided = settings.model_copy(update={"quarantine_file": tmp_path / "quarantine.toml"})
    with World.of(run, settings) as world:
        decided.quarantine_file.write_text(_decisions(world))
    with World.of(run, decided) as world:
        work = CaseWork(world, tmp_path, Ranges(parts, world.after.numbers["cases"]))
        apart = work.whole([work.part(number) for number in range(parts)])
    whole = products.cases(run, decided)
    assert whole["rows.public.case_rfi"].notes["left out by a person's decision"] == 3
    assert whole["mails.reminders"].seen
    assert {name: _counters(tally) for name, tally in apart.items()} == {
        name: _counters(tally) for name, tally in whole.items()
    }


def _decisions(world: World) -> str:
    """Leaves out a case and three entries, and gives an entry to the last case and another to none."""
    cases = [str(row["id"]) for row in world.session.rows("public.cases")]
    entries = [str(row["id"]) for row in world.session.rows("public.case_rfi")]
    made = [("public.cases", cases[3], "exclude", "")]
    made += [("public.case_rfi", key, "exclude", "") for key in (entries[0], entries[1], entries[-1])]
    made += [
        ("public.case_rfi", entries[2], "assign", cases[-1]),
        ("public.case_rfi", entries[3], "assign", "00000000-0000-4000-8000-000000000000"),
    ]
    return "".join(
        f'[[resolution]]\ntable = "{table}"\nkey = "{key}"\nas = "{how}"\nvalue = "{value}"\n'
        for table, key, how, value in made
    )


def _counters(tally: Tally) -> tuple[Any, ...]:
    return tally.matched, tally.totals, tally.classes, tally.notes


def _change_some(tables: Tables, chance: random.Random) -> dict[str, str]:
    legacy = {
        profile["userId"]: profile["legacyId"] for profile in tables["userProfiles"] if "legacyId" in profile
    }
    victims = [(case["legacyId"], case) for case in tables["cases"] if "legacyId" in case]
    victims += [(legacy[user["_id"]], user) for user in tables["users"] if user["_id"] in legacy][:6]
    victims += [(key, profile) for profile in tables["userProfiles"] if (key := profile.get("legacyId"))][6:]
    chosen: dict[str, dict[str, Any]] = {}
    for key, document in chance.sample(victims, len(victims)):
        chosen.setdefault(key, document)
    return {key: _change(document, chance) for key, document in list(chosen.items())[:CHANGED]}


def _change(document: dict[str, Any], chance: random.Random) -> str:
    field = chance.choice(sorted(document.keys() - {"_id", "legacyId"}))
    value = document[field]
    if chance.random() < 0.3:
        del document[field]
        return f"{field} dropped"
    document[field] = _other(value, chance)
    return f"{field} changed"


def _other(value: Any, chance: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, float):
        return value + chance.choice([1.0, -1.0, 0.5])
    if isinstance(value, str):
        return (
            chance.choice([value + " ", value[1:], value.swapcase()])
            if value.swapcase() != value
            else value + "0"
        )
    if isinstance(value, list):
        return value[1:] if value and chance.random() < 0.5 else [*value, *(value[:1] or ["new"])]
    return "another kind"


def test_a_row_that_changes_after_the_snapshot_is_drift(pair: tuple[Run, Settings]) -> None:
    import psycopg

    run, settings = pair
    with psycopg.connect(settings.source.dsn.get_secret_value(), autocommit=True) as connection:
        (key, before) = connection.execute(
            "SELECT id::text, deleted_at FROM public.cases ORDER BY id LIMIT 1"
        ).fetchone() or ("", None)
        connection.execute("ALTER TABLE public.cases DISABLE TRIGGER USER")
        connection.execute("UPDATE public.cases SET deleted_at = '2030-01-01' WHERE id = %s", (key,))
        try:
            drifted = freshness(run, settings)["public.cases"]
        finally:
            connection.execute("UPDATE public.cases SET deleted_at = %s WHERE id = %s", (before, key))
            connection.execute("ALTER TABLE public.cases ENABLE TRIGGER USER")
    assert [finding.key for finding in drifted.findings] == [key]


def test_the_canary_is_worked_out_from_the_source(pair: tuple[Run, Settings]) -> None:
    expected = canary.expected_canary(*pair)
    assert len(expected["cases"]) >= 14
    assert expected["summary"]["total"] == sum("deletedAt" not in case for case in expected["cases"])
    assert {case["caseStatus"] for case in expected["cases"]} == {
        "pwd",
        "recruitment",
        "eta9089",
        "i140",
        "closed",
    }


def test_the_run_keeps_no_scratch_of_what_was_unpacked(pair: tuple[Run, Settings]) -> None:
    run, settings = pair
    products.cases(run, settings)
    left: list[Path] = [path for path in (run.data / "checks").rglob("*") if "cases" in path.name]
    assert left == []
