"""Time and chance inside a transaction: the clock stands still, and random numbers are numbers."""

from __future__ import annotations

import time

from tests.contract.client import Client


def test_clock_stands_still_in_a_query(client: Client) -> None:
    before = time.time() * 1000
    seen = client.value("query", "moment:clock")
    assert len(set(seen["times"])) == 1
    assert abs(seen["times"][0] - before) < 60_000
    assert (seen["fixed"], seen["isDate"]) == (5, True)


def test_mutation_and_its_nested_mutation_share_one_time(client: Client) -> None:
    times = client.value("mutation", "moment:nestedClock", {"depth": 2})
    assert (len(times), len(set(times))) == (3, 1)


def test_clock_of_an_action_goes_on(client: Client) -> None:
    assert client.value("action", "moment:movingClock") >= 10


def test_random_numbers_differ_within_a_call_and_between_calls(client: Client) -> None:
    drawn = [number for _ in range(3) for number in client.value("query", "moment:chance")]
    assert len(set(drawn)) == 9
    assert all(0 <= number < 1 for number in drawn)


def test_creation_time_does_not_stand_still_with_the_clock(client: Client) -> None:
    author = client.value("mutation", "library:addAuthor", {"name": "Ada"})
    client.value("mutation", "library:addManyBooks", {"author": author, "count": 20})
    assert len({book["_creationTime"] for book in client.documents("books")}) == 20
