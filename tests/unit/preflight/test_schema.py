"""A document is taken or refused as the deployed schema says, by its place and never its value."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from migration.preflight.schema import beyond_limits, mismatch, tables_of


def field(kind: Any, *, optional: bool = False) -> dict[str, Any]:
    return {"fieldType": {"type": kind} if isinstance(kind, str) else kind, "optional": optional}


def literal(value: object) -> dict[str, Any]:
    return {"type": "literal", "value": value}


VALIDATOR: dict[str, Any] = {
    "type": "object",
    "value": {
        "name": field("string"),
        "cents": field("number", optional=True),
        "count": field("bigint", optional=True),
        "owner": field({"type": "id", "tableName": "users"}, optional=True),
        "flag": field({"type": "union", "value": [{"type": "boolean"}, {"type": "null"}]}, optional=True),
        "status": field({"type": "union", "value": [literal("pwd"), literal("i140")]}, optional=True),
        "notes": field(
            {"type": "array", "value": {"type": "object", "value": {"text": field("string")}}}, optional=True
        ),
        "map": field(
            {"type": "record", "keys": {"type": "string"}, "values": field("number")}, optional=True
        ),
        "blob": field("bytes", optional=True),
        "free": field("any", optional=True),
        "yes": field(literal(True), optional=True),
    },
}
DOCUMENT = {"_id": "x", "_creationTime": 1.0, "name": "n"}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"cents": 1.0, "count": 3, "owner": "id", "flag": None, "status": "i140"},
        {"notes": [{"text": "a"}, {"text": "b"}], "map": {"a": 1.0}},
        {"blob": {"$bytes": "AA=="}, "free": {"x": [1]}, "flag": True, "yes": True},
        {"cents": {"$float": "AAAAAAAA+H8="}, "count": {"$integer": "AQAAAAAAAAA="}},
    ],
)
def test_a_fitting_document_is_taken(more: dict[str, Any]) -> None:
    assert mismatch(VALIDATOR, {**DOCUMENT, **more}) is None


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"name": 1.0}, "name"),
        ({"name": None}, "name"),
        ({"cents": 1}, "cents"),
        ({"cents": "1"}, "cents"),
        ({"count": 1.0}, "count"),
        ({"count": True}, "count"),
        ({"owner": 1.0}, "owner"),
        ({"flag": "true"}, "flag"),
        ({"status": "PWD"}, "status"),
        ({"notes": [{"text": "a"}, {"txt": "b"}]}, "notes[].txt"),
        ({"notes": [{}]}, "notes[].text"),
        ({"notes": "a"}, "notes"),
        ({"map": {"a": "secret"}}, "map.*"),
        ({"map": []}, "map"),
        ({"blob": "AA=="}, "blob"),
        ({"yes": 1.0}, "yes"),
        ({"unknown": "secret"}, "unknown"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(more: dict[str, Any], place: str) -> None:
    assert mismatch(VALIDATOR, {**DOCUMENT, **more}) == place


def test_a_missing_field_is_named() -> None:
    assert mismatch(VALIDATOR, {"_id": "x"}) == "name"


def test_a_table_without_a_validator_takes_anything() -> None:
    assert mismatch(None, {"whatever": object()}) is None


def test_an_exported_schema_is_read_by_table() -> None:
    exported = {"tables": [{"tableName": "cases", "documentType": VALIDATOR}], "schemaValidation": True}
    assert tables_of(orjson.dumps(exported).decode()) == {"cases": VALIDATOR}
    assert tables_of(orjson.dumps({**exported, "schemaValidation": False}).decode()) == {"cases": None}
    with pytest.raises((ValueError, KeyError)):
        tables_of("{}")


def nested(levels: int) -> Any:
    return {"in": nested(levels - 1)} if levels > 1 else {"in": 1.0}


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ({"list": [1.0] * 8192}, None),
        ({"list": [1.0] * 8193}, "has a list of more than 8192 items"),
        ({f"f{number}": 1.0 for number in range(1024)}, None),
        ({f"f{number}": 1.0 for number in range(1025)}, "has an object of more than 1024 fields"),
        (nested(16), None),
        (nested(17), "is nested more than 16 levels deep"),
        ({"text": "x" * (1 << 20)}, "is larger than 1 MiB"),
    ],
    ids=["list", "long list", "fields", "many fields", "levels", "deep", "large"],
)
def test_a_document_beyond_convex_s_limits_is_named(document: dict[str, Any], wrong: str | None) -> None:
    assert beyond_limits(orjson.dumps(document), document) == wrong
