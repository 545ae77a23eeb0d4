"""The comparison of one table: every expected document with the one the target has, value by value, exactly.

Expected documents stream in; the target's are fetched by id. What is expected nowhere is either a document
that v2 had before (compared with the backup) or a stray. Counters are kept per field path, and judges look at
each document on the way. This is done once per run and attempt (`checks.evidence`), not once per worker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import orjson

from checks.batches import batches
from checks.judges.schema import Schema
from checks.oracle.expectation import Expected, Origin
from checks.oracle.rules import Document
from checks.tally import Tally, kind_of
from checks.target.archive import Spool
from checks.values import ABSENT, canonical, differing_field, same
from migration.model import Kind

SYSTEM = ("_id", "_creationTime")
UNKNOWN = "*"
"""The path under which fields are counted that the field map does not know."""

Seen = tuple[Expected | None, Document, bytes]
"""A document of the target: what is expected of it (nothing of a stray), itself, and its line."""


class Judge(Protocol):
    """Sees every document of a table in the target. `expected` is None for a stray; `actual` is its very
    document when both are equal."""

    def judge(self, expected: Expected | None, actual: Document, line: bytes) -> None:
        """Look at one document."""

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """What was counted, by name."""


class Fields:
    """The counters of one table's fields. `paths` are top-level (`tags`), nested (`notes[].id`) or inside an
    object (`calendarEventIds.rfi_due`)."""

    def __init__(self, table: str, paths: Sequence[str]) -> None:
        self.table = table
        self.tallies = {path: Tally() for path in (*SYSTEM, *paths, UNKNOWN)}
        self._top = [
            path for path in self.tallies if "[]" not in path and "." not in path and path != UNKNOWN
        ]
        self._known = frozenset(self._top)
        self._lists: dict[str, list[str]] = {}
        self._objects: dict[str, list[str]] = {}
        for path in paths:
            if "[]." in path:
                name, inner = path.split("[].")
                self._lists.setdefault(name, []).append(inner)
            elif "." in path:
                name, inner = path.split(".")
                self._objects.setdefault(name, []).append(inner)
        self._equal = 0
        self._equal_elements: Counter[str] = Counter()

    def pair(self, expected: Expected, actual: Document) -> None:
        """Count every field of a document and its expectation; an equal one is `expected`'s own."""
        wanted = expected.document
        if actual is wanted:
            self._equal += 1
            for name in self._lists:
                if elements := wanted.get(name):
                    self._equal_elements[name] += len(elements)
        else:
            self._each(expected.key, wanted, actual)
        if expected.remarks:
            self._remark(expected, actual)

    def _each(self, key: str, wanted: Document, actual: Document) -> None:
        for path in self._top:
            self._check(path, key, wanted.get(path, ABSENT), actual.get(path, ABSENT))
        for name, inner in self._lists.items():
            self._elements(key, name, inner, wanted.get(name, ABSENT), actual.get(name, ABSENT))
        for name, inner in self._objects.items():
            left, right = (side.get(name) for side in (wanted, actual))
            for path in inner:
                self._check(f"{name}.{path}", key, _inside(left, path), _inside(right, path))
        for path in sorted(actual.keys() - self._known):
            self._check(path, key, wanted.get(path, ABSENT), actual[path], counter=UNKNOWN)

    def _elements(self, key: str, name: str, inner: list[str], left: object, right: object) -> None:
        wanted, found = (side if isinstance(side, list) else [] for side in (left, right))
        for index in range(max(len(wanted), len(found))):
            one, other = (side[index] if index < len(side) else ABSENT for side in (wanted, found))
            where = f"{key}/{name}[{index}]"
            for path in inner:
                self._check(f"{name}[].{path}", where, _inside(one, path), _inside(other, path))

    def _check(self, path: str, key: str, left: object, right: object, counter: str = "") -> None:
        self.tallies[counter or path].check(key, left, right, table=self.table, path=path)

    def _remark(self, expected: Expected, actual: Document) -> None:
        for field, remark in {remark.field: remark for remark in expected.remarks}.items():
            left, right = expected.document.get(field, ABSENT), actual.get(field, ABSENT)
            if same(left, right):
                tally = self.tallies[field]
                tally.match(-1)
                tally.find(
                    Kind.MISMATCHED,
                    expected.key,
                    cls=remark.cls,
                    table=self.table,
                    path=field,
                    expected=remark.source,
                    actual=right,
                    rule=remark.rule,
                )

    def finish(self) -> None:
        """Count the documents that were equal as a whole."""
        for path in (
            *self._top,
            *(f"{name}.{inner}" for name, each in self._objects.items() for inner in each),
        ):
            self.tallies[path].match(self._equal)
        for name, units in self._equal_elements.items():
            for inner in self._lists[name]:
                self.tallies[f"{name}[].{inner}"].match(units)
        self.tallies[UNKNOWN].match(self._equal)


class Comparison:
    """One table against its expectations. Call `run` once, then read `tallies` (and the judges' own):

    `documents.<table>` (what v1 gave must be there, and nothing else), `compared.<table>` (how many of those
    were there), `foreign.<table>` (what v2 had must be there unchanged) and `fields.<table>.<path>`.
    `before` is the same table in the backup. `retired` tells a document that an earlier run made of a row
    which v1 has no more: it must be gone. Judges see only documents that `schema` accepts.
    """

    def __init__(
        self,
        target: Spool,
        before: Spool,
        paths: Sequence[str],
        judges: Sequence[Judge] = (),
        *,
        schema: Schema | None = None,
        retired: Callable[[Document], bool] = lambda _: False,
    ) -> None:
        self.table, self.target, self.before, self.judges = target.table, target, before, judges
        self._schema, self._retired = schema, retired
        self.documents, self.foreign = Tally(), Tally()
        self.fields = Fields(self.table, paths)
        self._wanted: set[str] = set()

    def run(self, expected: Iterable[Expected]) -> None:
        """Compare everything, both ways."""
        for batch in batches(expected):
            self._look(map(self._pair, batch))
        for batch in batches(self._had_before()):
            self._look(map(self._pair, batch))
        for strays in batches(each for each in self.target if each not in self._wanted):
            self._look(map(self._stray, strays))
        self.fields.finish()
        for identifier in self.target.duplicates:
            self._find(
                self.documents, Kind.EXTRANEOUS, identifier, rule="the same id twice", actual=identifier
            )

    def _had_before(self) -> Iterator[Expected]:
        """What v2 had and v1 has no part in: it must be there as it was, unless only v1 can have given it."""
        for identifier in self.before:
            if identifier not in self._wanted:
                document = self.before.document(identifier) or {}
                if self._retired(document):
                    self.foreign.note("made of a row that v1 has no more")
                else:
                    yield Expected(self.table, identifier, document, Origin.FOREIGN)

    @property
    def tallies(self) -> dict[str, Tally]:
        """What was counted, by name."""
        found = {f"fields.{self.table}.{path}": tally for path, tally in self.fields.tallies.items()}
        named = {f"documents.{self.table}": self.documents, f"foreign.{self.table}": self.foreign}
        named[f"compared.{self.table}"] = Tally(matched=self.documents.matched)
        return {**named, **found, **dict(self._schema.tallies() if self._schema else ())}

    def _pair(self, expected: Expected) -> Seen | None:
        is_foreign = expected.origin is Origin.FOREIGN
        tally, identifier = (self.foreign if is_foreign else self.documents), expected.document["_id"]
        if identifier in self._wanted:
            self._find(
                tally, Kind.REJECTED, expected.key, rule="two rows want this document", expected=identifier
            )
            return None
        self._wanted.add(identifier)
        line = self.target.line(identifier)
        if line is None:
            self._find(tally, Kind.MISSING, expected.key, expected=identifier)
            return None
        actual = _decoded(expected, line)
        if is_foreign:
            self._unchanged(expected, actual)
        else:
            tally.matched += 1
            self.fields.pair(expected, actual)
        return expected, actual, line

    def _stray(self, identifier: str) -> Seen:
        line = self.target.line(identifier) or b"{}"
        document: Document = orjson.loads(line)
        key = str(document.get("legacyId") or identifier)
        self._find(self.documents, Kind.EXTRANEOUS, key, actual=identifier)
        return None, document, line

    def _look(self, found: Iterable[Seen | None]) -> None:
        """The judges, one after the other, at those of a batch that are there and that the schema accepts."""
        seen = [one for one in found if one is not None]
        if self._schema is not None:
            seen = [one for one in seen if self._schema.accepts(one[0], one[1])]
        for judge in self.judges:
            for expected, actual, line in seen:
                judge.judge(expected, actual, line)

    def _find(
        self,
        tally: Tally,
        kind: Kind,
        key: str,
        *,
        rule: str = "",
        expected: object = ABSENT,
        actual: object = ABSENT,
    ) -> None:
        tally.find(kind, key, table=self.table, path="_id", expected=expected, actual=actual, rule=rule)

    def _unchanged(self, expected: Expected, actual: Document) -> None:
        before = expected.document
        if actual is before:
            self.foreign.match()
            return
        path = differing_field(before, actual)
        one, other = before.get(path, ABSENT), actual.get(path, ABSENT)
        self.foreign.find(
            kind_of(one, other), expected.key, table=self.table, path=path, expected=one, actual=other
        )


def _decoded(expected: Expected, line: bytes) -> Document:
    """The document of a line: `expected`'s own when it is equal, so that all who look at it can see at once
    that nothing differs. Most lines are equal byte for byte, as both sides sort their fields."""
    if line == expected.text:
        return expected.document
    actual: Document = orjson.loads(line)
    return expected.document if canonical(actual) == expected.text else actual


def _inside(value: object, path: str) -> object:
    return value.get(path, ABSENT) if isinstance(value, dict) else ABSENT
