"""The sessions of v1's API on the source: ended once the fence is up, so that none goes on as it was.

Used by `migration.fence`. PostgREST logs in as `authenticator` and becomes anon, authenticated or
service_role inside; it connects again by itself and then meets the fence. Sessions of people and of other
services stay.
"""

from __future__ import annotations

import psycopg

LOGINS = ("authenticator",)

_END = """
    SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = ANY(%s) AND pid <> pg_backend_pid()
"""


def end(connection: psycopg.Connection) -> int:
    """Ends the API's sessions and returns how many were ended; 0 where this role may end none.

    Their transactions are rolled back by the server; whoever waited for one is told so by PostgREST.
    """
    try:
        rows = connection.execute(_END, (list(LOGINS),)).fetchall()
    except psycopg.errors.InsufficientPrivilege:
        return 0  # the fence stands and is proven without it: only what they have read stays with them
    return sum(bool(ended) for (ended,) in rows)
