"""The limits of section 7.4 at their edges: the last that passes, the first that does not, by its code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract.client import Client, lines_of

MEBIBYTE = 1 << 20
ARGUMENT_BYTES = 16 << 20
# What an object of one field adds to the text in it: two bytes of its own, and three each for text and field.
AROUND_VALUE = 2 + len("value") + 1 + 2


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def document_of(size: int) -> dict[str, Any]:
    """A row whose document, with its system fields, has so many bytes by Convex's measure."""
    system = len("_id") + 1 + 2 + 32 + len("_creationTime") + 1 + 9
    return {"name": "x" * (size - 2 - system - len("name") - 1 - 2)}


DOCUMENTS: dict[str, tuple[Mapping[str, Any], str | None]] = {
    "1 MiB": (document_of(MEBIBYTE), None),
    "a byte more": (document_of(MEBIBYTE + 1), "DocumentTooLarge"),
    "16 levels": ({"a": nested(15)}, None),
    "17 levels": ({"a": nested(16)}, "TooNested"),
    "1024 fields within": ({"a": {f"f{n}": 0 for n in range(1024)}}, None),
    "1025 fields within": ({"a": {f"f{n}": 0 for n in range(1025)}}, "TooManyFields"),
    "1024 fields with the two of the system": ({f"f{n}": 0 for n in range(1022)}, None),
    "1025 fields with the two of the system": ({f"f{n}": 0 for n in range(1023)}, "TooManyFields"),
    "8192 items": ({"a": [0] * 8192}, None),
    "8193 items": ({"a": [0] * 8193}, "ArrayTooLong"),
}


@pytest.mark.parametrize("what", list(DOCUMENTS))
@pytest.mark.any_project
def test_document_meets_its_limits_in_an_import_too(client: Client, what: str) -> None:
    row, code = DOCUMENTS[what]
    state = client.run_import(lines_of([row]), form="jsonLines", table="loose")
    assert state["state"] == ("completed" if code is None else "failed"), state
    assert (code or "") in state.get("error_message", "")


def echo(client: Client, characters: int) -> dict[str, Any]:
    content = json.dumps({"path": "library:echo", "args": {"value": "x" * characters}, "format": "json"})
    response = client.http.post("/api/query", content=content, headers={"Content-Type": "application/json"})
    return {"status_code": response.status_code, **response.json()}


def test_arguments_of_16_mebibytes_pass_and_a_byte_more_fails_the_function(client: Client) -> None:
    most = ARGUMENT_BYTES - AROUND_VALUE
    passed = echo(client, most)
    assert (passed["status"], len(passed["value"])) == ("success", most)
    more = echo(client, most + 1)
    assert (more["status"], "too large" in more["errorMessage"]) == ("error", True)


def test_body_may_be_2000_bytes_longer_than_the_arguments(client: Client) -> None:
    around = len(json.dumps({"path": "library:echo", "args": {"value": ""}, "format": "json"}))
    last = echo(client, ARGUMENT_BYTES + 2_000 - around)
    assert (last["status_code"], last["status"]) == (200, "error")
    first = echo(client, ARGUMENT_BYTES + 2_001 - around)
    assert (first["status_code"], first["code"]) == (400, "BadJsonBody")


@pytest.mark.parametrize(
    ("path", "args", "words"),
    [
        ("limits:list", {"items": 8192}, None),
        ("limits:list", {"items": 8193}, "ArrayTooLong"),
        ("limits:text", {"length": ARGUMENT_BYTES - 2}, None),
        ("limits:text", {"length": ARGUMENT_BYTES - 1}, "too large"),
        ("limits:nest", {"depth": 64}, None),
        ("limits:nest", {"depth": 65}, "TooNested"),
    ],
)
def test_result_meets_the_limits_of_a_value(
    client: Client, path: str, args: Mapping[str, Any], words: str | None
) -> None:
    answer = client.call("query", path, args)
    if words is None:
        assert answer["status"] == "success"
    else:
        assert (answer["status"], words in answer["errorMessage"]) == ("error", True)


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"documents": 17, "characters": 980_000}, None),
        ({"documents": 18, "characters": 980_000}, "TooManyBytesWritten"),
    ],
)
def test_mutation_writes_at_most_16_mebibytes(
    client: Client, args: Mapping[str, Any], code: str | None
) -> None:
    answer = client.call("mutation", "limits:write", args)
    assert answer["status"] == ("error" if code else "success")
    assert (code or "") in answer.get("errorMessage", "")
    kept = client.system("cli/tableSize", {"tableName": "authors"})
    assert kept == (0 if code else args["documents"])


def test_mutation_schedules_at_most_1000_functions(client: Client) -> None:
    before = len(client.system("embedded:scheduledJobs"))
    assert "TooManyFunctionsScheduled" in client.error("mutation", "limits:schedule", {"jobs": 1_001})
    assert len(client.system("embedded:scheduledJobs")) == before
    client.value("mutation", "limits:schedule", {"jobs": 1_000})
    assert len(client.system("embedded:scheduledJobs")) == before + 1_000
