"""Rows that the replacement does not show, shows without an old one, or shows more than once, and what does that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.catalogue import Relation
from harness.result import Example, Finding
from harness.verify.carriers import Carriers, joined_columns
from harness.verify.causes import first_rule
from harness.verify.compare import field, now_called
from harness.verify.kinds import make_finding
from harness.verify.paths import Paths, columns_onto
from harness.verify.shape import Shape, Source
from harness.verify.sources import Joins
from harness.verify.values import Pass, Screen

EXAMPLES = 20


@dataclass(frozen=True)
class Layer:
    """One view's definition on the way from the replacement down to the table; `root` is the alias that leads on."""

    shape: Shape
    root: str


def layers(carriers: Carriers, view: Relation, table: int) -> Iterator[Layer]:
    """The view's definition and, where it reads the table through another view, that one's, and so on."""
    shape = carriers.shape(view)
    if not shape.sources and shape.filtered:
        yield Layer(shape, "")  # a set operation: which of its parts leaves a row out is not told
    for source in shape.sources:
        if source.relation == table:
            yield Layer(shape, source.alias)
            return
    for source in shape.sources:
        if source.relation is not None and table in carriers.catalogue.reads_transitively(source.relation):
            yield Layer(shape, source.alias)
            yield from layers(carriers, carriers.catalogue.relations[source.relation], table)
            return


async def row_findings(
    connection: Any, work: Pass, counted: Screen, carriers: Carriers, paths: Paths, joins: Joins, database: str
) -> list[Finding]:
    """Findings about whole rows of one pass; the counts are exact, the examples the first by key."""
    found: list[Finding] = []
    table = work.table.change.new
    stack = list(layers(carriers, work.relation, table.oid)) if table else []
    if counted.missing:
        found += await _missing(connection, work, counted, stack, paths, joins, carriers, database)
    if counted.extra:
        found += await _extra(connection, work, counted, stack, database)
    if counted.duplicates:
        found.append(await _duplicated(connection, work, counted, stack, carriers, database))
    return found


async def _extra(connection: Any, work: Pass, counted: Screen, stack: Sequence[Layer], database: str) -> list[Finding]:
    """Rows without a key come from an outer join that keeps the partners' side, where the view has one."""
    outer = any((root := layer.shape.source(layer.root)) is not None and not root.inner for layer in stack)
    cause = first_rule([(f"{work.new_key} IS NULL", "outer_join_row")] if outer else [], "unexplained")
    condition = f"{work.old_key} IS NULL"
    counting = f"SELECT {cause} AS cause, count(*) FROM {work.joined('RIGHT')}\nWHERE {condition} GROUP BY 1 ORDER BY 1"
    found = []
    for why, count in await connection.fetch(counting):
        keys = [field("n", name) for name in work.key]
        query = _listing(work, "RIGHT", f"{condition} AND {cause} = '{why}'", keys, "")
        found.append(
            make_finding(
                "row_extra",
                work.relation.display,
                f"{count} rows of {work.relation.display} have no old row in {_before(work)}",
                count=count,
                rows=counted.new_rows,
                cause=why,
                examples=await _examples(connection, query, len(work.key)),
                query=query + ";",
                database=database,
            )
        )
    return found


async def _missing(
    connection: Any,
    work: Pass,
    counted: Screen,
    stack: Sequence[Layer],
    paths: Paths,
    joins: Joins,
    carriers: Carriers,
    database: str,
) -> list[Finding]:
    cause = _cause_of_missing(work, stack, paths, joins, carriers)
    condition = f"{work.new_key} IS NULL"
    extra = "".join(f"{line}\n" for line in joins.lines)
    counting = (
        f"SELECT {cause} AS cause, count(*) FROM {work.joined('LEFT')}\n{extra}WHERE {condition} GROUP BY 1 ORDER BY 1"
    )
    found = []
    name = work.table.change.old.display
    for why, count in await connection.fetch(counting):
        query = _listing(work, "LEFT", f"{condition} AND {cause} = '{why}'", work.keys, extra)
        found.append(
            make_finding(
                "row_missing",
                work.relation.display,
                f"{count} of {counted.old_rows} rows of {name} are not in {now_called(name, work.relation.display)}",
                count=count,
                rows=counted.old_rows,
                cause=why,
                examples=await _examples(connection, query, len(work.keys)),
                query=query + ";",
                database=database,
            )
        )
    return found


def _before(work: Pass) -> str:
    name = work.table.change.old.display
    return f"{name} as it was" if name == work.relation.display else name


def _cause_of_missing(work: Pass, stack: Sequence[Layer], paths: Paths, joins: Joins, carriers: Carriers) -> str:
    """Deleted from the table itself; no partner for an inner join; else a filter, where there is one."""
    rules = []
    change = work.table.change
    if change.new is not None and work.relation.oid == change.new.oid:
        rules.append(("true", "row_deleted"))
    elif change.key_now:
        rules.append((joins.missing(()), "row_deleted"))
    for layer in stack:
        for source in layer.shape.sources:
            if source.inner and source.alias != layer.root:
                lost = _lost_at(paths, layer, source, joins, carriers)
                rules += [(lost, "inner_join_loss")] if lost else []
    filtered = any(layer.shape.filtered or any(s.filtered and s.inner for s in layer.shape.sources) for layer in stack)
    return first_rule(rules, "row_filter" if filtered else "unexplained")


def _lost_at(paths: Paths, layer: Layer, source: Source, joins: Joins, carriers: Carriers) -> str | None:
    """SQL that tells whether an inner join with `source` finds no partner; None where that cannot be told."""
    path = paths.inside(layer.shape, layer.root, source.alias)
    if path:
        return joins.missing(path)
    relation = carriers.catalogue.relations.get(source.relation or 0)
    sides = columns_onto(layer.shape, layer.root, source.alias)
    if relation is None or not sides or paths.inside(layer.shape, layer.root, layer.root) is None:
        return None
    meets = " AND ".join(f"{field('x', inner)} = {joins.column((), outer)}" for inner, outer in sides.items())
    return f"NOT EXISTS (SELECT FROM {relation.sql} AS x WHERE {meets})"


async def _duplicated(
    connection: Any, work: Pass, counted: Screen, stack: Sequence[Layer], carriers: Carriers, database: str
) -> Finding:
    keys = ", ".join(work.keys)
    query = (
        f"SELECT {keys}, count(*) AS copies\nFROM {work.joined('INNER')}\n"
        f"GROUP BY {keys} HAVING count(*) > 1 ORDER BY {keys}"
    )
    joins = [name for layer in stack async for name in _multiplying(connection, layer, carriers)]
    through = f", by the join with {', '.join(joins)}" if joins else ""
    name = work.table.change.old.display
    rows = await connection.fetch(f"SELECT * FROM ({query}) AS found LIMIT {EXAMPLES}")
    width = len(work.keys)
    return make_finding(
        "row_duplicated",
        work.relation.display,
        f"{counted.duplicates} rows too many in {work.relation.display} for the rows of {name}{through}",
        count=counted.duplicates,
        rows=counted.new_rows,
        cause="fan_out",
        examples=[Example(_key_text(row, width), "1 row", f"{row['copies']} rows") for row in rows],
        query=query + ";",
        database=database,
    )


async def _multiplying(connection: Any, layer: Layer, carriers: Carriers) -> Any:
    """Names of the joined tables that really hold several rows for one value of the joined columns."""
    others = {source.alias for source in layer.shape.sources}
    for source in layer.shape.sources:
        columns = sorted(joined_columns(layer.shape, source.alias, others - {source.alias}))
        relation = carriers.catalogue.relations.get(source.relation or 0)
        if source.alias == layer.root or relation is None:
            continue
        if not columns:
            yield f"{relation.display} (on no column)"
            continue
        names = ", ".join(field("t", name) for name in columns)
        several = f"SELECT EXISTS (SELECT FROM {relation.sql} AS t GROUP BY {names} HAVING count(*) > 1)"
        if not any(set(key) <= set(columns) for key in carriers.unique_in(source)) and await connection.fetchval(
            several
        ):
            yield f"{relation.display} on {', '.join(columns)}"


def _listing(work: Pass, kind: str, condition: str, keys: Sequence[str], joined: str) -> str:
    names = ", ".join(keys)
    return f"SELECT {names}\nFROM {work.joined(kind)}\n{joined}WHERE {condition} ORDER BY {names}"


async def _examples(connection: Any, query: str, width: int) -> list[Example]:
    rows = await connection.fetch(f"SELECT * FROM ({query}) AS found LIMIT {EXAMPLES}")
    return [Example(_key_text(row, width)) for row in rows]


def _key_text(row: Sequence[object], width: int) -> str:
    return ", ".join("NULL" if value is None else str(value) for value in list(row)[:width])
