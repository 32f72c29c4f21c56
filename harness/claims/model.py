"""Claims as files: a statement, its source, and how it is tested; read and validated once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from harness.claims.select import Selector, SelectorError, parse
from harness.errors import ScenarioError
from harness.result import Result
from harness.scenario.toml import read_toml, validate

Relation = Literal["==", "<=", "<", ">=", ">", "between"]
Threshold = bool | int | float | str | tuple[float, float]


@dataclass(frozen=True)
class Claim:
    """A statement and its test.

    The figure is `field` (divided by `per` where that is given) or the one value that `sql` gives on the migrated
    database. Without a `relation` the figure is shown and the claim stays undecided, with `reason`. `unit` says what
    the figure is: `speedup` turns a ratio of times round, `change` takes 1 off a ratio, `share` shows one in percent,
    `ms` shows seconds as this machine's milliseconds; anything else is a noun. Below `min_rows` of scale, and where the
    list `needs` of the result is empty, the claim is undecided. `reading` tells how the statement was read where it
    leaves a choice; `note` is shown whatever the verdict.
    """

    id: str
    statement: str
    source: str
    field: Selector | None
    per: Selector | None
    sql: str
    relation: Relation | None
    threshold: Threshold | None
    unit: str
    min_rows: int
    needs: str
    reading: str
    reason: str
    note: str


class _ClaimEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    statement: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    field: str = ""
    per: str = ""
    sql: str = ""
    relation: Relation | None = None
    threshold: StrictBool | StrictInt | StrictFloat | StrictStr | tuple[float, float] | None = None
    unit: str = ""
    min_rows: Annotated[int, Field(ge=0)] = 0
    needs: str = ""
    reading: str = ""
    reason: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _is_a_test(self) -> Self:
        problems = {
            "give either field or sql, not both": self.field and self.sql,
            "per stands only beside a field": self.per and not self.field,
            "relation and threshold belong together": (self.relation is None) != (self.threshold is None),
            "a relation needs a field or sql to hold against": self.relation and not (self.field or self.sql),
            "without a relation, say in reason why it is undecided": not self.relation and not self.reason,
            "between needs two ascending numbers": self.relation == "between" and not _ascending(self.threshold),
            "only between takes two numbers": self.relation != "between" and isinstance(self.threshold, tuple),
            "text and yes/no can only be ==": self.relation not in (None, "==")
            and isinstance(self.threshold, bool | str),
            f"a result has no {self.needs!r}": self.needs and self.needs not in Result.__dataclass_fields__,
        }
        wrong = [problem for problem, holds in problems.items() if holds]
        for selector in filter(None, (self.field, self.per)):
            try:
                parse(selector)
            except SelectorError as error:
                wrong.append(str(error))
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


class _ClaimsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    claim: Annotated[list[_ClaimEntry], Field(min_length=1)]


def load_claims(path: Path) -> tuple[Claim, ...]:
    """The claims of the file in its order; raises ScenarioError with file and place."""
    entries = validate(_ClaimsFile, read_toml(path), path).claim
    names = [entry.id for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ScenarioError(f"{path}: claim: the id {twice[0]!r} stands twice", "give each claim its own id")
    return tuple(_claim(entry) for entry in entries)


def _claim(entry: _ClaimEntry) -> Claim:
    fields = entry.model_dump() | {
        "field": parse(entry.field) if entry.field else None,
        "per": parse(entry.per) if entry.per else None,
        "sql": entry.sql.strip(),
    }
    return Claim(**fields)


def _ascending(threshold: object) -> bool:
    return isinstance(threshold, tuple) and threshold[0] < threshold[1]
