"""The abort clock: how much of the maintenance window is left, and whether rolling back still fits into it.

Pure; the present is handed in. The window began with the fence, for since then nobody can work. It never
stops a step: past the point where a rollback fits, going on may well be what ends the outage sooner. It says
so at every step, and a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from migration.cutover.durations import Prediction


@dataclass(frozen=True)
class Clock:
    """When the window began, how long it is, and what a rollback takes."""

    began: datetime
    window: timedelta
    rollback: Prediction

    @property
    def ends(self) -> datetime:
        """The end of the window."""
        return self.began + self.window

    @property
    def last_call(self) -> datetime | None:
        """The latest moment at which a rollback that begins ends within the window; None: not known."""
        if self.rollback.seconds is None:
            return None
        return self.ends - timedelta(seconds=self.rollback.seconds)

    def reads(self, now: datetime) -> str:
        """What the clock says at this moment, in one line."""
        left = (self.ends - now).total_seconds()
        window = (
            f"{spoken(left)} of the window left" if left > 0 else f"the window is over since {spoken(-left)}"
        )
        if self.last_call is None:
            return f"{window}; whether a rollback still fits is not known: {self.rollback.basis}"
        room = (self.last_call - now).total_seconds()
        takes = f"about {spoken(self.rollback.seconds or 0)}"
        if room >= 0:
            return f"{window}; a rollback ({takes}) still fits, for another {spoken(room)}"
        return f"{window}; a rollback ({takes}) no longer fits"


def spoken(seconds: float) -> str:
    """Seconds as people say them: `42 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
