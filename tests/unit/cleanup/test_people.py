"""v1's users as the clean-up reads them: all of them, under either name, in either layout."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest

from fixtures.layout import Layout
from migration.calendar import people

MORE_THAN_POSTGREST_SHOWS = 1001


@pytest.mark.parametrize(
    "layout", [Layout(), Layout("perm_users", doubtful=False)], ids=lambda layout: layout.template_name
)
def test_every_user_is_read_with_events_and_employers(
    layout: Layout, new_database: Callable[[Layout | None], str]
) -> None:
    with psycopg.connect(new_database(layout), autocommit=True) as connection:
        connection.execute(
            f"INSERT INTO public.{layout.users_table} (id, email, calendar_connected, google_refresh_token,"
            " google_token_expiry, deleted_at)"
            " SELECT lpad(to_hex(n), 32, '0')::uuid, 'p' || n || '@example.test', n %% 2 = 0, 'gAAAA' || n,"
            " '2026-01-15 10:00+00', CASE WHEN n = 2 THEN now() END FROM generate_series(1, %s) n",
            (MORE_THAN_POSTGREST_SHOWS,),
        )
        for events, deleted in (({"rfi_due": "a"}, None), (["b", "a"], "2026-01-01")):
            connection.execute(
                "INSERT INTO public.cases (id, user_id, employer_name, beneficiary_identifier,"
                " position_title, calendar_event_ids, deleted_at) VALUES (gen_random_uuid(),"
                " '00000000-0000-0000-0000-000000000002', 'Acme  LLC', 'BEN-1', 'Engineer', %s, %s)",
                (json.dumps(events), deleted),
            )
        found = people.read(connection)
    assert len(found) == MORE_THAN_POSTGREST_SHOWS
    second = found[1]
    assert (second.email, second.connected, second.refresh_token) == ("p2@example.test", True, "gAAAA2")
    assert second.expiry == datetime(2026, 1, 15, 10, tzinfo=UTC)
    assert (second.event_ids, second.employers) == (("a", "b"), frozenset({"acme llc"}))
    assert found[2].event_ids == ()
    assert not found[2].connected


def test_person_is_never_shown_with_name_or_token() -> None:
    one = people.Person("id", "ann@example.test", connected=True, refresh_token="gAAAA1", access_token="ya29")
    assert not [word for word in ("ann", "gAAAA1", "ya29") if word in repr(one)]
