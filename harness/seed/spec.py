"""The seed specification: what a seeds/*.toml may say, as pydantic models; general, it knows no table."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from harness.digest import digest
from harness.seed.columns import AnyColumn, Identifier, Positive, Share, Strict


class ValuesPool(Strict):
    """Words given in the file."""

    kind: Literal["values"]
    values: Annotated[tuple[str, ...], Field(min_length=1)]


class FakerPool(Strict):
    """Distinct words of one of Faker's methods (`provider`), in equal parts from its `locales`."""

    kind: Literal["faker"]
    provider: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    locales: Annotated[tuple[str, ...], Field(min_length=1)] = ("en_US",)
    size: Annotated[int, Field(gt=0, le=100_000)] = 1000
    max_length: Annotated[int, Field(gt=0)] = 255


class ProsePool(Strict):
    """Texts joined from the sentences of another pool; their lengths are lognormal."""

    kind: Literal["prose"]
    sentences: str
    size: Annotated[int, Field(gt=0, le=100_000)] = 1000
    median_length: Positive = 200
    sigma: Annotated[float, Field(ge=0, le=3)] = 0.8
    max_length: Annotated[int, Field(gt=0)] = 8000


class ListsPool(Strict):
    """Lists of `min` to `max` different words of another pool."""

    kind: Literal["lists"]
    words: str
    size: Annotated[int, Field(gt=0, le=100_000)] = 500
    min: Annotated[int, Field(ge=0)] = 0
    max: Annotated[int, Field(ge=1)] = 4

    @model_validator(mode="after")
    def _ordered(self) -> ListsPool:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is more than max {self.max}")
        return self


Pool = Annotated[ValuesPool | FakerPool | ProsePool | ListsPool, Field(discriminator="kind")]


class Table(Strict):
    """A table: its rows are `share` of the scale, within `min_rows` and `max_rows`.

    `key` is its key column; `row_key` are the columns by which its anomalies are recorded, where that is another:
    those of its primary key, in its order. `stored = false` is for a table that only lends keys and values to others.
    """

    share: Annotated[float, Field(ge=0, le=1000)] = 0.0
    min_rows: Annotated[int, Field(ge=1, le=10**11)] = 1
    max_rows: Annotated[int, Field(ge=1, le=10**11)] | None = None
    key: Identifier = "id"
    row_key: tuple[Identifier, ...] = ()
    stored: bool = True
    columns: Annotated[dict[Identifier, AnyColumn], Field(min_length=1)]

    @property
    def recorded_by(self) -> tuple[str, ...]:
        """The columns whose values tell which row an anomaly is in."""
        return self.row_key or (self.key,)

    @property
    def stored_columns(self) -> tuple[str, ...]:
        """The columns that are loaded."""
        return tuple(name for name, column in self.columns.items() if column.stored)


class Anomaly(Strict):
    """Something planted in `rate` of the rows of `table`, only in profile realistic.

    Kinds that change the column as every copy of it sees it (harmless): `odd_text` (a word of `pool` instead),
    `at_limit` (filled up to `length` characters), `empty` ('' for NULL).
    Kinds that change one row's own cell: `stale` (a copy shows what its source said before a change that befell `rate`
    of the sources; `share` of their copies are stale), `truncated` (to `length`), `padded` (`length` spaces), `blank`
    ('' for a NULL copy), `missing` (NULL for a copy), `foreign_word` (one of `words`), `off_by` (`amount` added),
    `null_parent` and `orphan` (the key of a parent is gone or points nowhere; its copies stay), `other_parent` (the key
    of any other row of the parent), `deleted` (a point in time up to `days` after the column `after`).
    """

    kind: Literal[
        "odd_text", "at_limit", "empty", "stale", "truncated", "padded", "blank", "missing",
        "foreign_word", "off_by", "null_parent", "orphan", "other_parent", "deleted",
    ]  # fmt: skip
    table: Identifier
    columns: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    rate: Share
    share: Share = 0.5
    pool: str = ""
    words: tuple[str, ...] = ()
    length: Annotated[int, Field(ge=1)] = 2
    amount: float = 0.01
    after: str = ""
    days: Annotated[float, Field(gt=0, le=36_500)] = 90.0

    @model_validator(mode="after")
    def _complete(self) -> Anomaly:
        needed = {"odd_text": "pool", "foreign_word": "words", "deleted": "after"}.get(self.kind)
        if needed and not getattr(self, needed):
            raise ValueError(f"kind {self.kind!r} needs `{needed}`")
        return self


class SeedSpec(Strict):
    """A whole seed file."""

    pools: Annotated[dict[str, Pool], Field(default_factory=dict)]
    tables: Annotated[dict[Identifier, Table], Field(min_length=1)]
    anomaly: tuple[Anomaly, ...] = ()
    source: str = "seed"
    """The file it was read from, for messages; set by the loader."""

    @property
    def fingerprint(self) -> str:
        """Of what the file says, however it is laid out; the order counts, and what is left out is its default."""
        return digest(self.model_dump(mode="json", exclude={"source"}, exclude_defaults=True))

    @property
    def stored_tables(self) -> dict[str, Table]:
        """The tables that are loaded."""
        return {name: table for name, table in self.tables.items() if table.stored}


def json_schema() -> dict[str, Any]:
    """The JSON schema of a seed file, for editors."""
    schema = SeedSpec.model_json_schema()
    del schema["properties"]["source"]
    return schema
