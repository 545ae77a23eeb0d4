"""cutover.toml: the settings that are no secrets, every key known and of the right type.

Read by `migration.config`, which puts the environment variables beside them. Nothing is connected to here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from migration import variables
from migration.errors import Refusal


class Frozen(BaseModel):
    """Settings: never changed, and no key unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RunTable(Frozen):
    """`[run]`: how the harness works. `workers` 0 means one for each processor."""

    workers: int = Field(default=0, ge=0, le=64)


class SampleTable(Frozen):
    """`[sample]`: how many cases are read through the app's own functions."""

    fraction: float = Field(default=0.1, gt=0, le=1)
    minimum: int = Field(default=50, ge=1)


class VacuityTable(Frozen):
    """`[vacuity]`: below these row counts a green run proves nothing and is UNKNOWN."""

    minimum_users: int = Field(default=1, ge=1)
    minimum_cases: int = Field(default=1, ge=1)


class PreflightTable(Frozen):
    """`[preflight]`: what the gates ask of a deployment and of this machine.

    required_variables: what v2's functions read, on every deployment; production_variables: there too.
    nameservers: addresses of the domain's own name servers, which know the site's TTL.
    free_mb: least room that must be left on this machine's disk beside what the run is estimated to take.
    """

    required_variables: tuple[str, ...] = ("SITE_URL", "JWT_PRIVATE_KEY", "JWKS")
    production_variables: tuple[str, ...] = ("AUTH_GOOGLE_ID", "AUTH_GOOGLE_SECRET")
    nameservers: tuple[str, ...] = ()
    free_mb: int = Field(default=512, ge=0)


class ApprovalTable(Frozen):
    """`[approval]`: how many different people must approve, and whether only signatures count.

    `allowed_signers`: lines of OpenSSH's allowed_signers, `NAME ssh-ed25519 AAAA...`; NAME is what --by says.
    """

    approvers: int = Field(default=1, ge=1, le=5)
    signed: bool = False
    allowed_signers: tuple[str, ...] = ()


class PrivacyTable(Frozen):
    """`[privacy]`: for whom `encrypt` encrypts a run's raw data: recipients of age, or SSH public keys."""

    age_recipients: tuple[str, ...] = ()


class CalendarTable(Frozen):
    """`[calendar]`: where Google is, how fast it is asked, and what a clean-up must not exceed.

    api, oauth: addresses without a path. calls_per_second, between_users_s: the pace. answer_within_s: how
    long one answer is waited for. ceiling: deletions of one run; ceiling_per_user: of one plan. after_hours:
    how long after the opening a run may begin.
    """

    api: str = "https://www.googleapis.com"
    oauth: str = "https://oauth2.googleapis.com"
    calls_per_second: float = Field(default=5.0, gt=0, le=1000)
    answer_within_s: float = Field(default=30.0, gt=0)
    between_users_s: float = Field(default=1.0, ge=0)
    ceiling: int = Field(default=5000, ge=1)
    ceiling_per_user: int = Field(default=500, ge=1)
    after_hours: float = Field(default=24.0, ge=0)


class StepsTable(Frozen):
    """`[cutover.X]`: how an environment goes live, and back. Commands are lists of arguments, for no shell.

    url: the public address, which people open. host: the name that the resolvers are asked for (empty: the
    url's). resolvers: addresses of several, `:port` if not 53. points_to: the addresses (or alias) that the
    host has when it leads to v2. deploy, announce: commands, or empty. domain, domain_back: commands that
    point the host at v2, and back; both must be safe to repeat. vercel_to, vercel_from: instead of them, the
    Vercel projects of v2 and v1 between which the host is moved; vercel_team: their team.
    """

    url: str = ""
    host: str = ""
    resolvers: tuple[str, ...] = ()
    points_to: tuple[str, ...] = ()
    deploy: tuple[str, ...] = ()
    domain: tuple[str, ...] = ()
    domain_back: tuple[str, ...] = ()
    announce: tuple[str, ...] = ()
    vercel_to: str = ""
    vercel_from: str = ""
    vercel_team: str = ""

    @property
    def name(self) -> str:
        """The name that is pointed elsewhere."""
        return self.host or urlsplit(self.url).hostname or ""


class CutoverTable(Frozen):
    """`[cutover]`: the length of the maintenance window, how long a step may take at most and how often is
    looked while v2 does not answer yet; and each environment's steps (the embedded pair brings its own)."""

    window_minutes: float = Field(default=30, gt=0, le=24 * 60)
    patience_minutes: float = Field(default=10, gt=0, le=120)
    poll_seconds: float = Field(default=5, gt=0, le=60)
    test: StepsTable = StepsTable()
    production: StepsTable = StepsTable()


class DecommissionTable(Frozen):
    """`[decommission]`: what of v1 ends, and which acts are allowed at all.

    render_service: the id of v1's service (`srv-...`). allow: acts that `decommission.run` may carry out.
    access_log: the old API's log in combined format, `.gz` too; without one Render's own figures are asked.
    health_checks: what the agents of health checks begin with, which are no traffic.
    """

    render_service: str = ""
    allow: tuple[str, ...] = ()
    access_log: str = ""
    health_checks: tuple[str, ...] = ("Render/",)


class TidyTable(Frozen):
    """`[tidy]`: the code clean-up. folder: becomes the root; removed: go; planning: is kept below `archive`.

    onto: the branch that gets the commit; branch: merged first, if there is one. test: the repository's own
    test command, a list of arguments.
    """

    folder: str = "v2"
    removed: tuple[str, ...] = ("backend", "frontend")
    planning: str = ".planning"
    archive: str = "docs/archive/planning"
    onto: str = "main"
    branch: str = ""
    test: tuple[str, ...] = ()


class PairTable(Frozen):
    """`[environments.X]`: the names that the configured source and target must have, and the sites (and other
    addresses) that are this environment's own."""

    target: str = ""
    source: str = ""
    urls: tuple[str, ...] = ()


class EnvironmentsTable(Frozen):
    """`[environments]`."""

    embedded: PairTable = PairTable()
    test: PairTable = PairTable()
    production: PairTable = PairTable()


class File(Frozen):
    """The whole of cutover.toml."""

    run: RunTable = RunTable()
    sample: SampleTable = SampleTable()
    vacuity: VacuityTable = VacuityTable()
    preflight: PreflightTable = PreflightTable()
    approval: ApprovalTable = ApprovalTable()
    privacy: PrivacyTable = PrivacyTable()
    calendar: CalendarTable = CalendarTable()
    cutover: CutoverTable = CutoverTable()
    decommission: DecommissionTable = DecommissionTable()
    tidy: TidyTable = TidyTable()
    environments: EnvironmentsTable = EnvironmentsTable()


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
