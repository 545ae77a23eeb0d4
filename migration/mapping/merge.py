"""A v1 user joins the v2 user of the same e-mail: what v2 has stays as it is, v1 fills what is absent.

Pure, over exported documents. Exceptions to "present values win" are decision 0001's: legacy ids are always
ours, deadlines are not enforced by themselves, `deletedAt` is never filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from migration.mapping.exported import Exported
from migration.mapping.fields import Document
from migration.mapping.profiles import CONSTANTS

_OURS = ("legacyId", "legacyAuthId")
_ENFORCED = "autoDeadlineEnforcementEnabled"
_NEVER_FILLED = {"deletedAt", *CONSTANTS}


def joined_user(theirs: Exported, ours: Document) -> bytes:
    """The v2 user with what v1 knows besides."""
    return theirs.changed(_absent(theirs, ours))


def joined_profile(theirs: Exported, ours: Document, dismissed: Sequence[Document]) -> bytes:
    """The v2 profile with what v1 knows besides. `dismissed`: ours, ids resolved."""
    changes = _absent(theirs, ours)
    changes.update((name, ours[name]) for name in _OURS if name in ours)
    changes[_ENFORCED] = False
    known = theirs.get("dismissedDeadlines")
    if known is None:
        changes["dismissedDeadlines"] = list(dismissed)
        return theirs.changed(changes)
    pairs = {(one["caseId"], one["deadlineType"]) for one in known}
    new = [one for one in dismissed if (one["caseId"], one["deadlineType"]) not in pairs]
    joined = theirs.changed(changes)
    return Exported(joined).extended("dismissedDeadlines", new) if new else joined


def unenforced(theirs: Exported) -> bytes:
    """Another v2 user's profile, whose every byte stays but for the one switch."""
    return theirs.changed({_ENFORCED: False})


def _absent(theirs: Exported, ours: Document) -> dict[str, Any]:
    return {name: value for name, value in ours.items() if name not in theirs and name not in _NEVER_FILLED}
