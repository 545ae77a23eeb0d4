"""One document that the target must hold, and what is worth saying about its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from checks.oracle.rules import Document, Row
from checks.values import canonical
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
    `source` is the row it was worked out from, where one row alone decides. Of a case, `derived` and `auto`
    are what v2's rules made of the document, so that they need not be asked again about an equal one."""

    table: str
    key: str
    document: Document
    origin: Origin = Origin.MADE
    remarks: list[Remark] = field(default_factory=list)
    source: Row | None = None
    derived: Mapping[str, str] | None = None
    auto: tuple[str, str] | None = None
    _text: bytes = field(default=b"", init=False, repr=False, compare=False)

    @property
    def id(self) -> str:
        """The document's id."""
        return str(self.document["_id"])

    @property
    def text(self) -> bytes:
        """The document's canonical bytes. It does not change once they have been asked for."""
        if not self._text:
            self._text = canonical(self.document)
        return self._text
