"""The code clean-up at the end of a migration: v2 becomes the root of its repository, v1's trees go.

`layout`, `references` and `plan` are pure: trees in, moves and rewritten texts out. `git` alone speaks to
git, `effect` carries a plan out by renaming, `undo` takes it back byte for byte. Called by
`verbs.decommission`; knows nothing of the timeline.
"""
