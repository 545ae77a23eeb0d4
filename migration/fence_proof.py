"""Proof of the fence: attempted writes, as every role that could write, each undone at once.

Used by `migration.fence` before and after it closes the tables. A write refused for lack of a grant proves
nothing, so what was allowed before is told apart from what was not. A TRUNCATE waits for readers too, and
holds its table for the moment of the attempt; so an attempt that meets a lock ends the whole probe.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import psycopg
from psycopg import sql

REFUSED = "PT503"
"""The fence's own SQLSTATE: PostgREST answers it with HTTP 503, and no other refusal is mistaken for it."""

READ_WRITE = sql.SQL("SET TRANSACTION READ WRITE")
"""What PostgREST says too: a read-only default of the database or of the server does not stop its writes."""

LOCK_TIMEOUT = sql.SQL("SET LOCAL lock_timeout = '3s'")
ALLOWED = "allowed"
DENIED = "42501"
_API_ROLES = ("service_role", "authenticated", "anon")
_BUSY = ("55P03", "40P01")

_TABLES = """
    SELECT n.nspname, c.relname, pg_has_role(c.relowner, 'USAGE'),
           a.attname, format_type(a.atttypid, a.atttypmod),
           EXISTS (SELECT FROM pg_trigger t
                   WHERE t.tgrelid = c.oid AND t.tgname = 'cutover_fence' AND t.tgenabled = 'A')
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN LATERAL (SELECT * FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                  ORDER BY attgenerated <> '', attidentity <> '', attnum LIMIT 1) a ON true
    WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public'
    ORDER BY n.nspname, c.relname
"""

# Each attempt is undone by an exception of its own, so that it changes nothing even where it is allowed, and
# gives its locks back; the transaction around all of them is rolled back as well.
_PROBE = """
DO $probe$
DECLARE
  attempt jsonb;
  outcomes jsonb := '[]';
  outcome text;
BEGIN
  FOR attempt IN SELECT * FROM jsonb_array_elements(current_setting('cutover.attempts')::jsonb) LOOP
    BEGIN
      EXECUTE format('SET LOCAL ROLE %I', attempt->>'role');
      EXECUTE attempt->>'statement';
      RAISE EXCEPTION USING ERRCODE = 'PT999';
    EXCEPTION WHEN OTHERS THEN
      outcome := CASE SQLSTATE WHEN 'PT999' THEN 'allowed' ELSE SQLSTATE END;
    END;
    outcomes := outcomes || to_jsonb(outcome);
    EXIT WHEN outcome IN ('55P03', '40P01');
  END LOOP;
  PERFORM set_config('cutover.outcomes', outcomes::text, true);
END $probe$
"""


@dataclass(frozen=True)
class Table:
    schema: str
    relation: str
    owned: bool
    column: str
    type: str
    closed: bool

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.relation}"

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.relation)


@dataclass(frozen=True)
class Attempt:
    role: str
    verb: str
    table: str
    statement: str


def tables_of(connection: psycopg.Connection) -> list[Table]:
    return [Table(*row) for row in connection.execute(_TABLES).fetchall()]


def current_role(connection: psycopg.Connection) -> str:
    row = connection.execute("SELECT current_user").fetchone()
    return "" if row is None else str(row[0])


def roles_of(connection: psycopg.Connection) -> list[str]:
    """Our own role first, then the API's roles as far as we may become them."""
    mine = _api_roles(connection)
    return [current_role(connection), *(role for role in _API_ROLES if mine.get(role))]


def unreachable_roles(connection: psycopg.Connection) -> list[str]:
    """The API's roles that exist and that we may not become."""
    return [role for role, reachable in sorted(_api_roles(connection).items()) if not reachable]


def _api_roles(connection: psycopg.Connection) -> dict[str, bool]:
    # from version 16 on a member may be one without the right to SET ROLE
    right = "SET" if connection.info.server_version >= 160000 else "MEMBER"
    rows = connection.execute(
        "SELECT rolname, pg_has_role(oid, %s) FROM pg_roles WHERE rolname = ANY(%s)",
        (right, list(_API_ROLES)),
    ).fetchall()
    return {str(name): bool(reachable) for name, reachable in rows}


def attempts_on(connection: psycopg.Connection, tables: list[Table], roles: list[str]) -> list[Attempt]:
    """INSERT, UPDATE, DELETE and TRUNCATE for each table and role."""
    return [*writes_on(tables, roles), *_truncates_on(connection, tables, roles)]


def writes_on(tables: list[Table], roles: list[str]) -> list[Attempt]:
    """One INSERT, UPDATE and DELETE of no row for each table and role: refused by the trigger all the
    same."""
    attempts = []
    for table in tables:
        name, column = table.identifier, sql.Identifier(table.column)
        statements = {
            "INSERT": sql.SQL("INSERT INTO {} ({}) SELECT CAST(NULL AS {}) WHERE false").format(
                name, column, sql.SQL(table.type)
            ),
            "UPDATE": sql.SQL("UPDATE {} SET {} = {} WHERE false").format(name, column, column),
            "DELETE": sql.SQL("DELETE FROM {} WHERE false").format(name),
        }
        attempts += [
            Attempt(role, verb, table.name, statement.as_string())
            for role in roles
            for verb, statement in statements.items()
        ]
    return attempts


def _truncates_on(connection: psycopg.Connection, tables: list[Table], roles: list[str]) -> list[Attempt]:
    """A TRUNCATE for each table and role that holds the grant. CASCADE, so that no foreign key refuses it
    first."""
    held = connection.execute(
        "SELECT t, r FROM unnest(%s::text[]) t, unnest(%s::text[]) r"
        " WHERE has_table_privilege(r, t, 'TRUNCATE')",
        ([table.identifier.as_string() for table in tables], roles),
    ).fetchall()
    by_name = {table.identifier.as_string(): table.name for table in tables}
    return [Attempt(role, "TRUNCATE", by_name[name], f"TRUNCATE {name} CASCADE") for name, role in held]


def probe(connection: psycopg.Connection, attempts: list[Attempt]) -> list[str]:
    """What each attempted write came to: allowed, or the SQLSTATE of its refusal. One round trip, rolled
    back."""
    asked = json.dumps([{"role": attempt.role, "statement": attempt.statement} for attempt in attempts])
    with connection.transaction(force_rollback=True):
        connection.execute(READ_WRITE)
        connection.execute(LOCK_TIMEOUT)
        connection.execute("SELECT set_config('cutover.attempts', %s, true)", (asked,))
        connection.execute(_PROBE)
        row = connection.execute("SELECT current_setting('cutover.outcomes')").fetchone()
    return [] if row is None else [str(outcome) for outcome in json.loads(row[0])]


def settled(outcomes: list[str]) -> list[str]:
    """A lock that was not to be had proves nothing: the fence asks again."""
    if any(outcome in _BUSY for outcome in outcomes):
        raise psycopg.errors.LockNotAvailable
    return outcomes
