"""Whose a name or an address is: what is written for one environment is never accepted for another (law 12).

Pure, from cutover.toml's tables; asked by `migration.config` before anything is connected.
"""

from __future__ import annotations

from collections.abc import Mapping

from migration.cutover_toml import EnvironmentsTable
from migration.endpoints import SourceSettings, TargetSettings
from migration.errors import Refusal


def owner_of(environment: str, side: str) -> str:
    """Whose side it is, among the tables of cutover.toml: a dress rehearsal has one side of each pair."""
    if environment == "dress":
        return "production" if side == "source" else "test"
    return environment


def meet_names(
    environment: str, source: SourceSettings, target: TargetSettings, tables: EnvironmentsTable
) -> None:
    """The configured names must be met, and a name written for another environment is never accepted."""
    for side, actual in (("source", source.name), ("target", target.name)):
        owner = owner_of(environment, side)
        expected: str = getattr(getattr(tables, owner), side)
        if environment in {"dress", "production"} and not expected:
            raise Refusal(
                f"cutover.toml does not name {owner}'s {side}.",
                next_step=f"Write it under [environments.{owner}] {side} = ...",
            )
        if expected and expected != actual:
            raise Refusal(
                f"The {side} is {actual!r}, but cutover.toml says {expected!r} for {owner}.",
                next_step="Point the environment variables at the right one, or choose another --env.",
            )
        _not_of_another(environment, side, actual, tables)


def _not_of_another(environment: str, side: str, actual: str, tables: EnvironmentsTable) -> None:
    for other in EnvironmentsTable.model_fields:
        if other != owner_of(environment, side) and getattr(getattr(tables, other), side) == actual:
            raise Refusal(
                f"The {side} {actual!r} belongs to the environment {other}, not to {environment}.",
                next_step=f"Give --env {other} if that is what you mean.",
            )


def meet_urls(environment: str, values: Mapping[str, str], tables: EnvironmentsTable) -> None:
    """Whatever is configured must not stand in another environment's list; where there is a list, the site
    must."""
    for name in (
        "CUTOVER_APP_URL",
        "SUPABASE_URL",
        "CONVEX_URL",
        "CONVEX_SELF_HOSTED_URL",
        "url in [cutover]",
    ):
        url = values.get(name, "").rstrip("/")
        owner = owner_of(environment, "source" if name == "SUPABASE_URL" else "target")
        for other in EnvironmentsTable.model_fields:
            listed = {one.rstrip("/") for one in getattr(tables, other).urls}
            if url and other != owner and url in listed:
                raise Refusal(
                    f"{name} is an address of the environment {other}, not of {environment}.",
                    next_step=f"Set it to {environment}'s own, or give --env {other} if you mean that.",
                )
    own = {one.rstrip("/") for one in getattr(tables, owner_of(environment, "target")).urls}
    site = values.get("CUTOVER_APP_URL", "").rstrip("/")
    if own and site and site not in own:
        raise Refusal(
            f"CUTOVER_APP_URL is none of the addresses that cutover.toml lists for {environment}.",
            next_step=f"Set it to one of {', '.join(sorted(own))}, or add it to urls there.",
        )
