"""Does everyone get in, and only as themselves? The questions are those that v2's sign-in asks."""

from __future__ import annotations

import pytest

from checks import products
from checks.conftest import Judged

pytestmark = pytest.mark.data


EVERYONE = {
    "login_email": "the e-mail that v2 looks up leads to its own user",
    "verified_time": "verified addresses are those v1 had confirmed",
    "way_in": "whoever could sign in to v1 can sign in to v2",
    "scheduled_deletion": "nobody is scheduled for deletion",
    "not_merged": "no two people became one user",
    "consent": "v2's terms are accepted by those who did so in v2, and by nobody else",
}
SOME = {
    "google": "every Google identity leads to its own user",
    "password": "every password account leads to its own user, so that a reset finds it",
    "verified_account": "password accounts are verified where v1's address was",
    "barred": "whoever is banned or deleted in v1 gets no way in",
}


@pytest.mark.parametrize("question", EVERYONE)
def test_everyone(judge: Judged, question: str) -> None:
    judge(products.people, f"identity.{question}", title=EVERYONE[question], scope=question)


@pytest.mark.parametrize("question", SOME)
def test_some(judge: Judged, question: str) -> None:
    judge(products.people, f"identity.{question}", title=SOME[question], scope=question, may_be_empty=True)
