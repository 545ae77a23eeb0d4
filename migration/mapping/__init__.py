"""The mapping: one v1 row (and what belongs to it) to one v2 document, pure and without a clock.

One module a target table (`users`, `accounts`, `profiles`, `cases`), beside them one module a kind of
value. Each value's rule is docs/decisions/0001. Not here: which rows there are, ids of other documents,
files (`migration.transform`). Every v1 column is read here or stands in `dropped` with its reason.
"""
