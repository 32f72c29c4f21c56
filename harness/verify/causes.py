"""Why a value differs: a stale copy is told from a wrong view by what the copy's source held at snapshot time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.catalogue import Catalogue
from harness.copying import Copy
from harness.sqltext import quote_ident
from harness.verify.compare import cast_explains, field, render
from harness.verify.sources import Joins, Source
from harness.verify.values import Pair, Pass

CLASS_ORDER = ("value_differs", "value_to_null", "null_to_value", "renders_differently")
"""Kinds of difference, the gravest first: where a row has several copies, its gravest counts."""


@dataclass(frozen=True)
class Suspect:
    """A pair that differs somewhere, and where its values came from, as far as known.

    `filtered`: the view joins the source's table under a further condition. `casts`: values can be cast to the new
    type without an error. `comparable`: what the source held before and what it holds now can be told apart.
    """

    place: int
    pair: Pair
    source: Source | None
    filtered: bool = False
    casts: bool = True
    comparable: bool = False

    @property
    def class_sql(self) -> str:
        """SQL that names the kind of difference."""
        return self.pair.comparison.class_of(field("o", self.pair.old.name), field("n", self.pair.new.name))


def snapshot_place(before: Catalogue, after: Catalogue, copies: dict[int, Copy]) -> dict[int, tuple[str, bool]]:
    """Where each table's values at snapshot time lie: in its copy; a table that is newer than that, in itself."""
    live = {oid: (relation.sql, False) for oid, relation in after.relations.items()}
    return live | {oid: (copy.sql, True) for oid, copy in copies.items() if oid in before.relations}


def cause_sql(suspect: Suspect, joins: Joins) -> str:
    """SQL that names the cause of a difference that is there; its joins are added to `joins`."""
    pair = suspect.pair
    old, new = field("o", pair.old.name), field("n", pair.new.name)
    rules: list[tuple[str, str]] = []
    cast = cast_explains(pair.old, pair.new, old, new) if suspect.casts else None
    if cast:
        rules.append((cast, "type_drift"))
    source = suspect.source
    if source is not None and source.path:
        rules.append((f"{old} IS NOT NULL AND ({joins.unset(source.path)})", "null_fk"))
        rules.append((f"{old} IS NOT NULL AND {joins.missing(source.path)}", "orphan_fk"))
    if source is not None and source.trusted:
        held = render(source.column, joins.column(source.path, source.column.name))
        shown = render(pair.new, new)
        copied = render(pair.old, old)
        rules.append((f"{shown} IS NOT DISTINCT FROM {held} AND {copied} IS DISTINCT FROM {held}", "stale_copy"))
        if suspect.comparable and joins.now is not None:
            holds = render(source.column, joins.now.column(source.path, source.column.name))
            rules.append(
                (f"{shown} IS NOT DISTINCT FROM {holds} AND {holds} IS DISTINCT FROM {held}", "source_changed")
            )
    if source is not None and source.trusted:
        if suspect.filtered:
            rules.append((f"{new} IS NULL", "row_filter"))
        rules.append(("true", "view_wrong"))
    return first_rule(rules, "unexplained")


def first_rule(rules: Sequence[tuple[str, str]], otherwise: str) -> str:
    """SQL that names the cause of the first rule (condition, cause) that holds."""
    tests = "".join(f" WHEN {test} THEN '{cause}'" for test, cause in rules)
    return f"CASE{tests} ELSE '{otherwise}' END" if rules else f"'{otherwise}'::text"


def differences_sql(work: Pass, suspects: list[Suspect], joins: Joins, duplicated: bool) -> str:
    """A query with one row for each differing cell: key columns k1.., place, class, cause, old, new.

    Where a row has several copies (`duplicated`), only its gravest difference in each column is kept.
    """
    cells = ", ".join(
        f"({suspect.place}, {suspect.class_sql}, {cause_sql(suspect, joins)},"
        f" {render(suspect.pair.old, field('o', suspect.pair.old.name))},"
        f" {render(suspect.pair.new, field('n', suspect.pair.new.name))})"
        for suspect in suspects
    )
    keys = ", ".join(f"{key} AS k{number}" for number, key in enumerate(work.keys, start=1))
    differs = " OR ".join(f"({suspect.pair.comparison.differs})" for suspect in suspects)
    query = (
        f"SELECT {keys}, c.place, c.class, c.cause, c.old, c.new\n"
        f"FROM {work.joined('INNER')}\n"
        + "".join(f"{line}\n" for line in joins.lines)
        + f"CROSS JOIN LATERAL (VALUES {cells}) AS c (place, class, cause, old, new)\n"
        + f"WHERE ({differs}) AND c.class IS NOT NULL"
    )
    if not duplicated:
        return query
    names = ", ".join(f"k{number}" for number in range(1, len(work.keys) + 1))
    order = ", ".join(f"'{name}'" for name in CLASS_ORDER)
    return (
        f"SELECT DISTINCT ON ({names}, place) * FROM (\n{query}\n) AS copies\n"
        f"ORDER BY {names}, place, array_position(ARRAY[{order}], class), new"
    )


def ranked_sql(work: Pass, differences: str, examples: int) -> str:
    """The first differences of every place, class and cause, by key, each with the number of all of them."""
    names = ", ".join(f"k{number}" for number in range(1, len(work.keys) + 1))
    return (
        f"SELECT * FROM (SELECT *, count(*) OVER kind AS total, row_number() OVER (kind ORDER BY {names}) AS rank\n"
        f"FROM ({differences}) AS differences WINDOW kind AS (PARTITION BY place, class, cause)) AS ranked\n"
        f"WHERE rank <= {examples} ORDER BY place, class, cause, rank"
    )


def reproduce_sql(work: Pass, suspect: Suspect, joins: Joins, kind: str, cause: str, duplicated: bool) -> str:
    """The query that shows every difference of one kind and cause in one column, to be pasted into psql."""
    differences = differences_sql(work, [suspect], joins, duplicated)
    names = work.table.change.key
    keys = ", ".join(f"k{number} AS {quote_ident(name)}" for number, name in enumerate(names, start=1))
    return (
        f"SELECT {keys}, old, new FROM (\n{differences}\n) AS differences\n"
        f"WHERE class = '{kind}' AND cause = '{cause}' ORDER BY {', '.join(f'k{n}' for n in range(1, len(names) + 1))};"
    )
