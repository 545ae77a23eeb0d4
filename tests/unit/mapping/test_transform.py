"""The transform as a whole: every row ends somewhere, files are sorted, the same input, the same bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migration.errors import RunIncomplete
from migration.ids import decode
from migration.link import TABLES, build_lookup
from migration.mapping.dropped import READ
from migration.progress import Silent
from migration.transform import transform
from tests.unit.mapping.shapes import faults
from tests.unit.mapping.support import (
    CLOCK_MS,
    NUMBERS,
    Pair,
    auth_user,
    case,
    foreign,
    google,
    request,
    user,
    uuid,
)
from tests.unit.mapping.support import settings as settings_row


def _a_bit_of_everything() -> dict[str, list[Any]]:
    people = range(1, 6)
    return {
        "auth.users": [auth_user(number) for number in people],
        "auth.identities": [google(number) for number in people],
        "public.users": [user(number, full_name=f"N{number}", firm_id=uuid(1)) for number in people],
        "public.user_settings": [settings_row(number, timezone="Asia/Tokyo") for number in (1, 2, 4)],
        "public.user_preferences": [settings_row(number, cases_per_page=6) for number in (2, 5)],
        "public.cases": [case(number, owner=number % 5 + 1, notes="n") for number in range(1, 12)],
        "public.case_rfi": [request(number, of=number, received_date="2025-01-01") for number in (1, 3, 11)],
        "public.case_rfe": [request(number + 20, of=2) for number in (1, 2)],
    }


def _files(pair: Pair) -> dict[str, bytes]:
    return {table: (pair.out / f"{table}.ndjson").read_bytes() for table in TABLES}


def test_every_document_fits_v2_s_schema(pair: Pair) -> None:
    pair.source(_a_bit_of_everything())
    pair.transform()
    found = {table: [faults(table, one, NUMBERS) for one in pair.documents(table)] for table in TABLES}
    assert [one for each in found.values() for one in each if one] == []
    assert {table: len(each) for table, each in found.items()} == {
        **{"users": 5, "authAccounts": 10, "userProfiles": 5, "cases": 11},
    }


def test_numbers_are_spelled_with_a_point(pair: Pair) -> None:
    pair.source({"public.users": [user()], "public.cases": [case(recruitment_applicants_count=3)]})
    pair.transform()
    assert b'"recruitmentApplicantsCount":3.0' in pair.lines("cases")[0]


def test_files_are_sorted_by_id(pair: Pair) -> None:
    pair.source(_a_bit_of_everything())
    pair.transform()
    for table in TABLES:
        found = [one["_id"] for one in pair.documents(table)]
        assert found == sorted(found)
        assert [decode(one)[1] for one in found] == sorted(decode(one)[1] for one in found)


def test_the_same_input_gives_the_same_bytes_and_digests(pair: Pair) -> None:
    pair.source(_a_bit_of_everything())
    first = pair.transform()
    before = _files(pair)
    second = pair.transform()
    assert (first, before) == (second, _files(pair))


def test_a_second_migration_gives_the_documents_of_the_first(pair: Pair) -> None:
    known = foreign("users", 1, email="user2@example.com")
    pair.source(_a_bit_of_everything())
    pair.target({"users": [known]})
    first = pair.transform()
    before = _files(pair)
    pair.target({table: before[table].splitlines() for table in TABLES})
    second = pair.transform()
    assert (first.tables, before) == (second.tables, _files(pair))


def test_digests_do_not_depend_on_the_target_s_table_numbers(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.source(_a_bit_of_everything())
    first = pair.transform().tables
    before = _files(pair)
    for table, number in (
        ("users", 20004),
        ("cases", 20001),
        ("userProfiles", 20002),
        ("authAccounts", 20003),
    ):
        monkeypatch.setitem(NUMBERS, table, number)
    assert pair.transform().tables == first
    assert _files(pair) != before


def test_a_changed_value_changes_the_digest(pair: Pair) -> None:
    tables = _a_bit_of_everything()
    pair.source(tables)
    first = pair.transform().tables
    tables["public.cases"][0]["notes"] = "N"
    pair.source(tables)
    second = pair.transform().tables
    assert [table for table in TABLES if first[table] != second[table]] == ["cases"]


def test_every_row_is_accounted_for(pair: Pair) -> None:
    pair.source(_a_bit_of_everything())
    report = pair.transform()
    manifest = report.as_manifest()["accounting"]
    assert {table: (one["rows"], one["migrated"], one["merged"]) for table, one in manifest.items()} == {
        "auth.users": (5, 0, 5),
        "auth.identities": (5, 5, 0),
        "public.users": (5, 5, 0),
        "public.cases": (11, 11, 0),
        "public.case_rfi": (3, 0, 3),
        "public.case_rfe": (2, 0, 2),
        "public.user_settings": (3, 0, 3),
        "public.user_preferences": (2, 0, 2),
    }


def test_a_missing_file_of_the_snapshot_ends_the_run(pair: Pair) -> None:
    (pair.raw / "public.case_rfi.ndjson").unlink()
    with pytest.raises(RunIncomplete, match=r"public\.case_rfi"):
        pair.transform()


def test_a_snapshot_that_is_not_sorted_ends_the_run(pair: Pair) -> None:
    pair.source({"public.users": [user()], "public.cases": [case(2), case(1)]})
    with pytest.raises(RunIncomplete, match="not sorted"):
        pair.transform()


def test_an_empty_snapshot_gives_empty_files(pair: Pair) -> None:
    report = pair.transform()
    assert _files(pair) == dict.fromkeys(TABLES, b"")
    assert report.quarantined == []


def test_tables_that_the_target_lacks_get_the_next_free_numbers(pair: Pair) -> None:
    path = pair.folder / "small.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "_tables/documents.jsonl", b'{"name":"cases","id":10007}\n{"name":"other","id":10012}\n'
        )
    lookup = build_lookup(path, pair.raw, CLOCK_MS)
    assert lookup.numbers == {"users": 10013, "authAccounts": 10014, "userProfiles": 10015, "cases": 10007}


@pytest.mark.parametrize("content", [b"no zip", b""])
def test_a_backup_that_can_not_be_read_ends_the_run(pair: Pair, content: bytes) -> None:
    path = pair.folder / "bad.zip"
    path.write_bytes(content)
    with pytest.raises(RunIncomplete, match=r"bad\.zip can not be read"):
        build_lookup(path, pair.raw, CLOCK_MS)


def test_the_link_s_digest_tells_targets_apart(pair: Pair) -> None:
    one = pair.lookup().summary()
    pair.target({"users": [foreign("users", 1, email="a@x")]})
    two = pair.lookup().summary()
    assert (one["users"], two["users"]) == (0, 1)
    assert one["digest"] != two["digest"] == pair.lookup().summary()["digest"]


def test_progress_is_told_while_cases_are_written(pair: Pair) -> None:
    told: list[int] = []

    class Told(Silent):
        def advance(self, done: int, total: int | None = None) -> None:  # noqa: ARG002
            told.append(done)

    pair.source({"public.users": [user()], "public.cases": [case(number) for number in range(2001)]})
    transform(pair.raw, pair.lookup(), pair.out, progress=Told())
    assert told == [1000, 2000]


OWNERS = st.integers(1, 4)
STATUS = st.sampled_from(["PWD", "Closed", "Pending"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_belongs_to_whom_the_accounts_add_up(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    def rows(make: Any, most: int = 4) -> list[Any]:
        return [make(number) for number in sorted(data.draw(st.sets(st.integers(1, most))))]

    def owned(make: Any, key: str) -> list[Any]:
        return sorted(rows(make, 8), key=lambda row: (row[key], row["id"]))

    pair = Pair(Path(tmp_path_factory.mktemp("pair")))
    tables = {
        "auth.users": rows(auth_user),
        "auth.identities": rows(google),
        "public.users": rows(
            lambda number: user(number, email=data.draw(st.sampled_from(["a@x", "A@x", "b@x", "", "c@x"])))
        ),
        "public.cases": rows(
            lambda number: case(number, data.draw(OWNERS), case_status=data.draw(STATUS)), 9
        ),
        "public.case_rfi": owned(lambda number: request(number, data.draw(OWNERS)), "case_id"),
        "public.user_settings": owned(
            lambda number: settings_row(data.draw(OWNERS)) | {"id": uuid(number, "e")}, "user_id"
        ),
    }
    pair.source(tables)
    report = pair.transform()
    assert set(report.accounting) == set(READ)
    for table, account in report.accounting.items():
        assert account.rows == len(tables.get(table, ())) == account.placed()
    assert len(pair.documents("cases")) == report.accounting["public.cases"].migrated
    assert sum(account.quarantined.total() for account in report.accounting.values()) == len(
        report.quarantined
    )
    owners = {one["_id"] for one in pair.documents("users")}
    assert {
        one["userId"] for table in ("cases", "userProfiles", "authAccounts") for one in pair.documents(table)
    } <= owners


def test_the_manifest_part_is_plain_json(pair: Pair) -> None:
    pair.source(_a_bit_of_everything())
    assert orjson.dumps(pair.transform().as_manifest())
