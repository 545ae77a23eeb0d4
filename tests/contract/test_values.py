"""Values: the encodings of the wire, and which of them a deployment refuses."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from tests.contract.client import Client


def tagged_integer(value: int) -> dict[str, str]:
    return {"$integer": base64.b64encode(struct.pack("<q", value)).decode()}


def tagged_float(value: float) -> dict[str, str]:
    return {"$float": base64.b64encode(struct.pack("<d", value)).decode()}


ENCODINGS = [
    (None, None, "null"),
    (True, True, "true"),
    (1, 1, "1.0"),
    (1.5, 1.5, "1.5"),
    (1e300, 1e300, "1e+300"),
    ("", "", '""'),
    ('a"\\\n\u2028é\U0001f600', 'a"\\\n\u2028é\U0001f600', None),
    (tagged_integer(5), "5", "5"),
    (tagged_integer(-(2**63)), str(-(2**63)), str(-(2**63))),
    (tagged_float(float("inf")), "Infinity", json.dumps(tagged_float(float("inf"))).replace(" ", "")),
    (tagged_float(float("nan")), "NaN", None),
    ({"$bytes": "AAEC"}, "AAEC", '{"$bytes":"AAEC"}'),
    ([1, [2]], [1, [2]], "[1.0,[2.0]]"),
    ({"b": 1, "a": {"c": "x"}}, {"a": {"c": "x"}, "b": 1}, '{"a":{"c":"x"},"b":1.0}'),
]


@pytest.mark.parametrize(("encoded", "clean", "exported"), ENCODINGS)
def test_value_travels_in_each_format(client: Client, encoded: Any, clean: Any, exported: str | None) -> None:
    args = {"value": encoded}
    assert client.value("query", "library:echo", args, form="convex_encoded_json") == encoded
    assert client.value("query", "library:echo", args, form="json") == clean
    body = {"path": "library:echo", "args": args, "format": "export_json"}
    text = client.http.post("/api/query", json=body).text
    if exported is not None:
        assert text == f'{{"status":"success","value":{exported}}}'


def test_minus_zero_is_kept(client: Client) -> None:
    minus_zero = tagged_float(-0.0)
    assert (
        client.value("query", "library:echo", {"value": minus_zero}, form="convex_encoded_json") == minus_zero
    )


@pytest.mark.parametrize(
    "value",
    [
        {"$integer": "AA=="},
        {"$integer": "not base64!"},
        {"$float": tagged_float(1.5)["$float"]},
        {"$unknown": "x"},
        {"$a": 1, "b": 2},
        {"é": 1},
    ],
)
def test_malformed_value_is_refused(client: Client, value: Any) -> None:
    response = client.http.post("/api/query", json={"path": "library:echo", "args": {"value": value}})
    assert response.status_code == 400


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("notes", "part"),
    [
        ("x" * (1 << 20), "DocumentTooLarge: "),
        (nested(16), "TooNested: "),
        ([0] * 8193, "Array length is too long"),
        ({f"f{n}": 0 for n in range(1025)}, "Object has too many fields"),
    ],
)
def test_document_beyond_a_limit_is_refused(client: Client, notes: Any, part: str) -> None:
    author = client.value("mutation", "library:addAuthor", {"name": "Ada"})
    body = {
        "path": "library:addBook",
        "args": {"author": author, "title": "x", "notes": notes},
        "format": "json",
    }
    response = client.http.post("/api/mutation", json=body)
    assert part in response.json().get("errorMessage", response.json().get("message"))
    assert client.documents("books") == []


def test_document_within_every_limit_is_kept(client: Client) -> None:
    author = client.value("mutation", "library:addAuthor", {"name": "Ada"})
    notes = {"deep": nested(13), "wide": [0] * 8192, "long": "x" * 500_000}
    book = client.value("mutation", "library:addBook", {"author": author, "title": "x", "notes": notes})
    assert client.value("query", "library:get", {"id": book})["notes"] == notes
