"""Settings: what they are made from, and what is refused. The whole list is `bad_configuration`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migration import config
from migration.errors import Refusal

TEST = {
    "HOME": "/nonexistent",
    "CUTOVER_ENV": "test",
    "SUPABASE_DB_URL": "postgresql://postgres:hunter2@db.abcdef.supabase.co:5432/postgres",
    "CONVEX_DEPLOY_KEY": "prod:happy-otter-123|s3cret",
}
PRODUCTION = '[environments.production]\ntarget = "happy-otter-123"\nsource = "abcdef"\n'


def _pair(root: Path, mode: int = 0o600) -> Path:
    path = root / "fixtures" / ".pair" / "pair.json"
    path.parent.mkdir(parents=True)
    state = {
        "postgres_dsn": "postgresql://postgres:pw@127.0.0.1:5555/postgres",
        "convex_url": "http://127.0.0.1:3210",
        "convex_admin_key": "embedded|key",
        "app_url": "http://127.0.0.1:3000",
        "canary_email": "canary@example.test",
        "canary_password": "canary-password",
        "_processes": {"postgres": 1},
    }
    path.write_text(json.dumps(state))
    path.chmod(mode)
    return path


def _refused(root: Path, environ: dict[str, str], environment: str | None = None) -> str:
    with pytest.raises(Refusal) as caught:
        config.load(environment, root=root, environ=environ)
    assert caught.value.exit_code == 12
    for secret in ("hunter2", "s3cret", "canary-password"):
        assert secret not in str(caught.value)
    return str(caught.value)


def test_the_usual_names_make_the_settings(tmp_path: Path) -> None:
    settings = config.load(root=tmp_path, environ=TEST)
    assert settings.environment == "test"
    assert settings.target.url == "https://happy-otter-123.convex.cloud"
    assert settings.target.name == "happy-otter-123"
    assert settings.source.name == "abcdef"
    assert settings.data_dir == Path("/nonexistent/.local/state/cutover")
    assert settings.runs_dir == tmp_path / "reports" / "runs"
    assert (settings.sample_fraction, settings.sample_minimum) == (0.1, 50)
    assert "hunter2" not in repr(settings)
    assert "s3cret" not in repr(settings)


def test_a_self_hosted_target_has_its_address_as_its_name(tmp_path: Path) -> None:
    environ = {key: value for key, value in TEST.items() if key != "CONVEX_DEPLOY_KEY"}
    environ |= {"CONVEX_SELF_HOSTED_URL": "https://10.0.0.1:3210/", "CONVEX_SELF_HOSTED_ADMIN_KEY": "me|k"}
    assert config.load(root=tmp_path, environ=environ).target.name == "10.0.0.1:3210"


def test_the_shipped_file_and_example_are_valid(tmp_path: Path) -> None:
    config.read_file(config.ROOT / "cutover.toml")
    example = (config.ROOT / ".env.example").read_text()
    named = {
        line[1:].partition("=")[0] for line in example.splitlines() if line.startswith("#") and "=" in line
    }
    from migration import variables

    internal = {"CUTOVER_ATTEMPT", "CUTOVER_PUBLIC_URL", "CUTOVER_RUN", "CUTOVER_SESSION"}
    assert {*variables.OURS, *variables.THEIRS} - internal <= named
    filled = "\n".join(line.removeprefix("#") for line in example.splitlines() if line[1:5].isupper())
    (tmp_path / ".env").write_text(filled)
    (tmp_path / ".env").chmod(0o600)
    assert "ambiguous" in _refused(tmp_path, {"HOME": "/nonexistent"})


def test_a_kept_pair_is_the_embedded_environment_and_keys_in_the_shell_are_not_used(tmp_path: Path) -> None:
    _pair(tmp_path)
    environ = {key: value for key, value in TEST.items() if key != "CUTOVER_ENV"}
    settings = config.load(root=tmp_path, environ=environ)
    assert settings.environment == "embedded"
    assert settings.target.url == "http://127.0.0.1:3210"
    assert settings.canary_email == "canary@example.test"
    assert settings.quarantine_file.parent == tmp_path / "fixtures" / ".pair"


def test_an_env_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text(
        '# comment\nexport CUTOVER_ENV=test\nCUTOVER_APP_URL="https://a.example"\nOTHER=1\n'
        f"SUPABASE_DB_URL={TEST['SUPABASE_DB_URL']}\nCONVEX_DEPLOY_KEY=prod:other-1|x\n"
    )
    env.chmod(0o600)
    key = {"HOME": "/nonexistent", "CONVEX_DEPLOY_KEY": TEST["CONVEX_DEPLOY_KEY"]}
    settings = config.load(root=tmp_path, environ=key)
    assert settings.app_url == "https://a.example"
    assert settings.target.name == "happy-otter-123"


def test_production_needs_its_names_written_and_the_target_s_name_typed(tmp_path: Path) -> None:
    environ = {**TEST, "CUTOVER_ENV": "production"}
    assert "does not name production's source" in _refused(tmp_path, environ)
    (tmp_path / "cutover.toml").write_text(PRODUCTION)
    assert "needs the target's name typed; none" in _refused(tmp_path, environ)
    assert "another name" in _refused(tmp_path, {**environ, "CUTOVER_CONFIRM": "happy-otter"})
    for confirmed in ({"CUTOVER_CONFIRM": "happy-otter-123"}, {}):
        typed = None if confirmed else "happy-otter-123"
        settings = config.load(root=tmp_path, environ={**environ, **confirmed}, confirm=typed)
        assert settings.environment == "production"


def test_files_with_secrets_that_others_may_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CUTOVER_ENV=test\n")
    (tmp_path / ".env").chmod(0o644)
    assert "may be read by other users (mode 0644)" in _refused(tmp_path, TEST)
    (tmp_path / ".env").unlink()
    _pair(tmp_path, mode=0o644)
    assert "chmod 600" in _refused(tmp_path, {"HOME": "/nonexistent"})


def test_a_torn_env_or_pair_file_is_refused_without_its_text(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("hunter2\n")
    (tmp_path / ".env").chmod(0o600)
    assert "line 1, is not NAME=value" in _refused(tmp_path, TEST)
    (tmp_path / ".env").unlink()
    _pair(tmp_path).write_text('{"postgres_dsn": "hunter2')
    assert "can not be read" in _refused(tmp_path, {"HOME": "/nonexistent"})


def test_people_s_data_may_not_lie_in_the_checkout(tmp_path: Path) -> None:
    inside = str(tmp_path / "data")
    assert "inside the checkout" in _refused(tmp_path, {**TEST, "CUTOVER_DATA_DIR": inside})
