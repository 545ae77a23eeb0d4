"""Money: v1's dollars in numeric(10,2) become cents in Float64, through exact decimals only."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from migration.mapping.fields import Unmappable


def cents(value: Any) -> float:
    """Dollars as the snapshot's text (`85000.00`) to cents (`8500000.0`); 0.00 is a value.

    `NaN` and `Infinity`, which numeric can hold, quarantine the row.
    """
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise Unmappable("unreadable_row") from None
    if not amount.is_finite():
        raise Unmappable("unreadable_row")
    return float(amount.scaleb(2))
