"""A case under v2's validator: reading its fields, and the errors and warnings found so far, in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.calendar.days import Instant, Thrown, filled
from checks.calendar.reading import parsed


class _Instants(dict[str, Instant]):
    """The instants of the fields that are text; date-fns throws over anything else."""

    def __missing__(self, field: str) -> Instant:
        raise Thrown("TypeError")


class Judgement:
    """`given` are the fields with a value; `errors` and `warnings` are pairs of rule and blamed field."""

    def __init__(self, form: Mapping[str, Any]) -> None:
        self.given = form
        if not all(form.values()):  # most forms have nothing empty in them
            self.given = {field: value for field, value in form.items() if value or filled(value)}
        self._at = _Instants(
            {field: parsed(text) for field, text in self.given.items() if isinstance(text, str)}
        )
        self.errors: list[tuple[str, str]] = []
        self.warnings: list[tuple[str, str]] = []

    def __getitem__(self, field: str) -> Any:
        """The value of a field that has one."""
        return self.given[field]

    def instant(self, field: str) -> Instant:
        """The field as date-fns reads it."""
        return self._at[field]

    def after(self, one: str, other: str) -> bool:
        """Whether one field's date lies strictly after another's; never when either can not be read."""
        later, earlier = self._at[one], self._at[other]
        return later is not None and earlier is not None and later > earlier

    def error(self, rule: str, field: str) -> None:
        """This rule refuses the case."""
        self.errors.append((rule, field))

    def warn(self, rule: str, field: str) -> None:
        """This rule warns."""
        self.warnings.append((rule, field))

    def valid(self, rule: str, *fields: str) -> bool:
        """Whether all of these can be read; the first that can not is blamed by the rule."""
        for field in fields:
            if self._at[field] is None:
                self.error(rule, field)
                return False
        return True

    def ordered(self, rule: str, first: str, second: str, *, blamed: str, checked: tuple[str, ...]) -> bool:
        """Demands that `second` lies after `first`. False when one of the `checked` could not be read.

        A date that can not be read and is not among the checked ones was blamed by another rule before.
        """
        earlier, later = self._at.get(first), self._at.get(second)
        if earlier is None or later is None:
            if not self.valid(rule, *checked):
                return False
            _ = self._at[first], self._at[second]  # v2 throws over what is no text
            return True
        if later <= earlier:
            self.error(rule, blamed)
        return True

    def answer(self) -> dict[str, Any]:
        """As v2 answers, without its sentences."""
        return {
            "valid": not self.errors,
            "errors": [list(each) for each in self.errors],
            "warnings": [list(each) for each in self.warnings],
        }
