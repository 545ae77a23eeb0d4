"""One document that the target must hold, and what is worth saying about its values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from checks.oracle.rules import Document, Row
from migration.model import Class


class Origin(StrEnum):
    """Where a document of the target comes from."""

    MADE = "made"  # of a v1 row
    JOINED = "joined"  # v2's own, filled from v1
    FOREIGN = "foreign"  # v2's own, not concerned


@dataclass(frozen=True, slots=True)
class Remark:
    """A value that is right by a rule and yet not v1's own (declared), or bad already in v1 (inherited)."""

    field: str
    cls: Class
    rule: str
    source: object = None


@dataclass(slots=True)
class Expected:
    """`document` has its `_id` and `_creationTime`; `key` is v1's UUID, or the id of what is not v1's;
    `source` is the row it was worked out from, where one row alone decides."""

    table: str
    key: str
    document: Document
    origin: Origin = Origin.MADE
    remarks: list[Remark] = field(default_factory=list)
    source: Row | None = None

    @property
    def id(self) -> str:
        """The document's id."""
        return str(self.document["_id"])
