"""Every document against v2's validators, by a validator of the checks' own (facts/v2_schema.json).

Int64 is no `number`, null is no absent field, an id must carry its table's number, and an unknown field is
refused, as Convex itself would refuse it at the next write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from checks.facts import v2_schema
from checks.oracle.expectation import Expected
from checks.oracle.rules import Document
from checks.tally import Tally
from checks.target import ids
from migration.model import Class, Kind

Test = Callable[[Any], str | None]
"""Answers with the path below the value that is wrong, '' for the value itself, or None when all is well."""

_SCALARS: dict[str, type] = {"string": str, "number": float, "boolean": bool}
_LITERALS = (str, float)


def validator(table: str, numbers: dict[str, int]) -> Test:
    """The test for whole documents of a table, system fields included."""
    number = numbers.get(table)
    fields = {**v2_schema()[table]["fields"], "_id": f"id:{table}", "_creationTime": "number"}
    return _object(fields, {**numbers, table: number or 0})


def _compiled(spec: Any, numbers: dict[str, int]) -> Test:
    if isinstance(spec, list):
        return _array(_compiled(spec[0], numbers))
    if isinstance(spec, dict):
        return _union(spec["union"]) if "union" in spec else _object(spec, numbers)
    if spec.startswith("id:"):
        return _id(numbers.get(spec[3:]))
    return _scalar(_SCALARS[spec])


def _scalar(kind: type) -> Test:
    def test(value: Any) -> str | None:
        tagged = kind is float and isinstance(value, dict) and list(value) == ["$float"]
        return None if type(value) is kind or tagged else ""

    return test


def _id(number: int | None) -> Test:
    def test(value: Any) -> str | None:
        found = ids.table_number(value) if isinstance(value, str) else None
        return None if found is not None and number in (None, found) else ""

    return test


def _union(members: list[dict[str, Any]]) -> Test:
    words = {member["literal"] for member in members}

    def test(value: Any) -> str | None:
        return None if isinstance(value, _LITERALS) and value in words else ""

    return test


def _array(element: Test) -> Test:
    def test(value: Any) -> str | None:
        if not isinstance(value, list):
            return ""
        for index, item in enumerate(value):
            if (wrong := element(item)) is not None:
                return f"[{index}]{wrong and '.'}{wrong}"
        return None

    return test


def _object(spec: dict[str, Any], numbers: dict[str, int]) -> Test:
    tests = {name.removesuffix("?"): _compiled(inner, numbers) for name, inner in spec.items()}
    kinds = {name.removesuffix("?"): _SCALARS.get(str(inner)) for name, inner in spec.items()}
    lists = {name.removesuffix("?") for name, inner in spec.items() if isinstance(inner, list)}
    required = {name for name in spec if not name.endswith("?")}

    def test(value: Any) -> str | None:
        if not isinstance(value, dict):
            return ""
        if not required <= value.keys():
            return next(name for name in spec if name in required and name not in value)
        for name, inner in value.items():
            kind = type(inner)
            if kind is kinds.get(name) or (kind is list and not inner and name in lists):
                continue  # most fields are plain text, a number or a flag, and most lists are empty
            if name not in tests:
                return str(name)
            if (wrong := tests[name](inner)) is not None:
                return f"{name}{'.' if wrong and wrong[0] != '[' else ''}{wrong}"
        return None

    return test


class Schema:
    """Counts the documents of one table that v2's schema would refuse: `schema.<table>`.

    One that was already so before the import, and is unchanged, is inherited.
    """

    def __init__(self, table: str, numbers: dict[str, int]) -> None:
        self.table = table
        self._test = validator(table, numbers)
        self._tally = Tally()

    def accepts(self, expected: Expected | None, actual: Document) -> bool:
        """Validate one document; one that is refused is counted, and has no shape that others could judge."""
        wrong = self._test(actual)
        if wrong is None:
            self._tally.matched += 1
            return True
        before = expected is not None and expected.origin == "foreign" and expected.document == actual
        self._tally.find(
            Kind.REJECTED,
            expected.key if expected else str(actual.get("_id")),
            cls=Class.INHERITED if before else Class.INTRODUCED,
            table=self.table,
            path=wrong,
            rule="v2's validator",
        )
        return False

    def tallies(self) -> Iterator[tuple[str, Tally]]:
        """`schema.<table>`."""
        yield f"schema.{self.table}", self._tally
