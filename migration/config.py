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
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from migration import variables
from migration.endpoints import SourceSettings, TargetSettings, source_name, source_of, target_name, target_of
from migration.errors import Refusal

ROOT = Path(__file__).resolve().parent.parent
Environment = Literal["embedded", "test", "production"]
ENVIRONMENTS: tuple[str, ...] = get_args(Environment)


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RunTable(_Frozen):
    """`[run]`: how the harness works. `workers` 0 means one for each processor."""

    workers: int = Field(default=0, ge=0, le=64)


class SampleTable(_Frozen):
    """`[sample]`: how many cases are read through the app's own functions."""

    fraction: float = Field(default=0.1, gt=0, le=1)
    minimum: int = Field(default=50, ge=1)


class VacuityTable(_Frozen):
    """`[vacuity]`: below these row counts a green run proves nothing and is UNKNOWN."""

    minimum_users: int = Field(default=1, ge=1)
    minimum_cases: int = Field(default=1, ge=1)


class ApprovalTable(_Frozen):
    """`[approval]`: how many different people must approve, and whether only signatures count.

    `allowed_signers`: lines of OpenSSH's allowed_signers, `NAME ssh-ed25519 AAAA...`; NAME is what --by says.
    """

    approvers: int = Field(default=1, ge=1, le=5)
    signed: bool = False
    allowed_signers: list[str] = []


class PairTable(_Frozen):
    """`[environments.X]`: the names that the configured source and target must have."""

    target: str = ""
    source: str = ""


class EnvironmentsTable(_Frozen):
    """`[environments]`."""

    embedded: PairTable = PairTable()
    test: PairTable = PairTable()
    production: PairTable = PairTable()


class File(_Frozen):
    """The whole of cutover.toml."""

    run: RunTable = RunTable()
    sample: SampleTable = SampleTable()
    vacuity: VacuityTable = VacuityTable()
    approval: ApprovalTable = ApprovalTable()
    environments: EnvironmentsTable = EnvironmentsTable()


class Settings(_Frozen):
    """Everything a run is told from outside. `pair_file` matters to the embedded environment only.

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
    _meets_names(chosen, source, target, file.environments)
    if chosen == "production":
        _confirmed(target, confirm or values.get("CUTOVER_CONFIRM"))
    return Settings(
        environment=chosen,
        source=source,
        target=target,
        app_url=extra.get("CUTOVER_APP_URL"),
        canary_email=extra.get("CUTOVER_CANARY_EMAIL"),
        canary_password=_secret(extra.get("CUTOVER_CANARY_PASSWORD")),
        data_dir=data_dir(root, {**environ, **values}),
        runs_dir=runs_dir(root, values),
        pair_file=pair,
        workers=file.run.workers or os.cpu_count() or 1,
        sample_fraction=file.sample.fraction,
        sample_minimum=file.sample.minimum,
        minimum_users=file.vacuity.minimum_users,
        minimum_cases=file.vacuity.minimum_cases,
        quarantine_file=quarantine_file(chosen, pair, root),
    )


def read_file(path: Path) -> File:
    """cutover.toml, every key known and of the right type; an absent file means the defaults."""
    try:
        content = tomllib.loads(path.read_text()) if path.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise Refusal(f"{path.name} can not be read: {error}.") from error
    _known_keys(content, File, path.name)
    try:
        return File.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Refusal(
            f"{path.name}: {place}: {first['msg']}.", next_step="Correct it and try again."
        ) from error


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


def _known_keys(content: Mapping[str, Any], model: type[BaseModel], place: str) -> None:
    for key, value in content.items():
        if key not in model.model_fields:
            raise Refusal(
                f"{place}: unknown key {key!r}.",
                next_step=variables.nearest(key, model.model_fields),
            )
        inner = model.model_fields[key].annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel) and isinstance(value, dict):
            _known_keys(value, inner, f"{place} [{key}]")


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
) -> tuple[SourceSettings, TargetSettings, Mapping[str, str]]:
    if environment == "embedded":
        return _embedded(pair)
    return source_of(values), target_of(values), values


def _embedded(pair: Path) -> tuple[SourceSettings, TargetSettings, Mapping[str, str]]:
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
        }
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise Refusal(
            f"The pair's state {pair} can not be read ({type(error).__name__}).",
            next_step="Start the pair anew: ./inv pair.down, then ./inv pair.up.",
        ) from None
    return source, target, extra


def _meets_names(
    environment: Environment, source: SourceSettings, target: TargetSettings, tables: EnvironmentsTable
) -> None:
    """The configured names must be met, and a name written for another environment is never accepted."""
    wanted: PairTable = getattr(tables, environment)
    for side, actual in (("source", source.name), ("target", target.name)):
        expected: str = getattr(wanted, side)
        if environment == "production" and not expected:
            raise Refusal(
                f"cutover.toml does not name production's {side}.",
                next_step=f"Write it under [environments.production] {side} = ...",
            )
        if expected and expected != actual:
            raise Refusal(
                f"The {side} is {actual!r}, but cutover.toml says {expected!r} for {environment}.",
                next_step="Point the environment variables at the right one, or choose another --env.",
            )
        _not_of_another(environment, side, actual, tables)


def _not_of_another(environment: Environment, side: str, actual: str, tables: EnvironmentsTable) -> None:
    for other in ENVIRONMENTS:
        if other != environment and getattr(getattr(tables, other), side) == actual:
            raise Refusal(
                f"The {side} {actual!r} belongs to the environment {other}, not to {environment}.",
                next_step=f"Give --env {other} if that is what you mean.",
            )


def _confirmed(target: TargetSettings, typed: str | None) -> None:
    if typed != target.name:
        raise Refusal(
            f"Production needs the target's name typed; {'another name' if typed else 'none'} was given.",
            next_step=f"Add --confirm {target.name} (or CUTOVER_CONFIRM) if that is the deployment you mean.",
        )


def _secret(value: str | None) -> SecretStr | None:
    return SecretStr(value) if value else None
