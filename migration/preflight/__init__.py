"""The gates before a migration: what must be so, how that is known, and who took over what is not.

`table` lists the gates, `gates.carry_out` asks them all, `gates.refuse_shut` keeps `migrate` on a real pair
from beginning while one is shut. Probes look at both sides and change neither; what they need of this machine
(a scratch database, PostgreSQL's own programs) is handed to them.
"""
