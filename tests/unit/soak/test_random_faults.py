"""The mutator reaches every field, always alters meaning, touches one document, and keeps batches apart."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.facts import paths, v2_schema
from checks.judges.schema import validator
from migration.model import Class, Finding, Kind
from tests.soak import random
from tests.soak.random_faults.batches import batches, examples, planted
from tests.soak.random_faults.material import BOTH, V1, V2, Material
from tests.soak.random_faults.mutations import Mutation, text_mutations
from tests.soak.random_faults.own import NOT_OWN, own_documents
from tests.soak.random_faults.places import ROW, UNKNOWN, Document, Place, places
from tests.soak.random_faults.recall import named
from tests.soak.random_faults.texts import wrong_texts
from tests.soak.random_faults.values import ABSENT, Ids, changes, meaning, valid

NUMBERS = {table: 10_001 + at for at, table in enumerate(v2_schema())}
IDS = Ids(numbers=NUMBERS)
SPECS = {str(place): place.spec for place in places() if place.path not in (ROW,) and place.spec is not None}
OWN = own_documents(NUMBERS, 1)
LEGACY = "7e64fc4f-6d5b-4f51-a1bc-6b05f3ac4d0c"


@pytest.fixture(scope="module")
def material() -> Material:
    """Documents of v2's own, of whom the first user has a v1 id, a new account and a new case."""
    after = {table: [dict(document) for document in found] for table, found in OWN.items()}
    after["userProfiles"][0]["legacyId"] = LEGACY
    after["cases"][0] |= {"legacyId": "c", "userId": after["users"][0]["_id"]}
    before = {table: list(found) for table, found in OWN.items()}
    before["authAccounts"], before["cases"] = OWN["authAccounts"][1:], OWN["cases"][1:]
    return Material(after, before, NUMBERS, seed=1)


@pytest.fixture(scope="module")
def every(material: Material) -> list[Mutation]:
    """Two mutations of every place."""
    return random.drawn(material, places(), 1, lambda _: 2)


def test_every_path_of_the_schema_is_a_place() -> None:
    known = {f"{place.table}.{place.path}" for place in places() if not place.path.endswith(UNKNOWN)}
    systems = {f"{table}.{name}" for table in v2_schema() for name in (ROW, "_creationTime")}
    assert known == systems | {f"{table}.{path}" for table in v2_schema() for path in paths(table)}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_change_always_alters_meaning(data: st.DataObject) -> None:
    spec = SPECS[data.draw(st.sampled_from(sorted(SPECS)))]
    old = data.draw(st.one_of(valid(spec, IDS), st.just(ABSENT)))
    kinds = changes(spec, old, IDS, [old, data.draw(valid(spec, IDS))])
    kind = data.draw(st.sampled_from(sorted(kinds)))
    assert meaning(data.draw(kinds[kind])) != meaning(old)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (0.0, -0.0), (None, ABSENT), ("", ABSENT), ([1.0, 2.0], [2.0, 1.0]), ("\u00e9", "e\u0301")],
)
def test_what_the_law_keeps_apart_means_something_else(one: object, other: object) -> None:
    assert meaning(one) != meaning(other)


def test_a_rare_mistake_is_drawn_where_a_text_offers_it(material: Material) -> None:
    rare = "a\nb\\nc"
    document = {**material.tables["cases"][1], "recruitmentNotes": rare}
    few = Material({**material.tables, "cases": [document]}, {}, NUMBERS, seed=1)
    offered = text_mutations(few)
    for kind in ("line break to literal", "literal to line break", "line breaks of Windows"):
        found = examples(offered[kind], 1, 5)
        assert "recruitmentNotes" in {each.field for each in found}
        assert {each.kind for each in found} == {kind}


def test_the_order_of_an_object_s_fields_means_nothing() -> None:
    assert meaning({"a": 1.0, "b": [{"c": "", "d": None}]}) == meaning(
        {"b": [{"d": None, "c": ""}], "a": 1.0}
    )


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("a day later", "2024-02-28", "2024-02-29"),
        ("a month later", "2024-01-31", "2024-02-29"),
        ("a month later", "2024-12-05", "2025-01-05"),
        ("a year later", "2024-02-29", "2025-02-28"),
        ("day and month swapped", "2024-03-05", "2024-05-03"),
        ("the American way", "2024-03-05", "3/5/2024"),
        ("line break to literal", "a\nb", "a\\nb"),
        ("literal to line break", "a\\nb", "a\nb"),
        ("decomposed", "é", "e\u0301"),
        ("decoded as Latin-1", "é", "Ã©"),
        ("pictures lost", "a😀", "a?"),
    ],
)
def test_a_text_comes_out_wrong_in_a_known_way(kind: str, old: str, new: str) -> None:
    assert wrong_texts(old)[kind] == new


def test_own_documents_fill_every_field_and_pass_the_schema() -> None:
    for table, found in OWN.items():
        fields = {name.removesuffix("?") for name in v2_schema()[table]["fields"]} - {*NOT_OWN}
        for document in found:
            assert document.keys() == {"_id", "_creationTime", *fields}
            assert validator(table, NUMBERS)(document) is None
    # hypothesis also draws from constants of whatever modules are imported by now, so only now is compared
    assert own_documents(NUMBERS, 1) == own_documents(NUMBERS, 1) != own_documents(NUMBERS, 2)


def test_documents_are_known_by_v1_s_id_where_v1_made_or_filled_them(material: Material) -> None:
    told = {
        (table, at): (material.origin(table, document), material.key(table, document))
        for table in ("users", "userProfiles", "authAccounts", "cases")
        for at, document in enumerate(material.tables[table][:2])
    }
    own = {place: material.tables[place[0]][place[1]]["_id"] for place in told}
    assert told["users", 0] == told["userProfiles", 0] == (BOTH, LEGACY)
    assert told["authAccounts", 0] == (V1, LEGACY)
    assert told["cases", 0] == (V1, "c")
    assert all(told[table, 1] == (V2, own[table, 1]) for table in ("users", "authAccounts", "cases"))


def test_the_same_seed_gives_the_same_mutations_at_every_place(
    material: Material, every: list[Mutation]
) -> None:
    chosen = places()[::10]
    assert {each.place for each in every} == set(places())
    assert random.drawn(material, chosen, 1, lambda _: 2) == [each for each in every if each.place in chosen]


def test_a_mutation_changes_one_document_at_its_place_only(material: Material, every: list[Mutation]) -> None:
    before = {str(each["_id"]): each for found in material.tables.values() for each in found}
    for mutation in every:
        tables = {table: list(found) for table, found in material.tables.items()}
        planted([mutation])(tables)
        after = {str(each["_id"]): each for found in tables.values() for each in found}
        assert [*tables] == [*material.tables]
        touched = {key for key in {*before, *after} if _differ(before.get(key), after.get(key))}
        if mutation.place.path == ROW:
            allowed = {mutation.identifier, *(json.loads(line)["_id"] for line in mutation.lines)}
            assert touched
            assert touched <= allowed
        else:
            assert touched == {mutation.identifier}
            assert _fields(before[mutation.identifier], after[mutation.identifier]) == {_top(mutation.field)}


def _differ(one: Document | None, other: Document | None) -> bool:
    return meaning(one) != meaning(other)


def _fields(one: Document, other: Document) -> set[str]:
    return {
        name for name in {*one, *other} if meaning(one.get(name, ABSENT)) != meaning(other.get(name, ABSENT))
    }


def _top(field: str) -> str:
    return field.partition("[")[0].partition(".")[0]


def test_batches_hold_every_mutation_once_and_keep_them_apart(every: list[Mutation]) -> None:
    packed = batches(every, 12)
    assert sorted(map(str, itertools.chain(*packed))) == sorted(map(str, every))
    for batch in packed:
        assert len(batch) <= 12
        assert all(one.apart(other) for one, other in itertools.combinations(batch, 2))


def test_a_changed_edge_shares_no_copy_with_what_it_could_explain(every: list[Mutation]) -> None:
    edges = [each for each in every if str(each.place) == "userProfiles.userId"]
    about = [each for each in every if each.about & edges[0].about and each.identifier != edges[0].identifier]
    assert about
    assert not any(edges[0].apart(each) or each.apart(edges[0]) for each in about)


def _finding(**changes: Any) -> Finding:
    told = {
        "kind": Kind.MISMATCHED,
        "table": "cases",
        "key": "k/notes[3]",
        "field": "notes[].content",
        **changes,
    }
    return Finding(**told)


def _mutation(field: str) -> Mutation:
    place = Place("cases", field)
    return Mutation(place, "", V1, "id", "k", field, (), frozenset(), edge=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"table": "users"},
        {"key": "other"},
        {"field": "notes[].id"},
        {"field": "notes"},
        {"cls": Class.INHERITED},
    ],
)
def test_only_a_finding_of_its_own_finds_a_mutation(changes: dict[str, Any]) -> None:
    assert named(_mutation("notes[].content"), [_finding()])
    assert named(_mutation("notes[].content"), [_finding(field="notes[3].content")])
    assert not named(_mutation("notes[].content"), [_finding(**changes)])


def test_a_field_at_the_top_is_named_by_what_lies_below_it() -> None:
    assert named(_mutation("notes"), [_finding()])
    assert not named(_mutation("tags"), [_finding()])


def test_the_page_tells_recall_what_was_missed_and_what_was_never_hit() -> None:
    account = {
        "shape": "pair 1",
        "tried": 4,
        "broken": ["pair 1: missed: cases.tags"],
        "copies": 2,
        "seconds": 3.0,
        "places": {"cases.tags": 3, "cases.(row)": 1},
        "kinds": {"row lost": 1, "made empty": 3},
        "origins": {"cases v1": 4},
    }
    page = random.page([account, account])
    assert "**8 mutations, 2 not found: recall 75.00%.**" in page
    assert "- pair 1: missed: cases.tags" in page
    assert "| cases | 8 | 0 | 0 | 0 |" in page
    assert "`cases.notes[].content`" in page.partition("Never hit")[2]
    assert "`cases.tags`" not in page
