"""How fast the calendars are asked: a rate of calls, and a pause between users. Clock and pause are
injected."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Pace:
    """Keeps to `calls_per_second` (Google's quota is per user and minute) and `between_users` seconds.

    Only the time that is left is waited for: a slow answer has paid for its own pause.
    """

    calls_per_second: float
    between_users: float
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _next_call: float = field(default=0.0, init=False)
    _users: int = field(default=0, init=False)

    def call(self) -> None:
        """Before each call."""
        now = self.clock()
        if now < self._next_call:
            self.sleep(self._next_call - now)
        self._next_call = max(now, self._next_call) + 1.0 / self.calls_per_second

    def user(self) -> None:
        """Before each user: the first one waits for nobody."""
        if self._users:
            self.sleep(self.between_users)
        self._users += 1
