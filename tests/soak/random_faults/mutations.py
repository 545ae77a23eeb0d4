"""One document that comes out wrong at one place, drawn by hypothesis from the documents that there are.

What the mutation is called, which finding must name it, and whether its neighbours may be named too, is told
here; how a value can be wrong in `values`, whether a finding is there in `recall`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass

from hypothesis import strategies as st

from fixtures.wire import encode_id
from tests.soak.random_faults.material import V2, Material
from tests.soak.random_faults.places import (
    ROW,
    UNKNOWN,
    Document,
    Place,
    Spot,
    at_spot,
    places,
    with_value,
)
from tests.soak.random_faults.texts import wrong_texts
from tests.soak.random_faults.values import ABSENT, Values, changes, meaning, valid

NOWHERE = "nowhere"
"""The origin of a document that was made up."""

EDGES = frozenset((ROW, "userId", "firmId", "legacyId", "legacyUserId", "email", "dismissedDeadlines"))
"""What other documents are judged by too: a mutation there may cause findings about its neighbours."""

_WORDS = st.from_regex(r"[a-z][A-Za-z0-9]{2,11}", fullmatch=True)
_ANYTHING: Values = st.sampled_from([None, False, 1.0, 1, "", "text", [], {}])


@dataclass(frozen=True)
class Mutation:
    """A document that comes out wrong. `lines`: what stands in its place, as JSON; none when it is lost.

    A finding must name the place's table, `key` and `field`. `about`: whom the document is about, before and
    after; `edge`: whether it may cause findings about others.
    """

    place: Place
    kind: str
    origin: str
    identifier: str
    key: str
    field: str
    lines: tuple[str, ...]
    about: frozenset[str]
    edge: bool

    def apart(self, other: Mutation) -> bool:
        """Whether both can be in one copy, and neither explain a finding about the other."""
        if self.identifier == other.identifier:
            return False
        return not (self.edge or other.edge) or self.about.isdisjoint(other.about)

    def __str__(self) -> str:
        became = self.lines[-1][:2000] if self.lines else "nothing"
        return f"{self.place} of {self.origin}, {self.kind}, {self.key} became {became}"


def mutations(material: Material, place: Place) -> st.SearchStrategy[Mutation]:
    """Mutations at a place; empty when no document of this material offers it."""
    if place.path == ROW:
        return _rows(material, place)
    offering = [
        fitting
        for found in material.shuffled(place.table, place.path).values()
        if (fitting := [document for document in found if place.spots(document)])
    ]
    if not offering:
        return st.nothing()
    chosen = st.sampled_from(offering).flatmap(st.sampled_from)
    return chosen.flatmap(lambda document: _fields(material, place, document))


@st.composite
def _fields(draw: st.DrawFn, material: Material, place: Place, document: Document) -> Mutation:
    spot = draw(st.sampled_from(place.spots(document)))
    holder = at_spot(document, spot) or {}
    name = place.steps[-1]
    if name == UNKNOWN:
        name = draw(_WORDS.filter(lambda word: word not in holder))
        kind, new = "unknown field", draw(_ANYTHING)
    else:
        kinds = changes(place.spec, holder.get(name, ABSENT), material.ids, _others(material, place))
        kind = draw(st.sampled_from(material.mixed(kinds, place.table, place.path)))
        new = draw(kinds[kind])
    return _changed(material, place, document, (*spot, name), kind=kind, new=new)


def _changed(
    material: Material, place: Place, document: Document, spot: Spot, *, kind: str, new: object
) -> Mutation:
    changed, named = with_value(document, spot, new), _named(material, place, document, spot)
    return _mutation(material, place, kind, document, [changed], named=named)


def text_mutations(material: Material) -> dict[str, st.SearchStrategy[Mutation]]:
    """By the kind of wrong text: mutations at any place whose text it changes.

    Beside `mutations`, because few texts hold a line break, a quote or a letter that can be decomposed.
    """
    offers: dict[str, list[tuple[Place, Document, Spot, object]]] = defaultdict(list)
    for place in places():
        for document in material.tables[place.table] if place.spec == "string" else ():
            for above in place.spots(document):
                spot = (*above, place.steps[-1])
                old = at_spot(document, spot)
                for kind, new in wrong_texts(old).items() if old is not None else ():
                    if meaning(new) != meaning(old):
                        offers[kind].append((place, document, spot, new))
    return {kind: _of_kind(material, kind, found) for kind, found in offers.items()}


def _of_kind(
    material: Material, kind: str, offers: list[tuple[Place, Document, Spot, object]]
) -> st.SearchStrategy[Mutation]:
    mixed = material.mixed(offers, "every table", kind)
    return st.sampled_from(mixed).map(lambda offer: _changed(material, *offer[:3], kind=kind, new=offer[3]))


def _others(material: Material, place: Place) -> list[object]:
    """What the table's documents have there, each value once."""
    found: dict[str, object] = {}
    for document in material.tables[place.table]:
        for spot in place.spots(document):
            value = (at_spot(document, spot) or {}).get(place.steps[-1], ABSENT)
            if value is not ABSENT:
                found.setdefault(meaning(value), value)
    return list(found.values())


def _named(material: Material, place: Place, document: Document, spot: Spot) -> str:
    """The field that a finding must name: to the leaf where v1 decides, else the field at the top."""
    known = not place.path.endswith(UNKNOWN)
    return place.path if known and material.origin(place.table, document) != V2 else str(spot[0])


def _rows(material: Material, place: Place) -> st.SearchStrategy[Mutation]:
    """A row that is lost, doubled, under another id, or made up."""
    number = material.ids.numbers[place.table]
    fresh = st.binary(min_size=16, max_size=16).map(lambda body: encode_id(number, body))

    def lost(old: Document) -> Mutation:
        return _mutation(material, place, "row lost", old, [])

    def renamed(old: Document, new: str) -> Mutation:
        return _mutation(material, place, "row under another id", old, [{**old, "_id": new}])

    def doubled(old: Document, new: str) -> Mutation:
        copies, key = [old, {**old, "_id": new}], str(old.get("legacyId", new))
        return _mutation(material, place, "row doubled", old, copies, key=key)

    def invented(new: str, body: Document) -> Mutation:
        document, key = {"_id": new, "_creationTime": 1.7e12, **body}, str(body.get("legacyId", new))
        return _mutation(material, place, "row invented", {"_id": new}, [document], key=key, origin=NOWHERE)

    kinds = [st.builds(invented, fresh, valid(place.spec, material.ids))]
    if groups := list(material.shuffled(place.table, ROW).values()):
        chosen = st.sampled_from(groups).flatmap(st.sampled_from)
        kinds += [
            st.builds(lost, chosen),
            st.builds(renamed, chosen, fresh),
            st.builds(doubled, chosen, fresh),
        ]
    return st.one_of(kinds)


def _mutation(
    material: Material,
    place: Place,
    kind: str,
    old: Document,
    new: list[Document],
    *,
    named: str = "_id",
    key: str = "",
    origin: str = "",
) -> Mutation:
    documents = (old, *new)
    about = frozenset(str(each["_id"]) for each in documents)
    return Mutation(
        place=place,
        kind=kind,
        origin=origin or material.origin(place.table, old),
        identifier=str(old["_id"]),
        key=key or material.key(place.table, old),
        field=named,
        lines=tuple(json.dumps(each, ensure_ascii=False) for each in new),
        about=about.union(*map(material.names, documents)),
        edge=place.table == "authAccounts" or place.steps[0] in EDGES,
    )
