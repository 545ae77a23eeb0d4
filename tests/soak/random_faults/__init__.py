"""Random faults: a field, edge or row of one document comes out wrong, and a finding of its own must say so.

    values       every way in which one value can come out wrong, by its validator; `texts` are a part of it
    places       every place of v2's schema at which that can be
    material     the documents of an export, and how a finding names each
    mutations    one wrong document
    batches      mutations that can share a copy and not explain each other
    own          documents of v2's own with every field filled, planted before a migration
    recall       judges batches, and says which mutations no finding names

The campaign is `tests.soak.random`; a part with a fixed seed is in `tests/teeth/test_random.py`.
"""
