"""What is refused before anything is touched: exit 12, one paragraph, both sides as they were, no run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.pair import PairState
from tests.conduct.desk import ROOT, Desk, Said
from tests.conduct.sides import altered

Variables = Callable[..., dict[str, str]]
MIGRATE = ("migrate", "--env", "test")
CLOSED = "127.0.0.1:9"  # the port of `discard`, where nothing listens

pytestmark = pytest.mark.usefixtures("unmoved")


def refused(desk: Desk, said: Said, *words: str) -> None:
    """Exit 12, one paragraph on stderr with these words, no answer, and no run that a later line meets."""
    assert said.code == 12, said
    assert said.answered == ""
    assert [word for word in words if word not in said.words] == [], said.words
    assert 0 < len(said.complained.strip().splitlines()) <= 8
    assert "\n\n" not in said.complained.strip()
    assert desk.runs() == []
    assert not (desk.folder / "reports" / "latest").is_symlink()
    assert not list((desk.folder / "data").glob("runs/*"))


def at(dsn: str, host: str) -> str:
    """The same address on another host or port."""
    return re.sub(r"@[^/]+/", f"@{host}/", dsn)


def test_a_wrong_admin_key(kept: Desk, configured: Variables) -> None:
    for key in ("embedded|" + "0" * 64, "another-deployment|" + "a" * 64, "nonsense"):
        said = kept.say(*MIGRATE, **configured(CONVEX_SELF_HOSTED_ADMIN_KEY=key))
        refused(kept, said, "refused the admin key", "Nothing was changed.", "belongs to this deployment")
        assert key not in said.complained


def test_a_deploy_key_of_another_deployment_than_the_address(kept: Desk, configured: Variables) -> None:
    keys = {"CONVEX_DEPLOY_KEY": "prod:quick-fox-1|hunter2", "CONVEX_URL": "https://slow-dog-2.convex.cloud"}
    unset = {"CONVEX_SELF_HOSTED_URL": "", "CONVEX_SELF_HOSTED_ADMIN_KEY": ""}
    said = kept.say(*MIGRATE, **configured(**keys, **unset))
    refused(kept, said, "is a key of 'quick-fox-1'", "points at 'slow-dog-2'")
    assert "hunter2" not in said.complained


def test_a_deployment_that_can_not_be_reached(kept: Desk, configured: Variables) -> None:
    said = kept.say(*MIGRATE, **configured(CONVEX_SELF_HOSTED_URL=f"http://{CLOSED}"))
    refused(kept, said, f"The deployment at http://{CLOSED} can not be reached", "Nothing was changed.")


def test_what_answers_is_no_deployment(
    kept: Desk, configured: Variables, pair: tuple[Path, PairState]
) -> None:
    said = kept.say(*MIGRATE, **configured(CONVEX_SELF_HOSTED_URL=pair[1].app_url))
    refused(kept, said, "is not a Convex deployment", "Nothing was changed.")


def test_a_database_that_can_not_be_reached(
    kept: Desk, configured: Variables, pair: tuple[Path, PairState]
) -> None:
    said = kept.say(*MIGRATE, **configured(SUPABASE_DB_URL=at(pair[1].postgres_dsn, CLOSED)))
    refused(kept, said, "The source", "can not be reached", "Nothing was changed.")


def test_a_wrong_password_of_the_database(
    kept: Desk, configured: Variables, pair: tuple[Path, PairState]
) -> None:
    wrong = re.sub(r":[^:@/]+@", ":hunter2@", pair[1].postgres_dsn)
    said = kept.say(*MIGRATE, **configured(SUPABASE_DB_URL=wrong))
    refused(kept, said, "refused the password", "Nothing was changed.")
    assert "hunter2" not in said.complained


def test_the_transaction_pooler(kept: Desk, configured: Variables, pair: tuple[Path, PairState]) -> None:
    said = kept.say(*MIGRATE, **configured(SUPABASE_DB_URL=at(pair[1].postgres_dsn, "127.0.0.1:6543")))
    refused(kept, said, "transaction pooler", "port 5432")


def test_text_that_is_no_address_of_a_database(kept: Desk, configured: Variables) -> None:
    said = kept.say(*MIGRATE, **configured(SUPABASE_DB_URL="postgres:hunter2"))
    refused(kept, said, "is not a PostgreSQL address")
    assert "hunter2" not in said.complained


@pytest.mark.parametrize(
    ("change", "back"),
    [
        ("ALTER TABLE public.cases RENAME TO kases", "ALTER TABLE public.kases RENAME TO cases"),
        ("ALTER TABLE public.case_rfi SET SCHEMA away", "ALTER TABLE away.case_rfi SET SCHEMA public"),
    ],
)
def test_a_source_without_a_table_that_is_needed(
    kept: Desk, pair: tuple[Path, PairState], change: str, back: str
) -> None:
    missing = change.split()[2]
    with altered(pair[1], f"CREATE SCHEMA away; {change}", f"{back}; DROP SCHEMA away"):
        refused(kept, kept.say("migrate"), f"The source has no table {missing}", "Nothing was changed.")


def test_a_role_from_which_rows_are_hidden(
    kept: Desk, configured: Variables, pair: tuple[Path, PairState]
) -> None:
    reader = re.sub(r"//[^@]+@", "//reader:hunter2@", pair[1].postgres_dsn)
    to = "ALL TABLES IN SCHEMA public, auth"
    with altered(
        pair[1],
        f"CREATE ROLE reader LOGIN PASSWORD 'hunter2'; GRANT USAGE ON SCHEMA public, auth TO reader;"
        f" GRANT SELECT ON {to} TO reader",
        f"REVOKE ALL ON {to} FROM reader; REVOKE ALL ON SCHEMA public, auth FROM reader; DROP ROLE reader",
    ):
        said = kept.say(*MIGRATE, **configured(SUPABASE_DB_URL=reader))
    refused(kept, said, "role does not see every row of", "public.cases", "Connect as postgres")
    assert "hunter2" not in said.complained


def test_nothing_configured(kept: Desk) -> None:
    for verb in ("migrate", "verify", "smoke", "rollback", "fence"):
        said = kept.say(verb, CUTOVER_PAIR=str(kept.folder / "no-pair" / "pair.json"))
        assert said.code == 12
    refused(kept, kept.say("migrate", CUTOVER_PAIR=str(kept.folder / "no.json")), "./inv pair.up")


def test_an_environment_that_does_not_exist(kept: Desk, configured: Variables) -> None:
    refused(kept, kept.say("migrate", "--env", "tset", **configured()), "Did you mean 'test'?")


def test_a_variable_that_cutover_does_not_know(kept: Desk, configured: Variables) -> None:
    said = kept.say(*MIGRATE, **configured(CUTOVER_DATADIR="/tmp/x"))  # noqa: S108 - never made
    refused(kept, said, "CUTOVER_DATADIR", "Did you mean 'CUTOVER_DATA_DIR'?")


def test_a_data_folder_inside_the_checkout(kept: Desk, configured: Variables) -> None:
    inside = ROOT / "reports" / "data"
    said = kept.say(*MIGRATE, **configured(CUTOVER_DATA_DIR=str(inside)))
    refused(kept, said, "lies inside the checkout")
    assert not inside.exists()


def test_half_a_target_and_two_targets(kept: Desk, configured: Variables) -> None:
    half = kept.say(*MIGRATE, **configured(CONVEX_SELF_HOSTED_ADMIN_KEY=""))
    refused(kept, half, "No target is configured")
    two = kept.say(*MIGRATE, **configured(CONVEX_DEPLOY_KEY="prod:quick-fox-1|hunter2"))
    refused(kept, two, "the target is ambiguous")


def test_a_pair_file_that_others_may_read(kept: Desk, pair: tuple[Path, PairState]) -> None:
    copy = kept.folder / "pair.json"
    copy.write_text((pair[0] / "pair.json").read_text())
    copy.chmod(0o644)
    refused(kept, kept.say("migrate", CUTOVER_PAIR=str(copy)), "may be read by other users", "chmod 600")


def test_production_that_cutover_toml_does_not_name(kept: Desk, configured: Variables) -> None:
    said = kept.say("migrate", "--production", "--confirm", "anything", **configured())
    refused(kept, said, "cutover.toml does not name production's")


def test_two_environments_on_one_line(kept: Desk, configured: Variables) -> None:
    said = kept.say(*MIGRATE, "verify", "--env", "embedded", **configured())
    refused(kept, said, "pinned to the environment test, but embedded was asked for")


def test_an_environment_named_after_the_first_task(kept: Desk, configured: Variables) -> None:
    said = kept.say("migrate", "verify", "--env", "test", **configured())
    refused(kept, said, "Name it at the first task")


def test_a_run_that_does_not_exist(kept: Desk) -> None:
    refused(kept, kept.say("migrate", "--resume", "--run", "20260115T000000Z-aaaa"), "There is no run")
    refused(kept, kept.say("migrate", "--resume"), "There is no run yet")
    refused(kept, kept.say("migrate", "--run", "20260115T000000Z-aaaa"), "Add --resume")


def test_a_refused_line_as_a_process_of_its_own(kept: Desk, configured: Variables) -> None:
    said = kept.line(*MIGRATE, "verify", "smoke", more=configured(CONVEX_SELF_HOSTED_ADMIN_KEY="a|b"))
    refused(kept, said, "refused the admin key")
