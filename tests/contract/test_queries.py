"""Indexes, filters and pages: Convex's order, and cursors that hold while documents come and go."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.client import Client


@pytest.fixture
def author(client: Client) -> str:
    return str(client.value("mutation", "library:addAuthor", {"name": "Ada"}))


def add(client: Client, author: str, **fields: Any) -> str:
    return str(client.value("mutation", "library:addBook", {"author": author, "title": "T", **fields}))


def test_index_orders_absent_before_null_before_numbers_before_text(client: Client) -> None:
    rows: list[dict[str, Any]] = [
        {"name": "number", "age": 3},
        {"name": "absent"},
        {"name": "negative", "age": -1},
    ]
    for row in rows:
        client.value("mutation", "library:addAuthor", row)
    assert [found["name"] for found in client.value("query", "library:byAge")] == [
        "absent",
        "negative",
        "number",
    ]


def test_index_orders_text_by_its_utf8_bytes(client: Client, author: str) -> None:
    # U+FF5A sorts before an emoji by UTF-8, after it by UTF-16 code units.
    titles = ["b", "\U0001f600", "\uff5a", "a", "B", "", "ab"]
    for title in titles:
        client.value("mutation", "library:addBook", {"author": author, "title": title})
    found = [book["title"] for book in client.value("query", "library:booksOf", {"author": author})]
    assert found == sorted(titles, key=lambda title: title.encode())


def test_range_takes_its_lower_and_leaves_its_upper_bound(client: Client, author: str) -> None:
    for pages in range(6):
        add(client, author, pages=pages)
    found = client.value("query", "library:longBooks", {"from": 2, "below": 5})
    assert [book["pages"] for book in found] == [4, 3, 2]


def test_filter_and_limit_keep_what_matches(client: Client, author: str) -> None:
    add(client, author, pages=5, state="printed")
    add(client, author, pages=5, state="draft")
    add(client, author, pages=50, state="printed")
    found = client.value("query", "library:printedAndShort", {"below": 10})
    assert [(book["pages"], book["state"]) for book in found] == [(5, "printed")]


def page(client: Client, cursor: str | None, size: int) -> dict[str, Any]:
    options = {"cursor": cursor, "numItems": size}
    answer: dict[str, Any] = client.value("query", "library:page", {"paginationOpts": options})
    return answer


def test_pages_follow_each_other_without_gap_or_repeat(client: Client, author: str) -> None:
    for pages in range(7):
        add(client, author, pages=pages)
    seen: list[int] = []
    cursor: str | None = None
    while True:
        found = page(client, cursor, 3)
        seen += [book["pages"] for book in found["page"]]
        cursor = found["continueCursor"]
        if found["isDone"]:
            break
    assert seen == list(range(7))


def test_document_added_before_the_cursor_does_not_shift_the_next_page(client: Client, author: str) -> None:
    for pages in (10, 20, 30):
        add(client, author, pages=pages)
    first = page(client, None, 2)
    add(client, author, pages=5)
    client.value("mutation", "library:removeBook", {"id": first["page"][0]["_id"]})
    assert [book["pages"] for book in page(client, first["continueCursor"], 2)["page"]] == [30]


def test_cursor_of_another_query_is_refused(client: Client, author: str) -> None:
    add(client, author)
    add(client, author)
    other = client.system(
        "cli/tableData", {"table": "books", "paginationOpts": {"cursor": None, "numItems": 1}}
    )
    options = {"cursor": other["continueCursor"], "numItems": 1}
    answer = client.call("query", "library:page", {"paginationOpts": options})
    assert answer["errorData"] == {"isConvexSystemError": True, "paginationError": "InvalidCursor"}


def test_creation_times_rise_within_one_mutation(client: Client, author: str) -> None:
    client.value("mutation", "library:addManyBooks", {"author": author, "count": 50})
    times = [book["_creationTime"] for book in client.documents("books")]
    assert len(set(times)) == 50
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("count", "refusal"), [(16_000, None), (16_001, "TooManyWrites: Too many documents written")]
)
def test_mutation_writes_at_most_16000_documents(
    client: Client, author: str, count: int, refusal: str | None
) -> None:
    answer = client.call("mutation", "library:addManyBooks", {"author": author, "count": count})
    if refusal is None:
        assert answer["status"] == "success"
    else:
        assert refusal in answer["errorMessage"]
    assert client.system("cli/tableSize", {"tableName": "books"}) == (0 if refusal else count)


def test_normalize_id_knows_the_table(client: Client, author: str) -> None:
    book = add(client, author)
    assert client.value("query", "library:normalize", {"id": book}) == book
    assert client.value("query", "library:normalize", {"id": author}) is None
    assert client.value("query", "library:normalize", {"id": f"{book}x"}) is None


@pytest.mark.parametrize(
    ("args", "refusal"),
    [
        ({"documents": 32_001, "bytes": 0, "ranges": 0}, "TooManyDocumentsRead: Too many documents read"),
        ({"documents": 0, "bytes": 17, "ranges": 0}, "TooManyBytesRead: Too many bytes read"),
        ({"documents": 0, "bytes": 0, "ranges": 4_097}, "TooManyReads: Too many index ranges read"),
    ],
)
def test_query_reads_at_most_its_limits(
    client: Client, author: str, args: dict[str, int], refusal: str
) -> None:
    for count in (16_000, 16_000, 1) if args["documents"] else ():
        client.value("mutation", "library:addManyBooks", {"author": author, "count": count})
    for _ in range(args["bytes"]):
        add(client, author, notes="x" * 1_000_000)
    assert refusal in client.error("query", "library:readMuch", {"author": author, "ranges": args["ranges"]})


def test_filter_compares_values_of_different_types_by_their_order(client: Client) -> None:
    client.value("mutation", "library:addAuthor", {"name": "absent"})
    client.value("mutation", "library:addAuthor", {"name": "number", "age": 5})
    # absent < null < numbers < booleans: what a boolean is greater than.
    assert client.value("query", "library:youngerThanTrue") == ["absent", "number"]
