"""What v2's validator says of a case: its 34 rules in its own order (date_rules section 8, 20 CFR 656.17).

An error refuses a create or an update, a warning does not. `validated` takes the validator's own field names;
`form_of` gives them from a case document, as v2 does at an edit: of the RFIs and RFEs only one is looked at,
the first without an answer, else the last. The rules of recruitment are in `recruitment_rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.calendar.days import Instant, filled, full_days, iso
from checks.calendar.judgement import Judgement
from checks.calendar.reading import shaped
from checks.calendar.recruitment import SNAKE
from checks.calendar.recruitment_rules import validate_recruitment
from checks.calendar.windows import (
    CERTIFICATION_LIFE,
    RFI_RESPONSE,
    WAIT_AFTER_RECRUITMENT,
    WINDOW_AFTER_FIRST_STEP,
    days_after,
    items,
    pwd_expiration,
    recruitment_end,
    recruitment_start,
    shown_after,
)

SOON = 7
"""Days before it is due from which an open request is warned about."""

ERRORS = (
    *(f"V-PWD-0{number}" for number in (1, 2)),
    *(f"V-REC-0{number}" for number in range(1, 10)),
    *(f"V-ETA-0{number}" for number in range(1, 5)),
    *(f"V-I140-0{number}" for number in range(1, 4)),
    *(f"V-{kind}-0{number}" for kind in ("RFI", "RFE") for number in range(1, 4)),
)
"""The errors of a whole case. V-REC-11 and 12 compare with an earlier value: they are never asked there."""

FIELDS = {
    "pwd_filing_date": "pwdFilingDate",
    "pwd_determination_date": "pwdDeterminationDate",
    "pwd_expiration_date": "pwdExpirationDate",
    "eta9089_filing_date": "eta9089FilingDate",
    "eta9089_certification_date": "eta9089CertificationDate",
    "eta9089_expiration_date": "eta9089ExpirationDate",
    "i140_filing_date": "i140FilingDate",
    "i140_approval_date": "i140ApprovalDate",
    **{snake: camel for camel, snake in SNAKE.items() if camel.endswith("Date")},
}
"""The validator's words for a document's own fields."""

_DERIVED = {"recruitment_start_date": "recruitmentStartDate", "recruitment_end_date": "recruitmentEndDate"}
"""Its words for the fields that it works out again, and blames where it can not read them."""

_ENTRY = {"received": "receivedDate", "due": "responseDueDate", "submitted": "responseSubmittedDate"}
_REQUESTS = {
    kind: (f"{kind}Entries", {f"{kind}_{step}_date": name for step, name in _ENTRY.items()})
    for kind in ("rfi", "rfe")
}


def path_of(field: str) -> str:
    """Where a field of the validator stands in a case document."""
    kind, _, step = field.partition("_")
    if kind in ("rfi", "rfe"):
        return f"{kind}Entries[].{_ENTRY[step.removesuffix('_date')]}"
    return FIELDS.get(field) or _DERIVED[field]


def form_of(document: Mapping[str, Any], derived: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A case document in the validator's words; the derived dates are worked out again, as v2 does.

    `derived` is what came of it, when that has been done before and anything came of it.
    """
    form = {snake: value for snake, camel in FIELDS.items() if (value := document.get(camel)) is not None}
    if not derived:
        form["recruitment_start_date"] = recruitment_start(document)
        form["recruitment_end_date"] = recruitment_end(document)
    else:
        form["recruitment_start_date"] = derived.get("recruitmentStartDate")
        form["recruitment_end_date"] = derived.get("recruitmentEndDate")
    for listed, steps in _REQUESTS.values():
        value = document.get(listed)
        if value != [] and (entries := items(value)):
            unanswered = (entry for entry in entries if not filled(entry.get("responseSubmittedDate")))
            entry = next(unanswered, entries[-1])
            form |= {snake: entry.get(name) for snake, name in steps.items()}
    return form


def validated(form: Mapping[str, Any], now: Instant) -> Judgement:
    """`validateCase` at an instant. Thrown where v2 throws over a date that it can not read."""
    case = Judgement(form)
    today = iso(now)
    _prevailing_wage(case, today)
    validate_recruitment(case)
    _eta9089(case)
    _i140(case)
    for kind, filing in (("rfi", "eta9089_filing_date"), ("rfe", "i140_filing_date")):
        _request(case, kind, filing, today)
    return case


def _prevailing_wage(case: Judgement, today: str) -> None:
    filing, determination, expiration = "pwd_filing_date", "pwd_determination_date", "pwd_expiration_date"
    given = case.given
    if (
        filing in given
        and determination in given
        and not case.ordered(
            "V-PWD-01", filing, determination, blamed=filing, checked=(filing, determination)
        )
    ):
        return
    if determination in given and expiration in given:
        case.ordered(
            "V-PWD-02",
            determination,
            expiration,
            blamed=determination,
            checked=(determination, expiration),
        )
        if pwd_expiration(case[determination]) != case[expiration]:
            case.warn("V-PWD-03", expiration)
    if expiration in given and str(case[expiration]) < today:
        case.warn("V-PWD-04", expiration)


def _eta9089(case: Judgement) -> None:
    filing, certified = "eta9089_filing_date", "eta9089_certification_date"
    expires, given = "eta9089_expiration_date", case.given
    start, end, pwd = "recruitment_start_date", "recruitment_end_date", "pwd_expiration_date"
    if end in given and filing in given and case.valid("V-ETA-01", end, filing):
        days = full_days(case.instant(end), case.instant(filing))
        if days is not None and days < WAIT_AFTER_RECRUITMENT:
            case.error("V-ETA-01", filing)
    if start in given and filing in given:
        days = full_days(case.instant(start), case.instant(filing))
        if case.valid("V-ETA-02", start) and days is not None and days > WINDOW_AFTER_FIRST_STEP:
            case.error("V-ETA-02", filing)
    if filing in given and pwd in given:
        unread = case.instant(filing) is None and end in given  # blamed by V-ETA-01 already
        case.ordered("V-ETA-03", filing, pwd, blamed=filing, checked=() if unread else (filing, pwd))
    if filing in given and certified in given:
        case.ordered("V-ETA-04", filing, certified, blamed=certified, checked=(certified,))
    since = case.instant(certified) if certified in given and expires in given else None
    if since is not None and shown_after(since, CERTIFICATION_LIFE) != case[expires]:
        case.warn("V-ETA-05", expires)


def _i140(case: Judgement) -> None:
    certified, filing, approval = "eta9089_certification_date", "i140_filing_date", "i140_approval_date"
    given = case.given
    if certified in given and filing in given:
        if not case.ordered("V-I140-01", certified, filing, blamed=filing, checked=(certified, filing)):
            return
        days = full_days(case.instant(certified), case.instant(filing))
        if days is not None and days > CERTIFICATION_LIFE:
            case.error("V-I140-02", filing)
    if filing in given and approval in given:
        checked = (approval,) if certified in given else (filing, approval)
        case.ordered("V-I140-03", filing, approval, blamed=approval, checked=checked)


def _request(case: Judgement, kind: str, filing: str, today: str) -> None:
    """An RFI or an RFE. What can not be read counts as out of order here."""
    received, due, answered = _REQUESTS[kind][1]
    given = case.given
    if received not in given and due not in given:
        return
    rule = f"V-{kind.upper()}-0"
    if filing in given and received in given and not case.after(received, filing):
        case.error(f"{rule}1", received)
    if received in given and due in given and _wrongly_due(case, kind, received, due):
        case.error(f"{rule}2", due)
    if received in given and answered in given and not case.after(answered, received):
        case.error(f"{rule}3", answered)
    if due in given and answered in given and case.after(answered, due):
        case.warn(f"{rule}4", answered)
    if due in given and answered not in given:
        left = full_days(shaped(today), case.instant(due))
        if left is not None and 0 <= left <= SOON:
            case.warn(f"{rule}5", due)


def _wrongly_due(case: Judgement, kind: str, received: str, due: str) -> bool:
    """An RFI is due exactly 30 days after it came; an RFE any day after."""
    if kind == "rfi":
        return bool(days_after(case[received], RFI_RESPONSE) != case[due])
    return not case.after(due, received)
