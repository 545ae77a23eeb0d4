"""Takes a population's texts, dates and instants to the limits of what v1's columns hold.

Every row stays one that v1 could hold and the migration must carry. What must wait for a person's decision
(infinity, years beyond the calendar, before the epoch) is `fixtures.hazards`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

from fixtures.factories.base import Row
from fixtures.factories.timeline import DATE_COLUMNS
from fixtures.factories.words import TEXTS, huge_text
from fixtures.population import Population

SHARE = 0.35  # of the values of a row
LONGEST = 300_000  # characters of a text column without a limit
ALPHABETS = (
    "abc xyz,.;",
    "äöüßéèñçøåŁżığİ",
    "\"'\\/`{}[]$%&#@",
    " \t\n\r\u00a0\u2028\u200b\ufeff",
    "中文字日本語한국어",
    "שלוםسلام\u202b\u202c",
    "👩🏽‍💻🚀🇺🇸\U0001d518\U0010fffd\uffff\ue000",
    "\x01\x07\x1b\x7f\x85\x9f",
    "e\u0301n\u0303A\u030a\u1112\u1161\u11ab",
)
LIMITS: Mapping[str, Mapping[str, int]] = {
    "cases": {
        **dict.fromkeys(("employer_name", "position_title", "job_title", "soc_title"), 255),
        **dict.fromkeys(("sunday_ad_newspaper",), 255),
        **dict.fromkeys(("case_number", "beneficiary_identifier", "pwd_case_number"), 100),
        **dict.fromkeys(("eta9089_case_number", "i140_receipt_number", "progress_status"), 100),
        **dict.fromkeys(("employer_fein", "soc_code", "pwd_wage_level"), 20),
        **dict.fromkeys(("recruitment_notes", "recruitment_summary_custom"), 3_000),
        **dict.fromkeys(("notes", "additional_recruitment_methods"), LONGEST),
        **dict.fromkeys(("rfi_notes", "rfe_notes"), 2_000),
        "job_order_state": 50,
    },
    "users": {
        **dict.fromkeys(("full_name", "job_title", "company", "firm_name"), 255),
        "phone": 50,
        "profile_photo_url": 2_000,
    },
    "case_rfi": {"title": 255, "description": 5_000, "notes": 5_000},
    "case_rfe": {"title": 255, "description": 5_000, "notes": 5_000},
    "user_settings": {"timezone": 50},
    "user_preferences": {"cases_sort_by": 50},
}
DAYS = (
    *("0002-01-01", "1582-10-15", "1899-12-31", "1900-02-28", "1969-12-31", "1970-01-01", "1999-12-31"),
    *("2000-02-29", "2024-02-29", "2024-12-31", "2025-03-09", "2025-11-02", "2026-03-29", "2028-02-29"),
    *("2038-01-19", "2100-02-28", "9998-06-30"),
)
"""A date that v2 derives from these is one of the calendar too; beyond it, a person must decide."""

INSTANTS = (
    datetime(1970, 1, 1, 0, 0, 0, 1_000, tzinfo=UTC),  # nothing was created earlier in v2
    datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2025, 3, 9, 6, 59, 59, 999_500, tzinfo=UTC),  # New York's clocks go forward
    datetime(2025, 3, 9, 3, 0, tzinfo=timezone(timedelta(hours=-4))),
    datetime(2025, 11, 2, 1, 30, tzinfo=timezone(timedelta(hours=-4))),  # once
    datetime(2025, 11, 2, 1, 30, tzinfo=timezone(timedelta(hours=-5))),  # and again
    datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-12))),
    datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(9999, 12, 31, 9, 59, 59, 999_999, tzinfo=UTC),
)
MOMENTS = ("created_at", "updated_at", "deleted_at")
AMOUNTS = ("0.00", "0.01", "0.07", "1.10", "1005.015", "99999999.99", "-0.01", "-99999999.99")


def stretch(population: Population, seed: int) -> None:
    """Changes a share of the values of every row in place; the same seed, the same values."""
    lot = random.Random(f"stretch {seed}")  # noqa: S311 - made-up data
    for table, limits in LIMITS.items():
        for row in population.tables[table]:
            _texts(lot, row, limits)
            _moments(lot, row)
    for case in population.tables["cases"]:
        _case(lot, case)
    for table in ("case_rfi", "case_rfe"):
        for row in population.tables[table]:
            _days(lot, row, ("received_date", "response_due_date", "response_submitted_date"))
    for row in population.tables["user_settings"]:
        if lot.random() < SHARE:
            row["quiet_hours_start"], row["quiet_hours_end"] = time(23, 59, 59, 999_999), time(0, 0)


def text(lot: random.Random, limit: int) -> str:
    """A text of at most `limit` characters, by turns short, of a kind, and as long as it may be."""
    if lot.random() < 0.02:
        return huge_text(limit)[:limit]
    if lot.random() < 0.4:
        return lot.choice(tuple(TEXTS.values()))[:limit]
    letters = lot.choice(ALPHABETS) + lot.choice(ALPHABETS)
    most = min(limit, 400)
    return "".join(lot.choices(letters, k=lot.choice((0, 1, 2, most // 4, most))))


def _texts(lot: random.Random, row: Row, limits: Mapping[str, int]) -> None:
    for column, limit in limits.items():
        if row.get(column) is not None and lot.random() < SHARE:
            row[column] = text(lot, limit)


def _moments(lot: random.Random, row: Row) -> None:
    for column in MOMENTS:
        if row.get(column) is not None and lot.random() < SHARE:
            row[column] = lot.choice(INSTANTS)


def _days(lot: random.Random, row: Row, columns: tuple[str, ...]) -> None:
    for column in columns:
        if lot.random() < SHARE / 2:
            row[column] = lot.choice((None, *map(date.fromisoformat, DAYS)))


def _case(lot: random.Random, case: Row) -> None:
    _days(lot, case, DATE_COLUMNS)
    if lot.random() < SHARE:
        case["pwd_wage_amount"] = Decimal(lot.choice(AMOUNTS))
    if lot.random() < SHARE:
        case["recruitment_applicants_count"] = lot.choice((0, 1, 2_147_483_647))
    if lot.random() < SHARE:
        case["tags"] = [text(lot, 200) for _ in range(lot.randint(0, 40))]
