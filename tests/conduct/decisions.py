"""What a sensible person decides about each row of the hazards (`fixtures.hazards`)."""

from __future__ import annotations

import psycopg

from fixtures.pair import PairState

EXCLUDED = ("exclude", "")
VALUES = {
    "no_email": "email=found.again@example.net",
    "email_ambiguous_on_target": "email=other.one@example.net",
    "target_user_scheduled_for_deletion": "email=other.two@example.net",
    "unknown_case_status": "case_status=ETA 9089 Filed",
    "unreadable_row": "pwd_wage_amount=85000.10",
    "document_too_large": "notes=Too long to be moved; it is in the archive.",
}
BY_COLUMN = {
    "rfi_list": 'rfi_list=[{"title": "A", "received_date": "2025-03-03"}]',
    "created_at": "created_at=2024-05-06T07:08:09.123456+02:00",
    "pwd_filing_date": "pwd_filing_date=2025-01-31",
}


def somebody(state: PairState) -> tuple[str, str]:
    """A user and a case that are in order, for rows that belong to nobody."""
    query = (
        "SELECT c.user_id::text, c.id::text FROM public.cases c JOIN public.users u ON u.id = c.user_id"
        " WHERE u.email LIKE 'canary%' ORDER BY c.id LIMIT 1"
    )
    with psycopg.connect(state.postgres_dsn) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0], row[1]


def decided(reason: str, table: str, column: str, nth: int, owner: tuple[str, str]) -> tuple[str, str] | None:
    """What a sensible person decides about the nth row of a reason; None: the decision about another row of
    its group is enough."""
    mendable = column and not (reason == "impossible_date" and table == "public.users")
    if reason in VALUES and (mendable or reason != "unreadable_row"):
        return "value", VALUES[reason]
    if reason in {"email_collision", "account_of_another_user"}:
        return EXCLUDED if column == "google" or nth == 1 else None
    if reason in {"impossible_date", "entry_date"} and mendable:
        return "value", BY_COLUMN.get(column, f"{column}=")
    if reason == "orphan" and table in {"public.case_rfi", "public.case_rfe"}:
        return "assign", owner[1]
    if (reason, table) == ("orphan", "public.cases"):
        return "assign", owner[0].upper()
    return EXCLUDED
