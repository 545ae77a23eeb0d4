"""Quarantine: the rows that need a person's decision, and the versioned file that holds those decisions.

`quarantine.jsonl` in the run's data folder lists what a transform set aside; `quarantine.toml` in the
repository lists what a person decided about it. The decisions edit rows before anything else looks at
them (`migration.rows`), so every rule judges the edited row. Not here: why a row is set aside.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from migration.errors import Refusal

Decision = Literal["exclude", "assign", "value"]
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OWNER_COLUMN = {"public.case_rfi": "case_id", "public.case_rfe": "case_id"}
"""What `assign` writes; every other table belongs to a user by `user_id`."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One row set aside: source table (`schema.table`), key, and a reason of decision 0001.

    `where` names the column or list, never its value. `key` is the row's id, or `line N` when unreadable.
    """

    table: str
    key: str
    reason: str
    where: str = ""


class Resolution(BaseModel):
    """What one person decided about one row."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    table: str = Field(min_length=1)
    key: Annotated[str, StringConstraints(min_length=1, to_lower=True)]
    decision: Decision = Field(alias="as")
    value: str = ""
    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _value_fits(self) -> Resolution:
        if self.decision == "assign" and not _UUID.fullmatch(self.value.lower()):
            raise ValueError("`assign` needs the id of the new owner in `value`")
        if self.decision == "value" and not self.value.partition("=")[1]:
            raise ValueError("`value` needs `column=text` in `value`")
        return self

    def told(self) -> dict[str, str]:
        """What a record may say of it: who decided what about which row and column, never the value."""
        column = self.value.partition("=")[0] if self.decision == "value" else ""
        told = {"table": self.table, "key": self.key, "as": self.decision, "column": column}
        return {**told, "by": self.by, "reason": self.reason}

    def edit(self, row: dict[str, Any]) -> None:
        """Writes the decision into the row; `exclude` leaves it (the reader drops the row).

        A `Refusal` when the row has no such column, or the text is nothing that the column could hold.
        """
        if self.decision == "assign":
            row[OWNER_COLUMN.get(self.table, "user_id")] = self.value.lower()
        elif self.decision == "value":
            column, _, text = self.value.partition("=")
            try:
                row[column] = _as_held(text, row[column])
            except (KeyError, ValueError) as error:
                what = "has no column" if isinstance(error, KeyError) else "can not hold that value in"
                raise Refusal(
                    f"quarantine.toml decides about {self.table} {self.key}, which {what} {column!r}.",
                    touched="The target was not changed.",
                    next_step="Correct the resolution and run the transform again.",
                ) from None


class _File(BaseModel):
    """The whole file: nothing but resolutions."""

    model_config = ConfigDict(extra="forbid")

    resolution: list[Resolution] = []


class Resolutions:
    """All decisions, by row. Remembers which ones met their row: one that did not is an error at the end."""

    def __init__(self, decided: Iterable[Resolution] = ()) -> None:
        self._by_row: dict[tuple[str, str], list[Resolution]] = {}
        self._met: set[tuple[str, str]] = set()
        for one in decided:
            self._by_row.setdefault((one.table, one.key), []).append(one)
        for row, several in self._by_row.items():
            _refuse_contradiction(row, several)
        lines = sorted(orjson.dumps(one.model_dump(), option=orjson.OPT_SORT_KEYS) for one in self.all())
        self.digest = hashlib.sha256(b"\n".join(lines)).hexdigest()

    def all(self) -> list[Resolution]:
        """Every decision, in the file's order."""
        return [one for several in self._by_row.values() for one in several]

    def edited(self, table: str) -> set[str]:
        """The keys of this table's rows that a decision changes but keeps."""
        return {one.key for one in self.all() if one.table == table and one.decision != "exclude"}

    def of(self, table: str, key: str) -> list[Resolution]:
        """The decisions about this row, now met."""
        found = self._by_row.get((table, key), [])
        if found:
            self._met.add((table, key))
        return found

    def refuse_unmet(self) -> None:
        """A decision about a row that does not exist is a mistake in the file: refused by name."""
        unmet = sorted(self._by_row.keys() - self._met)
        if unmet:
            names = ", ".join(f"{table} {key}" for table, key in unmet[:5])
            raise Refusal(
                f"quarantine.toml decides about {len(unmet)} rows that the source does not have: {names}.",
                touched="The target was not changed.",
                next_step="Correct the table and key, or remove the resolution, and run the transform again.",
            )


def load(path: Path) -> Resolutions:
    """The decisions of the file; none when there is no file. A file that can not be read whole is refused."""
    if not path.exists():
        return Resolutions()
    try:
        content = tomllib.loads(path.read_text())
        return Resolutions(_File.model_validate(content).resolution)
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise Refusal(
            f"{path} is not a list of resolutions: {_first_line(error)}.",
            next_step="Each [[resolution]] has table, key, as (exclude, assign or value), value, by, reason.",
        ) from None


def append(path: Path, one: Resolution) -> None:
    """Adds a decision to the file, after proving that the file stays readable with it."""
    Resolutions([*load(path).all(), one])
    fields = one.model_dump(by_alias=True, exclude_defaults=True)
    lines = "".join(f"{name} = {_toml(text)}\n" for name, text in fields.items())
    with path.open("a") as handle:
        handle.write(f"\n[[resolution]]\n{lines}")


def write(path: Path, rows: Iterable[Quarantined]) -> None:
    """The rows set aside, one JSON line each (`quarantine.jsonl` of the run's data folder)."""
    path.write_bytes(b"".join(orjson.dumps(asdict(row)) + b"\n" for row in rows))


def read(path: Path) -> list[Quarantined]:
    """The rows that `write` wrote; none when there is no file."""
    if not path.exists():
        return []
    return [Quarantined(**orjson.loads(line)) for line in path.read_bytes().splitlines()]


def _refuse_contradiction(row: tuple[str, str], several: list[Resolution]) -> None:
    goals = [one.value.partition("=")[0] if one.decision == "value" else one.decision for one in several]
    if len(set(goals)) != len(goals) or ("exclude" in goals and len(goals) > 1):
        raise Refusal(
            f"quarantine.toml decides twice, or in two ways, about {row[0]} {row[1]}.",
            next_step="Keep one of the decisions.",
        )


def _as_held(text: str, now: Any) -> Any:
    """The text as the column holds its values, told by what stands there now: a number, a flag, a list and
    an object are read as JSON; nothing is NULL."""
    if not text:
        return None
    if not isinstance(now, bool | int | float | list | dict):
        return text
    value = json.loads(text)
    if isinstance(now, bool | int | float) and type(value) is not type(now):
        raise ValueError
    return value


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return str(error).splitlines()[0].rstrip(".")
