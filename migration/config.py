"""The settings of a run: cutover.toml, the environment, and for the embedded pair its pair.json. Read and
checked once.

First thing of every task. Nothing is connected to here, and nothing is created. Secrets come from the
environment or from a `.env` of mode 0600 and are `SecretStr`s from the first moment, so that no log or
traceback can show them.

The embedded environment takes its pair from pair.json alone: keys for a real deployment that happen to be
set in the shell are never used for a rehearsal, and the other way round (law 12).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast, get_args

from pydantic import SecretStr

from migration import owners, variables
from migration.cutover_toml import (
    CalendarTable,
    CutoverTable,
    DecommissionTable,
    File,
    Frozen,
    PreflightTable,
    StepsTable,
    read_file,
)
from migration.endpoints import (
    SourceSettings,
    TargetSettings,
    google_of,
    management_of,
    public_of,
    render_of,
    site_of,
    source_name,
    source_of,
    target_name,
    target_of,
    vercel_of,
)
from migration.errors import Refusal

__all__ = ["ENVIRONMENTS", "ROOT", "File", "PreflightTable", "Settings", "load", "read_file"]

ROOT = Path(__file__).resolve().parent.parent
Environment = Literal["embedded", "test", "dress", "production"]
ENVIRONMENTS: tuple[str, ...] = get_args(Environment)
SUPABASE_API = "https://api.supabase.com"
VERCEL_API = "https://api.vercel.com"
RENDER_API = "https://api.render.com"


class GoogleKeys(Frozen):
    """v1's own keys: its Google client, and the Fernet key of the tokens in its users' rows."""

    client_id: str
    client_secret: SecretStr
    encryption_key: SecretStr


class Settings(Frozen):
    """Everything a run is told from outside. `pair_file` matters to the embedded environment only. `cutover`:
    the window; `live`: how this environment goes live.

    `quarantine_file` holds the decisions about rows: the repository's for real pairs, the pair's own for
    embedded.
    """

    environment: Environment
    source: SourceSettings
    target: TargetSettings
    app_url: str | None
    canary_email: str | None
    canary_password: SecretStr | None
    data_dir: Path
    runs_dir: Path
    pair_file: Path
    workers: int
    sample_fraction: float
    sample_minimum: int
    minimum_users: int
    minimum_cases: int
    quarantine_file: Path
    preflight: PreflightTable = PreflightTable()
    supabase_token: SecretStr | None = None
    supabase_api: str = SUPABASE_API
    calendar: CalendarTable = CalendarTable()
    google: GoogleKeys | None = None
    cutover: CutoverTable = CutoverTable()
    live: StepsTable = StepsTable()
    vercel_token: SecretStr | None = None
    vercel_api: str = VERCEL_API
    decommission: DecommissionTable = DecommissionTable()
    render_key: SecretStr | None = None
    render_api: str = RENDER_API

    @property
    def fences(self) -> bool:
        """Whether v1 is closed while it is migrated: not in a dress rehearsal, which only reads it."""
        return self.environment != "dress"


def load(
    environment: str | None = None,
    *,
    root: Path = ROOT,
    environ: Mapping[str, str] = os.environ,
    confirm: str | None = None,
) -> Settings:
    """The settings of `environment` (None: CUTOVER_ENV, else the kept pair), or a `Refusal` that says what
    is wrong.

    `confirm` (or CUTOVER_CONFIRM) is the typed name of the target; production is refused without it.
    """
    values = variables.read(root, environ)
    file = read_file(root / "cutover.toml")
    pair = pair_file(root, values)
    chosen = _choose(environment, values, pair)
    source, target, extra = _pair_of(chosen, values, pair)
    owners.meet_names(chosen, source, target, file.environments)
    live = _live(chosen, file.cutover, extra.get("live"))
    owners.meet_urls(chosen, {**extra, "url in [cutover]": live.url}, file.environments)
    if chosen == "production":
        _no_development_key(target)
        _confirmed(target, confirm or values.get("CUTOVER_CONFIRM"))
    return Settings(
        environment=chosen,
        source=source,
        target=target,
        app_url=site_of(extra["CUTOVER_APP_URL"]) if extra.get("CUTOVER_APP_URL") else None,
        **_canary(extra),
        data_dir=data_dir(root, {**environ, **values}),
        runs_dir=runs_dir(root, values),
        pair_file=pair,
        workers=file.run.workers or os.cpu_count() or 1,
        sample_fraction=file.sample.fraction,
        sample_minimum=file.sample.minimum,
        minimum_users=file.vacuity.minimum_users,
        minimum_cases=file.vacuity.minimum_cases,
        quarantine_file=quarantine_file(chosen, pair, root),
        preflight=file.preflight,
        supabase_token=_secret(extra.get("SUPABASE_ACCESS_TOKEN")),
        supabase_api=management_of(extra.get("CUTOVER_SUPABASE_API") or SUPABASE_API),
        calendar=_calendar(file.calendar),
        google=_google(extra),
        cutover=file.cutover,
        live=live,
        vercel_token=_secret(extra.get("VERCEL_TOKEN")),
        vercel_api=vercel_of(extra.get("CUTOVER_VERCEL_API") or VERCEL_API),
        decommission=file.decommission,
        render_key=_secret(extra.get("RENDER_API_KEY")),
        render_api=render_of(extra.get("CUTOVER_RENDER_API") or RENDER_API),
    )


def runs_dir(root: Path = ROOT, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the evidence of runs lies: reports/runs, or CUTOVER_RUNS_DIR."""
    return Path(environ.get("CUTOVER_RUNS_DIR") or root / "reports" / "runs")


def pair_file(root: Path = ROOT, environ: Mapping[str, str] = os.environ) -> Path:
    """The state of the embedded pair: fixtures/.pair/pair.json, or CUTOVER_PAIR."""
    return Path(environ.get("CUTOVER_PAIR") or root / "fixtures" / ".pair" / "pair.json")


def quarantine_file(environment: str, pair: Path, root: Path = ROOT) -> Path:
    """Where decisions about rows are kept: in the checkout for real pairs, beside pair.json for embedded."""
    return (pair.parent if environment == "embedded" else root) / "quarantine.toml"


def data_dir(root: Path = ROOT, environ: Mapping[str, str] = os.environ) -> Path:
    """Where people's data lies (raw rows, backups): never inside the checkout (law 13)."""
    chosen = environ.get("CUTOVER_DATA_DIR")
    if not chosen:
        state = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or Path.home()) / ".local" / "state"
        chosen = str(Path(state) / "cutover")
    path = Path(chosen).expanduser().resolve()
    if path.is_relative_to(root.resolve()):
        raise Refusal(
            f"The data folder {path} lies inside the checkout, where people's data could be committed.",
            next_step="Set CUTOVER_DATA_DIR to a folder elsewhere, or unset it.",
        )
    return path


def _choose(asked: str | None, values: Mapping[str, str], pair: Path) -> Environment:
    name = asked or values.get("CUTOVER_ENV") or ("embedded" if pair.exists() else None)
    if name is None:
        raise Refusal(
            "No environment is chosen and no embedded pair is kept.",
            next_step="Give --env test or --production (or set CUTOVER_ENV), or start one: ./inv pair.up.",
        )
    if name not in ENVIRONMENTS:
        raise Refusal(f"Unknown environment {name!r}.", next_step=variables.nearest(name, ENVIRONMENTS))
    return cast("Environment", name)


def _pair_of(
    environment: Environment, values: Mapping[str, str], pair: Path
) -> tuple[SourceSettings, TargetSettings, Mapping[str, Any]]:
    if environment == "embedded":
        return _embedded(pair)
    return source_of(values), target_of(values), values


def _live(environment: Environment, table: CutoverTable, embedded: Any) -> StepsTable:
    """How an environment goes live: a real one as cutover.toml says, the embedded pair by its own stand-ins,
    and by nothing else."""
    steps = StepsTable.model_validate(embedded or {})
    if environment != "embedded":
        if table.test.name and table.test.name == table.production.name:
            raise Refusal(
                f"cutover.toml would point {table.test.name} elsewhere for test and for production.",
                next_step="Give [cutover.test] a host of its own.",
            )
        steps = table.production if environment == "production" else table.test
    return steps.model_copy(update={"url": public_of(steps.url)}) if steps.url else steps


def _embedded(pair: Path) -> tuple[SourceSettings, TargetSettings, Mapping[str, Any]]:
    if not pair.exists():
        raise Refusal(
            f"No embedded pair is running: {pair} is absent.", next_step="Start one: ./inv pair.up."
        )
    variables.only_ours(pair)
    try:
        state: dict[str, Any] = json.loads(pair.read_text())
        source = SourceSettings(dsn=SecretStr(state["postgres_dsn"]), name=source_name(state["postgres_dsn"]))
        target = TargetSettings(
            url=state["convex_url"],
            admin_key=SecretStr(state["convex_admin_key"]),
            name=target_name(state["convex_url"]),
        )
        extra = {
            "CUTOVER_APP_URL": state["app_url"],
            "CUTOVER_CANARY_EMAIL": state["canary_email"],
            "CUTOVER_CANARY_PASSWORD": state["canary_password"],
            **_stand_ins(state),
        }
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise Refusal(
            f"The pair's state {pair} can not be read ({type(error).__name__}).",
            next_step="Start the pair anew: ./inv pair.down, then ./inv pair.up.",
        ) from None
    return source, target, extra


def _stand_ins(state: Mapping[str, Any]) -> dict[str, Any]:
    """The pair's own stand-ins of what lies outside of both sides; a pair without them can not go live."""
    outside = state.get("outside") or {}
    return {
        "live": outside.get("live"),
        "VERCEL_TOKEN": outside.get("vercel_token"),
        "CUTOVER_VERCEL_API": outside.get("vercel_api"),
    }


def _canary(values: Mapping[str, str]) -> dict[str, Any]:
    """The canary's two settings: both or none."""
    email, password = values.get("CUTOVER_CANARY_EMAIL"), values.get("CUTOVER_CANARY_PASSWORD")
    if bool(email) != bool(password):
        missing = "CUTOVER_CANARY_PASSWORD" if email else "CUTOVER_CANARY_EMAIL"
        raise Refusal(
            f"Half a canary is configured: {missing} is not set.",
            next_step="Set both, or neither; without a canary nobody signs in and the run stays UNKNOWN.",
        )
    return {"canary_email": email, "canary_password": _secret(password)}


def _google(values: Mapping[str, str]) -> GoogleKeys | None:
    """v1's Google client and Fernet key: all three or none."""
    names = ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "ENCRYPTION_KEY")
    client_id, secret, key = (values.get(name) for name in names)
    if not (client_id and secret and key):
        return None  # the calendar verbs say which are missing; nothing else needs them
    return GoogleKeys(client_id=client_id, client_secret=SecretStr(secret), encryption_key=SecretStr(key))


def _calendar(table: CalendarTable) -> CalendarTable:
    """Google's addresses, whole and encrypted: tokens are sent there."""
    return table.model_copy(update={"api": google_of(table.api), "oauth": google_of(table.oauth)})


def _no_development_key(target: TargetSettings) -> None:
    if target.admin_key.get_secret_value().startswith("dev:"):
        raise Refusal(
            "CONVEX_DEPLOY_KEY is the key of a development deployment, and production was asked for.",
            next_step="Use the production deployment's own key, or give --env test.",
        )


def _confirmed(target: TargetSettings, typed: str | None) -> None:
    if typed != target.name:
        raise Refusal(
            f"Production needs the target's name typed; {'another name' if typed else 'none'} was given.",
            next_step=f"Add --confirm {target.name} (or CUTOVER_CONFIRM) if that is the deployment you mean.",
        )


def _secret(value: str | None) -> SecretStr | None:
    return SecretStr(value) if value else None
