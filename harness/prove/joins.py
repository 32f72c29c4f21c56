"""Defects in a view's joins and in what it joins: partners lost, multiplied, found in the wrong place, or changed."""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalogue import Column
from harness.prove.edits import FaultMaker, edit, kinds, leaves_out, markers
from harness.prove.ground import Ground, Stand, rows_and_types
from harness.prove.model import Defect
from harness.sqltext import quote_ident
from harness.sqltext.nodes import Condition


def _inner_join(ground: Ground, stand: Stand) -> Iterator[Defect]:
    for join in stand.text.outer_joins:
        definition = stand.text.with_join_kind(join, "INNER")
        yield edit(ground, stand, definition, "row_missing", "inner_join_loss")


def _full_join(ground: Ground, stand: Stand) -> Iterator[Defect]:
    for join in stand.text.outer_joins:
        definition = stand.text.with_join_kind(join, "FULL")
        yield edit(ground, stand, definition, "row_extra", "outer_join_row")


def _wrong_reference(ground: Ground, stand: Stand) -> Iterator[Defect]:
    """A join through another reference to the same table."""
    yield from _joined_through(ground, stand, same_table=True)


def _reference_elsewhere(ground: Ground, stand: Stand) -> Iterator[Defect]:
    """A join through a column of the same type that refers to something else."""
    yield from _joined_through(ground, stand, same_table=False)


def _joined_through(ground: Ground, stand: Stand, *, same_table: bool) -> Iterator[Defect]:
    kind = "value_differs" if same_table else "value_to_null"
    for condition in stand.text.conditions:
        shown = _shown_of(stand, condition.alias)
        if condition.outer[0] == stand.alias and shown:
            for other in _references(ground, stand, condition, same_table=same_table):
                definition = stand.text.with_join_column(condition, outer=other.name)
                yield edit(ground, stand, definition, kind, "view_wrong", **_about(stand, shown[0]))


def _references(ground: Ground, stand: Stand, condition: Condition, *, same_table: bool) -> list[Column]:
    """Other columns of the table with the type of the one that is joined on, that refer to that table, or do not."""
    joined = stand.shape.source(condition.alias)
    used = stand.table.column(condition.outer[1])
    links = ground.after.foreign_keys(stand.table.oid)
    same = {name for link in links if joined and link.referenced == joined.relation for name in link.columns}
    found = [column for column in stand.table.columns if used and column.type_oid == used.type_oid and column != used]
    return [column for column in found if (column.name in same) == same_table]


def _shown_of(stand: Stand, alias: str) -> list[int]:
    """Places of replaced columns that come from the joined table."""
    names = [column.name for column in stand.view.columns]
    return [
        place
        for place in stand.lost
        if (origin := stand.shape.columns.get(names[place])) is not None and origin.alias == alias
    ]


def _twice(ground: Ground, stand: Stand) -> Iterator[Defect]:
    """Joined with a table that holds several rows for one."""
    for link in ground.after.constraints:
        child = ground.relation(link.relation)
        if link.kind == "f" and link.referenced == stand.table.oid and child is not None:
            pairs = zip(link.columns, link.referenced_columns, strict=True)
            on = " AND ".join(f"bench_many.{quote_ident(a)} = {stand.own(b)}" for a, b in pairs)
            definition = stand.text.with_left_join(f"{child.sql} AS bench_many", on)
            yield edit(ground, stand, definition, "row_duplicated", "fan_out")


def _not_unique(ground: Ground, stand: Stand) -> Iterator[Defect]:
    """Joined on a column that both sides have and that is not unique."""
    for condition in stand.text.conditions:
        source = stand.shape.source(condition.alias)
        partner = ground.relation(source.relation) if source else None
        if partner is None or condition.outer[0] != stand.alias or not _shown_of(stand, condition.alias):
            continue
        for column in partner.columns:
            own = stand.table.column(column.name)
            known = [key for key in ground.after.unique_keys(partner.oid) if column.name in key]
            if own is not None and own.type_oid == column.type_oid and not known:
                definition = stand.text.with_join_column(condition, inner=column.name, outer=column.name)
                yield edit(ground, stand, definition,
                            "row_duplicated", "fan_out")  # fmt: skip


def _filtered_partner(ground: Ground, stand: Stand) -> Iterator[Defect]:
    """Partners of one status, or deleted ones, not found."""
    for condition in stand.text.conditions:
        source = stand.shape.source(condition.alias)
        partner = ground.relation(source.relation) if source else None
        shown = _shown_of(stand, condition.alias)
        if partner is None or not shown:
            continue
        for column in (*markers(partner.columns), *kinds(partner.columns)):
            test = leaves_out(f"{quote_ident(condition.alias)}.{quote_ident(column.name)}", column, partner.sql)
            definition = stand.text.with_join_filter(condition.join, test)
            yield edit(ground, stand, definition, "value_to_null", "row_filter",
                        **_about(stand, shown[0]))  # fmt: skip


def _swapped(ground: Ground, stand: Stand) -> Iterator[Defect]:
    places = sorted(stand.lost)
    for one in places:
        for other in places:
            same = stand.view.columns[one].type_sql == stand.view.columns[other].type_sql
            if one < other and same:
                names = [stand.view.columns[place].name for place in (one, other)]
                more = {"about": stand.object_of(one), "on": f"{stand.view.display}.{' and '.join(names)}"}
                yield edit(ground, stand, stand.text.with_swapped(one, other),
                            "value_differs", "view_wrong", **more)  # fmt: skip


def _lost_fallback(ground: Ground, stand: Stand) -> Iterator[Defect]:
    for place in set(stand.text.fallbacks) & set(stand.lost):
        more = _about(stand, place) | {"cause_query": _why_null(ground, stand, place)}
        definition = stand.text.without_fallback(place)
        yield edit(ground, stand, definition, "value_to_null", "", **more)


def _why_null(ground: Ground, stand: Stand, place: int) -> str:
    """The cause of a value that only the fallback held: the first choice's own reference is NULL, or leads nowhere."""
    origin = stand.shape.columns.get(stand.view.columns[place].name)
    ways = [item for item in stand.text.conditions if origin and item.alias == origin.alias]
    column = stand.table.column(ways[0].outer[1]) if ways and ways[0].outer[0] == stand.alias else None
    if column is None:
        return "SELECT 'view_wrong'"
    old = quote_ident(stand.lost[place].name)
    pairs = zip(stand.change.key, stand.key, strict=True)
    on_key = " AND ".join(f"o.{quote_ident(a)} = v.{quote_ident(b)}" for a, b in pairs)
    return (
        f"SELECT CASE WHEN bool_or(o.{quote_ident(column.name)} IS NULL) THEN 'null_fk' ELSE 'orphan_fk' END"
        f" FROM {ground.copies[stand.change.old.oid]} AS o JOIN {stand.view.sql} AS v ON {on_key}"
        f" WHERE o.{old} IS NOT NULL AND v.{quote_ident(stand.view.columns[place].name)} IS NULL"
    )


def _reversed_fallback(ground: Ground, stand: Stand) -> Iterator[Defect]:
    for place in set(stand.text.fallbacks) & set(stand.lost):
        definition = stand.text.with_reversed_fallback(place)
        more = _about(stand, place)
        yield edit(ground, stand, definition, "value_differs", "view_wrong", **more)


def _about(stand: Stand, place: int) -> dict[str, str]:
    return {"about": stand.object_of(place), "on": f"{stand.view.display}.{stand.view.columns[place].name}"}


def _row_deleted(ground: Ground, stand: Stand) -> Iterator[Defect]:
    keys = ", ".join(quote_ident(name) for name in stand.change.key)
    script = f"DELETE FROM {stand.table.sql} WHERE ({keys}) = (SELECT {keys} FROM {stand.table.sql} LIMIT 1);"
    yield _data(ground, stand, stand.table.display, script, stand.view.display,
                "row_missing", "row_deleted")  # fmt: skip


def _source_changed(ground: Ground, stand: Stand) -> Iterator[Defect]:
    for place, table, change, _ in _sources(ground, stand):
        yield _data(ground, stand, table, change, stand.object_of(place),
                    "value_differs", "source_changed")  # fmt: skip


def _stale_materialised(ground: Ground, stand: Stand) -> Iterator[Defect]:
    """A materialised view that was filled before the last change of what it shows."""
    for place, _, _, change in _sources(ground, stand):
        made = ground.redefined(stand.view, stand.view.definition or "", "MATERIALIZED VIEW")[0]
        script = f"{change}\n{made}\n{change}"
        yield _data(ground, stand, stand.view.display, script,
                    stand.object_of(place), "value_differs", "view_wrong")  # fmt: skip


def _sources(ground: Ground, stand: Stand) -> Iterator[tuple[int, str, str, str]]:
    """Replaced text columns, each with its joined source's table, and what turns one value there round, or all."""
    for place in stand.lost:
        origin = stand.shape.columns.get(stand.view.columns[place].name)
        source = stand.shape.source(origin.alias) if origin else None
        table = ground.relation(source.relation) if source else None
        column = table.column(origin.column) if table and origin else None
        if table is None or column is None or column.category != "S" or table.oid == stand.table.oid:
            continue
        name = quote_ident(column.name)
        values = f"SELECT {name} FROM {table.sql} WHERE {name} <> reverse({name})"
        one = f"{values} GROUP BY {name} ORDER BY count(*) DESC, {name} LIMIT 1"
        change = f"UPDATE {table.sql} SET {name} = reverse({name}) WHERE {name}"
        yield place, table.display, f"{change} = ({one});", f"{change} IS NOT NULL;"


def _data(ground: Ground, stand: Stand, on: str, script: str, about: str, kind: str, cause: str) -> Defect:
    changed = [item for item in ground.after.relations.values() if item.is_table and item.display == on]
    touches = ground.reach(stand.view).union(*map(ground.reach_of_rows, changed))
    return Defect(on, (script,), rows_and_types(stand.view), kind, about, cause, touches=touches)


JOIN_FAULTS: dict[str, FaultMaker] = {
    "inner join for a left one": _inner_join,
    "full join for a left one": _full_join,
    "joined through another reference": _wrong_reference,
    "joined through what refers elsewhere": _reference_elsewhere,
    "two columns swapped": _swapped,
    "a fallback lost": _lost_fallback,
    "the fallback before the value": _reversed_fallback,
    "a filter on the partner": _filtered_partner,
    "equal rows by a join with many": _twice,
    "different rows by a join on what is not unique": _not_unique,
    "a row deleted by the migration": _row_deleted,
    "the source changed by the migration": _source_changed,
    "a materialised view not refreshed": _stale_materialised,
}
"""Each fault, and what finds the places for it in one view."""
