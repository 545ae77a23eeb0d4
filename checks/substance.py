"""How much there is to judge in the source, the canary's own left out."""

from __future__ import annotations

from collections.abc import Mapping

from checks.oracle.rules import fold
from checks.oracle.status import WORDS, folded
from checks.source.session import opened
from checks.tally import Tally
from migration.config import Settings
from migration.run import Run


def substance(run: Run, settings: Settings) -> Mapping[str, Tally]:  # noqa: ARG001 - a product's signature
    """`users`, `cases` and `statuses`: known status words of the source."""
    canary = fold(settings.canary_email)
    with opened(settings) as session:
        emails = {row["id"]: fold(row["email"]) for row in session.rows("public.users")}
        words = session.case_words(without=[key for key, email in emails.items() if email == canary])
    return {
        "users": Tally(matched=sum(email != canary for email in emails.values())),
        "cases": Tally(matched=sum(words.values())),
        "statuses": Tally(matched=len({folded(word) for word in words} & set(WORDS))),
    }
