"""Rows set aside, and the file in which a person decides about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migration.errors import Refusal
from migration.quarantine import Quarantined, Resolution, Resolutions, append, load, read, write
from tests.unit.mapping.support import (
    Pair,
    auth_user,
    case,
    google,
    request,
    settings,
    user,
    user_id,
    uuid,
)


def _decide(table: str, key: str, decision: str, value: str = "") -> Resolution:
    return Resolution.model_validate(
        {"table": table, "key": key, "as": decision, "value": value, "by": "Kim", "reason": "agreed"}
    )


def _by_bucket(pair: Pair, *decided: Resolution) -> dict[str, dict[str, Any]]:
    report = pair.transform(Resolutions(decided))
    return {name: account.as_dict() for name, account in report.accounting.items()}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    rows = [
        Quarantined("public.cases", uuid(1), "orphan", "user_id"),
        Quarantined("auth.users", "line 3", "unreadable_row"),
    ]
    write(tmp_path / "quarantine.jsonl", rows)
    assert read(tmp_path / "quarantine.jsonl") == rows


def test_no_file_means_nothing_set_aside_and_nothing_decided(tmp_path: Path) -> None:
    assert read(tmp_path / "quarantine.jsonl") == []
    assert load(tmp_path / "quarantine.toml").all() == []


def test_appended_decisions_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.toml"
    odd = 'say "no" \\ \x7f\n👩‍👩‍👧 ünïcode\t'
    decided = [
        _decide("public.cases", uuid(1), "value", f"notes={odd}"),
        _decide("public.cases", uuid(2), "assign", uuid(9)),
        _decide("public.users", uuid(3), "exclude"),
    ]
    for one in decided:
        append(path, one)
    assert load(path).all() == decided


def test_the_digest_tells_decisions_apart_and_not_their_order() -> None:
    one, two = _decide("public.users", uuid(1), "exclude"), _decide("public.users", uuid(2), "exclude")
    assert Resolutions([one, two]).digest == Resolutions([two, one]).digest
    assert Resolutions([one]).digest != Resolutions([two]).digest


@pytest.mark.parametrize(
    "text",
    [
        "[[resolution]]\ntable = 'public.cases'\n",
        "[[resolutions]]\ntable = 'public.cases'\n",
        "not toml",
        "[[resolution]]\ntable='t'\nkey='k'\nas='drop'\nby='b'\nreason='r'\n",
        "[[resolution]]\ntable='t'\nkey='k'\nas='assign'\nby='b'\nreason='r'\n",
        "[[resolution]]\ntable='t'\nkey='k'\nas='value'\nvalue='no equals sign'\nby='b'\nreason='r'\n",
        "[[resolution]]\ntable='t'\nkey='k'\nas='exclude'\nby=''\nreason='r'\n",
    ],
)
def test_a_file_that_says_anything_else_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "quarantine.toml"
    path.write_text(text)
    with pytest.raises(Refusal, match="not a list of resolutions"):
        load(path)


@pytest.mark.parametrize("second", ["exclude", "assign"])
def test_deciding_twice_about_one_row_is_refused(second: str) -> None:
    value = uuid(1) if second == "assign" else ""
    with pytest.raises(Refusal, match="decides twice"):
        Resolutions(
            [
                _decide("public.cases", uuid(1, "c"), "exclude"),
                _decide("public.cases", uuid(1, "c"), second, value),
            ]
        )


def test_a_decision_that_meets_no_row_is_refused_by_name(pair: Pair) -> None:
    pair.source({"public.users": [user()]})
    with pytest.raises(Refusal, match=f"public.cases {uuid(7, 'c')}"):
        pair.transform(Resolutions([_decide("public.cases", uuid(7, "c"), "exclude")]))


def test_excluding_one_of_two_colliding_users_frees_the_other(pair: Pair) -> None:
    pair.source({"public.users": [user(1, email="a@x"), user(2, email=" A@X")]})
    accounts = _by_bucket(pair, _decide("public.users", uuid(1), "exclude"))
    assert accounts["public.users"] == {
        **{"rows": 2, "migrated": 1, "merged": 0},
        "excluded": {"by_resolution": 1},
        "quarantined": {},
    }


def test_what_belongs_to_an_excluded_user_is_excluded_with_it(pair: Pair) -> None:
    pair.source(
        {
            "auth.users": [auth_user()],
            "auth.identities": [google()],
            "public.users": [user()],
            "public.user_settings": [settings()],
            "public.cases": [case()],
            "public.case_rfi": [request()],
        }
    )
    accounts = _by_bucket(pair, _decide("public.users", uuid(1), "exclude"))
    for table in ("public.user_settings", "public.cases", "public.case_rfi"):
        assert accounts[table]["excluded"] == {"owner_excluded": 1}
    assert accounts["auth.users"]["excluded"] == {"without_profile": 1}
    assert pair.documents("cases") == pair.documents("users") == pair.documents("authAccounts") == []


def test_an_excluded_case_takes_its_requests_along(pair: Pair) -> None:
    pair.source({"public.users": [user()], "public.cases": [case()], "public.case_rfe": [request()]})
    accounts = _by_bucket(pair, _decide("public.cases", uuid(1, "c"), "exclude"))
    assert accounts["public.case_rfe"]["excluded"] == {"owner_excluded": 1}


def test_an_orphaned_case_can_be_assigned_to_a_user(pair: Pair) -> None:
    pair.source({"public.users": [user(1)], "public.cases": [case(1, owner=9)]})
    accounts = _by_bucket(pair, _decide("public.cases", uuid(1, "c"), "assign", uuid(1).upper()))
    assert accounts["public.cases"]["migrated"] == 1
    assert (pair.documents("cases")[0]["userId"], pair.documents("cases")[0]["legacyUserId"]) == (
        user_id(1),
        uuid(1),
    )


@pytest.mark.parametrize("target", [1, 3])
def test_an_orphaned_request_can_be_assigned_to_a_case_before_or_after_it(pair: Pair, target: int) -> None:
    pair.source(
        {
            "public.users": [user()],
            "public.cases": [case(1), case(3)],
            "public.case_rfi": [request(5, of=2, title="lost"), request(6, of=3, title="own")],
        }
    )
    accounts = _by_bucket(pair, _decide("public.case_rfi", uuid(5, "d"), "assign", uuid(target, "c")))
    assert accounts["public.case_rfi"]["merged"] == 2
    found = {
        one["legacyId"]: {entry["title"] for entry in one["rfiEntries"]} for one in pair.documents("cases")
    }
    assert "lost" in found[uuid(target, "c")]


def test_a_value_can_be_written_into_a_column(pair: Pair) -> None:
    pair.source(
        {"public.users": [user()], "public.cases": [case(case_status="Pending", deleted_at="infinity")]}
    )
    accounts = _by_bucket(
        pair,
        _decide("public.cases", uuid(1, "c"), "value", "case_status=Closed"),
        _decide("public.cases", uuid(1, "c"), "value", "deleted_at="),
    )
    assert accounts["public.cases"]["migrated"] == 1
    (document,) = pair.documents("cases")
    assert document["caseStatus"] == "closed"
    assert "deletedAt" not in document


def test_an_unreadable_line_can_be_excluded_by_its_number(pair: Pair) -> None:
    pair.source({"public.users": [user()], "public.cases": [b'{"wage": 1e400}']})
    accounts = _by_bucket(pair, _decide("public.cases", "line 1", "exclude"))
    assert accounts["public.cases"]["excluded"] == {"by_resolution": 1}


def test_a_value_is_written_as_its_column_holds_values(pair: Pair) -> None:
    entries = [{"title": "A", "received_date": "March 3rd"}]
    row = case(rfi_list=entries, is_favorite=False, recruitment_applicants_count=1)
    pair.source({"public.users": [user()], "public.cases": [row]})
    right = '[{"title": "A", "received_date": "2025-03-03"}]'
    pair.transform(
        Resolutions(
            [
                _decide("public.cases", uuid(1, "c"), "value", f"rfi_list={right}"),
                _decide("public.cases", uuid(1, "c"), "value", "is_favorite=true"),
                _decide("public.cases", uuid(1, "c"), "value", "recruitment_applicants_count=7"),
            ]
        )
    )
    (document,) = pair.documents("cases")
    assert document["rfiEntries"][0]["receivedDate"] == "2025-03-03"
    assert (document["isFavorite"], document["recruitmentApplicantsCount"]) == (True, 7.0)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("case_statu=PWD", "has no column 'case_statu'"),
        ("is_favorite=yes", "can not hold that value in 'is_favorite'"),
        ("is_favorite=1", "can not hold that value in 'is_favorite'"),
        ("rfi_list=[{]", "can not hold that value in 'rfi_list'"),
    ],
)
def test_a_value_that_the_column_can_not_hold_is_refused_by_name(value: str, why: str, pair: Pair) -> None:
    pair.source({"public.users": [user()], "public.cases": [case(is_favorite=False, rfi_list=[])]})
    with pytest.raises(Refusal, match=why):
        pair.transform(Resolutions([_decide("public.cases", uuid(1, "c"), "value", value)]))


def test_a_key_typed_in_capitals_is_the_same_row(pair: Pair) -> None:
    pair.source({"public.users": [user(1, email="a@x"), user(2, email=" A@X")]})
    accounts = _by_bucket(pair, _decide("public.users", uuid(1).upper(), "exclude"))
    assert accounts["public.users"]["excluded"] == {"by_resolution": 1}
