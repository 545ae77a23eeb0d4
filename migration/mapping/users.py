"""`public.users` with its `auth.users` row -> v2's `users`.

`deletedAt` is never written: in v2 it is the time of a scheduled, final deletion (DESIGN, decisions on
the data).
"""

from __future__ import annotations

from migration.mapping.fields import Document, Field, Row, columns, mapped
from migration.mapping.instants import created, instant
from migration.mapping.text import copy, trim

FIELDS = (
    Field("name", "full_name", trim),
    Field("image", "profile_photo_url", copy),
    Field("phone", "phone", trim),
)
AUTH_FIELDS = (Field("emailVerificationTime", "email_confirmed_at", instant),)

READS = columns(FIELDS) | {"email"}
AUTH_READS = columns(AUTH_FIELDS)


def user_document(row: Row, auth: Row | None, email: str) -> Document:
    """The user without `_id`. `auth`: its auth row if it has one; `email`: as folded by the identity pass."""
    document = mapped(row, FIELDS)
    document.update(mapped(auth or {}, AUTH_FIELDS))
    document["email"] = email
    document["_creationTime"] = created(row)
    return document
