"""Does v2 itself show the right cases to the right people? A seeded sample, read as their owners."""

from __future__ import annotations

import pytest

from checks.conftest import Judged
from checks.sample import sample

pytestmark = pytest.mark.app
QUESTIONS = {
    "control": "the app knows every user we ask as",
    "case": "every sampled case, asked for by its owner, is what v1 had; deleted ones stay hidden",
    "list": "every user's list holds their live cases and no other",
    "summary": "every user's dashboard counts what v1 says",
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_owner(judge: Judged, question: str) -> None:
    judge(sample, question, title=QUESTIONS[question], scope=question)


def test_fields(judge: Judged) -> None:
    judge(sample, "fields", title="every value of the sampled cases, as the app gives it", scope="fields")


def test_stranger(judge: Judged) -> None:
    title = "no user sees another's case"
    judge(sample, "stranger", title=title, scope="tenant isolation", may_be_empty=True)


def test_size(judge: Judged) -> None:
    judge(sample, "size", title="the sample is as large as it must be", scope="sample")
