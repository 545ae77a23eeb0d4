"""The drop list: every v1 column that the mapping does not read, with its reason, and the proof that no
column is neither mapped nor dropped (law 6).

The column list of the source decides: a column that stands in neither list is `unknown`, and that is a
FAIL of the coverage check, never a silent loss. Counting what was dropped is the snapshot's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from migration.mapping import accounts, cases, entries, profiles, users

USERS = "public.users"

READ: Mapping[str, frozenset[str]] = {
    "auth.users": accounts.AUTH_READS | users.AUTH_READS,
    "auth.identities": accounts.IDENTITY_READS,
    USERS: users.READS | profiles.USER_READS,
    "public.cases": cases.READS,
    "public.case_rfi": entries.ROW_COLUMNS,
    "public.case_rfe": entries.ROW_COLUMNS,
    "public.user_settings": profiles.SETTINGS_READS,
    "public.user_preferences": profiles.PREFERENCES_READS,
}
"""Every column the mapping reads, by table."""

_SIGN_IN = "a secret of v1's sign-in, worthless to v2 and never read"
_OWN = "v1's own sign-in bookkeeping; v2's sign-in keeps its own"
_GOOGLE = "a Google token or scope: users connect again in v2"
_OWN_TIME = "the time of the settings row; v2 keeps one time a profile, the user's"
_ROW_ID = "the key of a row that becomes part of another document"
_CALENDAR = "calendar state of v1: v2 synchronises afresh"


def _because(reason: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, reason)


DROPPED: Mapping[str, Mapping[str, str]] = {
    "auth.users": {
        **_because(
            _SIGN_IN,
            *("confirmation_token", "recovery_token", "email_change_token_new", "email_change_token_current"),
            *("phone_change_token", "reauthentication_token"),
        ),
        **_because(
            _OWN,
            *("instance_id", "aud", "role", "invited_at", "confirmation_sent_at", "recovery_sent_at"),
            *("email_change", "email_change_sent_at", "email_change_confirm_status", "last_sign_in_at"),
            *("raw_app_meta_data", "is_super_admin", "updated_at", "confirmed_at", "is_sso_user"),
            *("phone_change", "phone_change_sent_at", "phone_confirmed_at", "reauthentication_sent_at"),
        ),
        "raw_user_meta_data": "v1's application keeps name and picture on the public users row",
        "phone": "v1's application keeps the telephone number on the public users row",
        "is_anonymous": "v1 has no anonymous accounts; v2's field stays absent",
    },
    "auth.identities": _because(_OWN, "identity_data", "last_sign_in_at", "updated_at", "email"),
    USERS: {
        **_because(
            _GOOGLE,
            *("google_email", "google_refresh_token", "google_access_token", "google_token_expiry"),
            *("google_scopes", "google_calendar_refresh_token"),
        ),
        **_because(
            "no token is carried, so nothing is connected: false in v2",
            *("gmail_connected", "calendar_connected", "google_calendar_connected"),
        ),
        "calendar_last_synced_at": _CALENDAR,
        "oauth_provider": "v2 has no field; the ways in come from auth.identities",
        **_because("v2 has no field for the last sign-in", "last_login_at", "last_login"),
        "notification_email": "v2 has no field; an address in some sources and a flag in others",
    },
    "public.cases": {
        **_because(_CALENDAR, "calendar_event_ids", "calendar_last_synced_at"),
        "recruitment_end_date": "derived: v2 computes it from the migrated dates",
    },
    "public.case_rfi": {"updated_at": "v2 keeps no time of change for an entry"},
    "public.case_rfe": {"updated_at": "v2 keeps no time of change for an entry"},
    "public.user_settings": {"id": _ROW_ID, **_because(_OWN_TIME, "created_at", "updated_at")},
    "public.user_preferences": {"id": _ROW_ID, **_because(_OWN_TIME, "created_at", "updated_at")},
}
"""Why a column of a migrated table is not read."""

EXCLUDED_TABLES: Mapping[str, str] = {
    "public.notifications": "v2 starts its notifications afresh",
    "public.conversations": "v2's assistant is another one and starts afresh",
    "public.conversation_messages": "v2's assistant is another one and starts afresh",
    "public.permission_states": "short-lived state of v1's assistant",
    "public.refresh_tokens": _SIGN_IN,
    "public.calendar_sync_channels": _CALENDAR,
}
"""Tables excluded by rule, with all their columns."""


@dataclass(frozen=True)
class Coverage:
    """The columns of the source that the mapping does not read: `table.column` to its reason, and those that
    nobody decided about."""

    dropped: Mapping[str, str]
    unknown: tuple[str, ...]


def coverage(source: Mapping[str, Iterable[str]]) -> Coverage:
    """What becomes of every column. `source`: names by `schema.table`, as the snapshot has them."""
    left: dict[str, str] = {}
    unknown: list[str] = []
    for table, names in sorted(source.items()):
        for name in sorted(names):
            reason = reason_for(table, name)
            if name in READ.get(table, ()):
                continue
            if reason is not None:
                left[f"{table}.{name}"] = reason
            else:
                unknown.append(f"{table}.{name}")
    return Coverage(left, tuple(unknown))


def reason_for(table: str, column: str) -> str | None:
    """Why this column is dropped; None when it is not on the list."""
    return DROPPED.get(table, {}).get(column) or EXCLUDED_TABLES.get(table)
