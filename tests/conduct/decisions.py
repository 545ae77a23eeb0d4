"""Whom a decision about a row may give it to (`fixtures.hazards.decided` says what is decided)."""

from __future__ import annotations

import psycopg

from fixtures.pair import PairState


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
