"""A second run where v1's values stand in documents of v2's own: they are never taken for v2's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from migration import fence, flow
from migration.archive import Archive, summarise
from migration.config import Settings
from migration.mapping.users import user_document
from migration.run import Run
from migration.target import Target
from migration.union import FilledOtherwise
from tests.unit.migration.support import number_of, user_line, zip_of

OWN = b"their own id 16b"


@pytest.fixture
def known(pair: Settings, target: Target, tmp_path: Path) -> Settings:
    """A pair whose one person of v1 is in v2 already, without a telephone number there."""
    number = number_of(target, "users", tmp_path / "numbers.zip")
    line = user_line(number, OWN, "ann@example.test")
    target.import_zip(zip_of(tmp_path / "theirs.zip", "users", number, [line]))
    _say(pair, "UPDATE public.users SET phone = '+1 555 0100'")
    return pair


def _say(settings: Settings, statement: str) -> None:
    with psycopg.connect(settings.source.dsn.get_secret_value(), autocommit=True) as connection:
        fence.lift(connection, "test")
        connection.execute(statement.encode())


def _migrated(settings: Settings) -> Run:
    run = Run.create(settings)
    flow.migrate(settings, run)
    return run


def _user(target: Target, path: Path) -> dict[str, Any]:
    with Archive(target.export(path)) as archive:
        (line,) = archive.lines("users")
    found: dict[str, Any] = orjson.loads(line)
    return found


def test_a_second_run_over_a_joined_person_changes_nothing(
    known: Settings, target: Target, tmp_path: Path
) -> None:
    digests = []
    for name in ("one.zip", "two.zip", "three.zip"):
        _migrated(known)
        digests.append(summarise(target.export(tmp_path / name)).digest)
    assert digests[0] == digests[1] == digests[2]
    assert _user(target, tmp_path / "user.zip")["phone"] == "+1 555 0100"


@pytest.mark.parametrize("becomes", ["'+1 555 0199'", "NULL"])
def test_a_filled_value_that_v1_gives_no_longer_stops_the_load(
    becomes: str, known: Settings, target: Target, tmp_path: Path
) -> None:
    first = _migrated(known)
    _say(known, f"UPDATE public.users SET phone = {becomes}")
    second = Run.create(known)
    with pytest.raises(
        FilledOtherwise, match=r"1 values that an earlier load put .* users .* phone"
    ) as caught:
        flow.migrate(known, second)
    assert caught.value.exit_code == 10
    assert "555" not in str(caught.value)
    flow.rollback(known, second)
    flow.rollback(known, first)
    _migrated(known)
    wanted = None if becomes == "NULL" else becomes.strip("'")
    assert _user(target, tmp_path / "user.zip").get("phone") == wanted


def test_what_a_bug_of_the_mapping_filled_does_not_stay_once_the_bug_is_mended(
    known: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*given: Any) -> dict[str, Any]:
        return {**user_document(*given), "phone": "somebody else's"}

    with monkeypatch.context() as patch:
        patch.setattr("migration.transform_users.user_document", wrong)
        _migrated(known)
    with pytest.raises(FilledOtherwise):
        _migrated(known)


def test_what_v2_s_user_changed_since_is_theirs(known: Settings, target: Target, tmp_path: Path) -> None:
    _migrated(known)
    user = {**_user(target, tmp_path / "before.zip"), "phone": "+49 30 0000"}
    number = number_of(target, "users", tmp_path / "numbers.zip")
    target.import_zip(zip_of(tmp_path / "edit.zip", "users", number, [orjson.dumps(user)]))
    _say(known, "UPDATE public.users SET phone = '+1 555 0199'")
    _migrated(known)
    assert _user(target, tmp_path / "after.zip") == user


def test_a_person_who_left_v1_does_not_leave_their_values_behind(known: Settings) -> None:
    _say(known, "DELETE FROM auth.identities; UPDATE auth.users SET encrypted_password = NULL")
    _migrated(known)
    _say(known, "UPDATE public.users SET email = 'another@example.test'")
    with pytest.raises(FilledOtherwise):
        _migrated(known)
