"""The generators that a seed file can name: how a column gets its values, as pydantic models."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Skew = Annotated[float, Field(ge=0, le=4)]
Weights = Annotated[dict[str, Annotated[float, Field(ge=0)]], Field(min_length=1)]
Days = Annotated[float, Field(ge=-36_500, le=36_500)]
Identifier = Annotated[str, Field(min_length=1, max_length=63)]

_EXACT = 2**53
"""Whole numbers below this are exact as floats, which is what they are drawn as."""


class Strict(BaseModel):
    """Refuses keys that it does not know, and values of another type: "1" and true are no numbers."""

    # Built when a seed file is read: a worker process, which only gets what was read, starts sooner.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True, allow_inf_nan=False)


class Generator(Strict):
    """What every generator takes: `nulls`, the share of NULLs; `when`, columns that must have one of the values given
    (else NULL); `stored = false` for a helper that other columns use and the table lacks."""

    nulls: Share = 0.0
    when: dict[str, tuple[str, ...]] = {}
    stored: bool = True


class UuidColumn(Generator):
    """A version-4 UUID, made from the row's number."""

    kind: Literal["uuid"]


class SequenceColumn(Generator):
    """The row's number plus `start`; text where it has a `prefix` or a `width` (leading zeros)."""

    kind: Literal["sequence"]
    start: Annotated[int, Field(ge=-(10**17), le=10**17)] = 1
    prefix: str = ""
    width: Annotated[int, Field(ge=0, le=18)] = 0


class PoolColumn(Generator):
    """A word of a pool; `skew` makes the first ones more frequent (Zipf's exponent)."""

    kind: Literal["pool"]
    pool: str
    skew: Skew = 0.0


class ChoiceColumn(Generator):
    """One of the words by weight; with `by`, the weights in `cases` hold where that column has the case's value."""

    kind: Literal["choice"]
    weights: Weights
    by: Identifier | None = None
    cases: dict[str, Weights] = {}

    @model_validator(mode="after")
    def _some_weight(self) -> ChoiceColumn:
        for weights in (self.weights, *self.cases.values()):
            if sum(weights.values()) <= 0:
                raise ValueError("all weights are 0; give one that is more")
        if bool(self.cases) != (self.by is not None):
            raise ValueError("`by` and `cases` go together")
        return self


class ParentColumn(Generator):
    """The key of a row of another table.

    `skew` (Zipf's exponent) makes some parents have far more children than others. `order = "clustered"` gives the
    children of a parent neighbouring rows, in the parents' order (`skew` is then the share of children that gather at
    a few parents); `within` limits the choice to parents of the same group: {own column = "parent's column"}, both
    keys of one table. `cover` gives each parent a child before any gets a second.
    """

    kind: Literal["parent"]
    table: Identifier
    skew: Skew = 0.0
    order: Literal["random", "clustered"] = "random"
    within: Annotated[dict[str, str], Field(max_length=1)] = {}
    cover: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> ParentColumn:
        if self.order == "clustered" and (self.within or self.cover):
            raise ValueError('`within` and `cover` need order = "random"')
        if self.order == "clustered" and self.skew > 1:
            raise ValueError("the skew of clustered children is a share: 1 at most")
        if self.within and self.cover:
            raise ValueError("`within` and `cover` exclude each other")
        return self


class PreviousColumn(Generator):
    """The key of the row before, where that has the same value in the column `same`; else NULL."""

    kind: Literal["previous"]
    same: Identifier


class CopyColumn(Generator):
    """The value that `column` has in the row to which `through` (a column that holds a parent's key) points."""

    kind: Literal["copy"]
    through: Identifier
    column: Identifier


class NumberColumn(Generator):
    """A number with `scale` decimals between `min` and `max`: uniform, or lognormal with `median` and `sigma`."""

    kind: Literal["number"]
    distribution: Literal["uniform", "lognormal"] = "uniform"
    min: float = 0
    max: float
    median: Positive = 1
    sigma: Annotated[float, Field(ge=0, le=4)] = 1.0
    scale: Annotated[int, Field(ge=0, le=9)] = 0

    @model_validator(mode="after")
    def _ordered(self) -> NumberColumn:
        if self.min > self.max:
            raise ValueError(f"min {self.min:g} is more than max {self.max:g}")
        if (largest := max(abs(self.min), abs(self.max)) * 10**self.scale) >= _EXACT:
            raise ValueError(f"{largest:g} units of 1e-{self.scale} are more than can be drawn exactly ({_EXACT})")
        return self


class TimelineColumn(Generator):
    """A point in time that grows with the row's number from `first` to `last`, `jitter_days` to and fro."""

    kind: Literal["timeline"]
    first: Annotated[date, Field(strict=False)]
    last: Annotated[date, Field(strict=False)]
    jitter_days: Annotated[float, Field(ge=0)] = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> TimelineColumn:
        if self.first >= self.last:
            raise ValueError(f"first {self.first} is not before last {self.last}")
        return self


class AfterColumn(Generator):
    """A point in time `min_days` after another column's and, exponentially, `mean_days` more, `max_days` at most."""

    kind: Literal["after"]
    column: Identifier
    min_days: Days = 0.0
    mean_days: Annotated[Days, Field(ge=0)] = 0.0
    max_days: Days = 3650.0

    @model_validator(mode="after")
    def _ordered(self) -> AfterColumn:
        if self.min_days > self.max_days:
            raise ValueError(f"min_days {self.min_days:g} is more than max_days {self.max_days:g}")
        return self


class TemplateColumn(Generator):
    """Text with `{column}` for other columns' values, `{column:slug}` for them in a-z0-9 only, `{row}` for the row's
    number; cut at `max_length`."""

    kind: Literal["template"]
    text: Annotated[str, Field(min_length=1)]
    max_length: Annotated[int, Field(gt=0)] | None = None


class ExpressionColumn(Generator):
    """An expression over the row's columns: arithmetic, rounded to `scale` decimals, or comparisons with and, or, not.

    A name alone is that column's value.
    """

    kind: Literal["expression"]
    expression: Annotated[str, Field(min_length=1)]
    scale: Annotated[int, Field(ge=0, le=9)] = 2


AnyColumn = Annotated[
    UuidColumn
    | SequenceColumn
    | PoolColumn
    | ChoiceColumn
    | ParentColumn
    | PreviousColumn
    | CopyColumn
    | NumberColumn
    | TimelineColumn
    | AfterColumn
    | TemplateColumn
    | ExpressionColumn,
    Field(discriminator="kind"),
]
