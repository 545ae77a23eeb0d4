"""The calendar clean-up, 24 hours after the opening: v1's events leave people's Google calendars, nobody
else's do.

plan -> approve -> run -> prove, and restore as the way back. `office` wires it up; `titles`, `classify`,
`plan` are pure, `people` (v1), `known` (v2), `tokens` and `google` are the adapters.
"""
