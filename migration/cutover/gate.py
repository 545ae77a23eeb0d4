"""Whether a cutover may begin: a GO for this very run, deployment and revision, and all that it will need.

Pure. The decision is asked for at this moment (`migration.case` gathers it, with the identity of the
deployment that is connected to), never read from decision.json. On the embedded pair, which no decision ever
lets go live, the cutover is a rehearsal on the pair's own stand-ins: what only people can say is left open
there and named, everything else must hold as in production.
"""

from __future__ import annotations

from dataclasses import dataclass

from migration.config import Settings
from migration.cutover_toml import StepsTable
from migration.decision import Case, may_cut_over
from migration.errors import Refusal
from migration.model import Choice, Verdict

OF_MACHINES = ("fresh", "record", "revision", "mapping", "deployment")
"""Gates that hold on every pair. The others (approval, features, acceptances, the pair) are people's."""


@dataclass(frozen=True)
class Admission:
    """That a cutover may begin. `rehearsal`: on stand-ins, with these gates shut that only people open."""

    rehearsal: bool
    left_open: tuple[str, ...] = ()


def admitted(case: Case) -> Admission:
    """The admission, or a `Refusal` with every reason."""
    found = may_cut_over(case)
    if found.choice is Choice.GO:
        return Admission(rehearsal=False)
    shut = {name: state for name, state in sorted(found.gates.items()) if state != "open"}
    if case.environment == "embedded":
        machines = [name for name in shut if name in OF_MACHINES]
        held = found.choice is Choice.HOLD and found.verdict is Verdict.PASS and case.loaded
        if held and not machines:
            return Admission(rehearsal=True, left_open=tuple(name for name in shut if name not in machines))
    raise Refusal(
        f"The decision is {found.choice}, not GO: {'; '.join(found.reasons)}.",
        next_step="./inv explain says what would change it; then type the same line again.",
    )


def typed(settings: Settings, confirm: str | None) -> None:
    """The deployment's name was typed, whatever the environment; else a `Refusal`."""
    if confirm != settings.target.name:
        raise Refusal(
            f"A cutover needs the target's name typed; {'another name' if confirm else 'none'} was given.",
            next_step=f"Add --confirm {settings.target.name} if people shall work on that deployment.",
        )


def equipped(settings: Settings) -> None:
    """A `Refusal` when cutover.toml leaves open how to go live, how to know it, or how to come back."""
    steps, place = settings.live, f"[cutover.{settings.environment}]"
    if settings.environment == "embedded":
        place = "the pair's stand-ins (pair.json)"
    lacking = [text for lacks, text in _needs(steps) if lacks]
    if lacking:
        raise Refusal(
            f"{place} does not say {', '.join(lacking)}.",
            next_step="Write it there; see the comments in cutover.toml.",
        )
    if steps.vercel_to and settings.vercel_token is None:
        raise Refusal("The domain is moved by Vercel, and VERCEL_TOKEN is not set.", next_step="Set it.")
    _no_secret(settings)


def _needs(steps: StepsTable) -> list[tuple[bool, str]]:
    by_vercel = bool(steps.vercel_to and steps.vercel_from)
    by_command = bool(steps.domain and steps.domain_back)
    return [
        (not steps.url, "the public address (url)"),
        (not steps.resolvers, "whom to ask for it (resolvers)"),
        (not steps.points_to, "what it leads to on v2 (points_to)"),
        (not (by_vercel or by_command), "how to point it at v2 and back (domain and domain_back, or Vercel)"),
        (
            bool(steps.vercel_to or steps.vercel_from) and bool(steps.domain or steps.domain_back),
            "which of two ways to use (a command and Vercel are both given)",
        ),
    ]


def _no_secret(settings: Settings) -> None:
    """Whatever stands in a command's arguments is seen by every user of the machine (law 13)."""
    keys = [settings.target.admin_key, settings.source.dsn, settings.source.api_key, settings.vercel_token]
    secrets = [
        key.get_secret_value() for key in [*keys, settings.canary_password, settings.supabase_token] if key
    ]
    steps = settings.live
    for command in (steps.deploy, steps.domain, steps.domain_back, steps.announce):
        if any(secret in argument for secret in secrets for argument in command):
            raise Refusal(
                f"The command {command[0]} in cutover.toml has a secret among its arguments.",
                next_step="Let it read the secret from its environment.",
            )
