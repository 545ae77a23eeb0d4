"""After go-live: v1's services end, one proven step after the other, each as late as it can be.

`timeline` has the items, their order and their times, and is pure; `conditions` reads evidence, `records`
keeps what was said and done, `acts` carries out what only an explicit, typed, separately allowed command may,
with `providers`. `desk` puts them together. Not here: the code clean-up (`migration.tidy`), the calendar.
"""
