"""The page says where people are after a cutover, and what a rollback would take from them."""

from __future__ import annotations

from reports.live import live
from reports.read import Evidence

STEP = {"step": "cutover site", "title": "the site", "outcome": "done", "at": "noon", "seconds": 1.25}


def test_a_run_that_was_never_cut_over_has_no_such_part() -> None:
    assert live(Evidence("run")) is None


def test_steps_are_shown_with_what_was_expected_and_stranded_documents_are_summed() -> None:
    documents = {"cases": {"changed": 2, "created": 1}, "users": {"deleted": 4}}
    found = live(
        Evidence(
            "run",
            cutover={"url": "https://a.b", "live": True, "steps": [{**STEP, "expected_s": 2}, STEP]},
            status={"at": "later", "documents": documents},
        )
    )
    assert found is not None
    assert found.sentence == "v2 is live at https://a.b."
    assert [(one.title, one.seconds, one.expected) for one in found.steps] == [
        ("the site", 1.25, "2.0 s"),
        ("the site", 1.25, ""),
    ]
    assert found.stranded == [("cases", "changed", 2), ("cases", "created", 1), ("users", "deleted", 4)]
    assert (found.total, found.counted) == (7, "later")


def test_a_cutover_that_went_back_says_where_the_domain_leads() -> None:
    found = live(Evidence("run", cutover={"url": "https://a.b", "live": False, "domain": "v1", "steps": 3}))
    assert found is not None
    assert found.sentence.endswith("the domain leads to v1.")
    assert found.steps == []
