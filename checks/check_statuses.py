"""Does every status say what v1 said, and stay so at the first edit?"""

from __future__ import annotations

import pytest

from checks import products
from checks.calendar.validation import ERRORS
from checks.conftest import Judged
from checks.judges.first_edit import UNREADABLE
from checks.judges.statuses import word_name
from checks.oracle.status import WORDS

pytestmark = pytest.mark.data


@pytest.mark.parametrize("word", [word_name(word) for word in WORDS])
def test_word(judge: Judged, word: str) -> None:
    title = f"v1's word {word!r} became {WORDS[next(w for w in WORDS if word_name(w) == word)][0]}"
    judge(products.cases, f"statuses.word.{word}", title=title, scope=word, may_be_empty=True)


QUESTIONS = {
    "progress": "progress says what v1's text or word said",
    "closure": "closed cases keep why they were closed, others have no such reason",
    "first_edit": "no case flips at its first edit in v2",
    "manual_kept": "the override is set exactly where the date rules would say otherwise",
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_status(judge: Judged, question: str) -> None:
    judge(products.cases, f"statuses.{question}", title=QUESTIONS[question], scope=question)


def test_open_entry(judge: Judged) -> None:
    title = "a case with an unanswered RFI or RFE shows it"
    judge(products.cases, "statuses.open_entry", title=title, scope="rfi_rfe", may_be_empty=True)


@pytest.mark.parametrize("rule", [*ERRORS, UNREADABLE])
def test_refused(judge: Judged, rule: str) -> None:
    title = f"no case breaks v2's rule {rule}, for which its first edit would be refused, unless it did in v1"
    judge(products.cases, f"statuses.refused.{rule}", title=title, scope=rule, may_be_empty=True)


def test_enforcement(judge: Judged) -> None:
    title = "what v2 would do to cases at the run's clock, were deadline enforcement on (it is off)"
    judge(products.cases, "statuses.enforcement", title=title, scope="enforcement", may_be_empty=True)
