"""A target's document is changed field by field, and every other byte stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration.mapping.exported import Exported
from migration.mapping.merge import joined_profile, joined_user, unenforced

ODD = (
    b'{"_id":"x","i":1,"f":1.0,"m":-0.0,"e":1e+22,"big":9007199254740993,'
    b'"s":"\\u0000 \\"autoDeadlineEnforcementEnabled\\":true}",'
    b'"n":{"$float":"AAAAAAAA+H8="},"b":{"$bytes":"AA=="},'
    b'"nested":{"autoDeadlineEnforcementEnabled":true},"autoDeadlineEnforcementEnabled":true,"z":[1,2.0,[]]}'
)


def test_switching_enforcement_off_changes_that_one_value() -> None:
    expected = ODD[: ODD.rindex(b"true")] + b"false" + ODD[ODD.rindex(b"true") + 4 :]
    assert unenforced(Exported(ODD)) == expected


def test_white_space_of_the_line_stays() -> None:
    line = b'{ "a" : 1 , "autoDeadlineEnforcementEnabled" : true , "c" : [ 1.0 ] }'
    assert unenforced(Exported(line)) == line.replace(b"true", b"false")


def test_int64_and_float64_stay_apart_when_read() -> None:
    document = Exported(ODD)
    assert (type(document["i"]), type(document["f"])) == (int, float)
    assert document["big"] == 9007199254740993


def test_a_new_field_is_added_at_the_end() -> None:
    assert Exported(b'{"a":1.0}').changed({"b": 2.0}) == b'{"a":1.0,"b":2.0}'
    assert Exported(b"{}").changed({"b": "x"}) == b'{"b":"x"}'


@pytest.mark.parametrize(
    "line",
    [b"[]", b'{"a":1', b'{"a":1}{"b":2}', b'{"a":1 "b":2}', b'{"a":1,"a":2}', b'{"a" 1}', b"", b"{1:2}"],
)
def test_a_line_that_is_no_document_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"object|key|Expecting"):
        Exported(line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=6), JSON, max_size=6), st.text(max_size=6))
def test_whatever_the_document_holds_only_the_changed_field_differs(
    document: dict[str, Any], field: str
) -> None:
    line = json.dumps(document).encode()
    changed = Exported(line).changed({field: "new"})
    assert json.loads(changed, parse_float=str, parse_int=str) == {
        **json.loads(line, parse_float=str, parse_int=str),
        field: "new",
    }


def test_a_v2_user_keeps_its_values_and_gets_what_it_lacks() -> None:
    theirs = Exported(b'{"_id":"u","_creationTime":1.5,"email":"Ann@x.test","name":"Ann"}')
    ours = {"_creationTime": 9.0, "email": "ann@x.test", "name": "A. Lee", "phone": "1", "image": "i"}
    assert joined_user(theirs, ours) == (
        b'{"_id":"u","_creationTime":1.5,"email":"Ann@x.test","name":"Ann","phone":"1","image":"i"}'
    )


OURS = {
    "_creationTime": 9.0,
    "legacyId": "l",
    "legacyAuthId": "a",
    "company": "v1",
    "deletedAt": 5.0,
    "emailWeeklyDigest": False,
    "darkModeEnabled": False,
    "autoDeadlineEnforcementEnabled": False,
}


def test_a_v2_profile_takes_legacy_ids_and_absent_values_and_nothing_else() -> None:
    theirs = Exported(
        b'{"_creationTime":1.5,"legacyId":"old","dismissedDeadlines":[],'
        b'"autoDeadlineEnforcementEnabled":true,"n":1}'
    )
    assert json.loads(joined_profile(theirs, OURS, [])) == {
        "_creationTime": 1.5,
        "legacyId": "l",
        "dismissedDeadlines": [],
        "autoDeadlineEnforcementEnabled": False,
        "n": 1,
        "legacyAuthId": "a",
        "company": "v1",
    }


def test_dismissed_deadlines_of_v2_stay_spelled_and_new_ones_follow() -> None:
    theirs = Exported(
        b'{"dismissedDeadlines":[ {"caseId":"c","deadlineType":"t","dismissedAt":1e+3} ],"x":1}'
    )
    ours = [
        {"caseId": "c", "deadlineType": "t", "dismissedAt": 7.0},
        {"caseId": "d", "deadlineType": "t", "dismissedAt": 8.0},
    ]
    joined = joined_profile(theirs, {}, ours)
    assert b'[{"caseId":"c","deadlineType":"t","dismissedAt":1e+3},{"caseId":"d"' in joined
    assert json.loads(joined)["dismissedDeadlines"][1:] == [ours[1]]


def test_joining_twice_is_joining_once() -> None:
    ours = [{"caseId": "c", "deadlineType": "t", "dismissedAt": 7.0}]
    once = joined_profile(Exported(b'{"_id":"p","company":"v2"}'), OURS, ours)
    assert joined_profile(Exported(once), OURS, ours) == once
