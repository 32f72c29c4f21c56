"""Differences explained: where each copy came from, what that source held at snapshot time, and so why they differ."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import asyncpg

from harness.copying import Copy, copy_columns
from harness.result import Example
from harness.together import together
from harness.verify.carriers import Carriers
from harness.verify.causes import Suspect, differences_sql, ranked_sql, reproduce_sql, snapshot_place
from harness.verify.context import Context
from harness.verify.paths import Hop, Path, trace
from harness.verify.rows import EXAMPLES, layers
from harness.verify.sessions import is_about_data
from harness.verify.shape import Source as ShapeSource
from harness.verify.sources import Joins, Search, Source, find_source, renamed
from harness.verify.values import Pass, Screen

_SHOWN_CHARACTERS = 500
_COPIES_AT_ONCE = 2
_GUESSES = 50


@dataclass(frozen=True)
class Difference:
    """All cells of one column that differ in one way for one cause."""

    kind: str
    cause: str
    count: int
    examples: tuple[Example, ...]
    query: str
    source: str


@dataclass(frozen=True)
class Screened:
    """A pass and what it counted."""

    work: Pass
    counted: Screen


@dataclass(frozen=True)
class Explained:
    """The differences of one pass, for each column (by old name) that has any.

    `cells` is the query behind them: a row for each differing cell with k1.., place, class, cause, old, new; `places`
    names the columns. Empty where nothing differs.
    """

    work: Pass
    by_column: Mapping[str, Sequence[Difference]]
    cells: str = ""
    places: Mapping[int, str] = field(default_factory=dict)


async def explain(context: Context, screened: Sequence[Screened]) -> list[Explained]:
    """For each pass its differences, explained."""
    suspects = await together(*(_suspects(context, item) for item in screened))
    copies = await _copy_sources(context, screened, suspects)
    return list(
        await together(
            *(_explain_pass(context, item, group, copies) for item, group in zip(screened, suspects, strict=True))
        )
    )


async def _suspects(context: Context, item: Screened) -> list[Suspect]:
    found = []
    change = item.work.table.change
    paths = context.paths.start_at(change.new.oid) if change.new else []
    for place, (pair, count, filled) in enumerate(
        zip(item.work.pairs, item.counted.differing, item.counted.filled, strict=True)
    ):
        if not count:
            continue
        defined = (
            trace(context.carriers, item.work.relation, pair.new.name) if not item.work.relation.is_table else None
        )
        async with context.sessions.one() as connection:
            search = Search(item.work.table, pair.old, filled, paths, context.before, context.after, defined)
            source = await find_source(connection, search)
            if (source is None or not source.trusted) and (guessed := _guessed(context, item.work)):
                found_so = await find_source(connection, replace(search, paths=guessed))
                source = found_so if found_so is not None and found_so.trusted else source
        found.append(Suspect(place, pair, source, filtered=_is_filtered(context, item.work, source)))
    return found


def _guessed(context: Context, work: Pass) -> list[Path]:
    """References that nothing declares and no join shows (a subselect does, a LATERAL one): any column of the table
    that has the type of the key of a table which the view reads. Only agreeing values make one believed.
    """
    new = work.table.change.new
    if new is None or work.relation.is_table:
        return []
    found: list[Path] = []
    for oid in sorted(context.after.reads_transitively(work.relation.oid) - {new.oid}):
        relation = context.after.relations.get(oid)
        key = context.after.row_key(oid) if relation is not None and relation.is_table else ()
        to = relation.column(key[0]) if relation is not None and len(key) == 1 else None
        if to is not None:
            found += [(Hop((item.name,), oid, key),) for item in new.columns if item.type_oid == to.type_oid]
    return found[:_GUESSES]


def _is_filtered(context: Context, work: Pass, source: Source | None) -> bool:
    """Whether the view joins the source's table under a condition besides the key."""
    new = work.table.change.new
    if source is None or new is None or work.relation.is_table:
        return False
    return any(
        _narrows(context.carriers, item, source.relation.oid)
        for layer in layers(context.carriers, work.relation, new.oid)
        for item in layer.shape.sources
        if item.alias != layer.root
    )


def _narrows(carriers: Carriers, item: ShapeSource, table: int) -> bool:
    """Whether a view's source, the table itself or a view that leads to it, lets only some of its rows through."""
    if item.relation == table:
        return item.filtered
    view = carriers.catalogue.relations.get(item.relation or 0)
    if view is None or view.is_table or table not in carriers.catalogue.reads_transitively(view.oid):
        return False
    shape = carriers.shape(view)
    return item.filtered or shape.filtered or any(_narrows(carriers, inner, table) for inner in shape.sources)


def _is_comparable(context: Context, work: Pass, source: Source | None, copies: Mapping[int, Copy]) -> bool:
    """Whether a source has an old state beside its present one, and each way there still leads to one row at most."""
    if source is None:
        return False
    ends = [(hop.relation, hop.key) for hop in source.path] or [(source.relation.oid, work.table.change.key_now)]
    return all(
        oid in copies and any(set(key) <= set(end) for key in context.after.unique_keys(oid)) for oid, end in ends
    )


async def _copy_sources(
    context: Context, screened: Sequence[Screened], suspects: Sequence[Sequence[Suspect]]
) -> dict[int, Copy]:
    """Copies, from the arm `before`, of the columns that the suspects' sources and the ways to them need.

    Where the old state lies beside the new one, its tables are there themselves.
    """
    if context.in_place:
        return {}
    needed: dict[int, set[str]] = defaultdict(set)
    for item, group in zip(screened, suspects, strict=True):
        for suspect in group:
            if suspect.source is not None:
                for oid, names in _needed(item.work, suspect.source):
                    needed[oid] |= names
    permits = asyncio.Semaphore(_COPIES_AT_ONCE)

    async def one(oid: int) -> Copy | None:
        async with permits:
            return await _copy_source(context, oid, needed[oid])

    copies = await together(*map(one, sorted(needed)))
    return {oid: copy for oid, copy in zip(sorted(needed), copies, strict=True) if copy is not None}


def _needed(work: Pass, source: Source) -> list[tuple[int, set[str]]]:
    """The tables on the way to a source, and there the keys, the references that lead on, and the source itself."""
    if not source.path:
        change = work.table.change
        return [
            (source.relation.oid, {*(now.name for name in change.key if (now := change.now(name))), source.column.name})
        ]
    leaving = [set(hop.columns) for hop in source.path[1:]] + [{source.column.name}]
    return [(hop.relation, {*hop.key, *names}) for hop, names in zip(source.path, leaving, strict=True)]


async def _copy_source(context: Context, oid: int, names: set[str]) -> Copy | None:
    """None for a table that the migration made, or that lacked one of the columns: it has no old state."""
    old, new = context.before.relations.get(oid), context.after.relations.get(oid)
    wanted = {renamed(old, new, name) for name in names}
    if old is None or not all(old.column(name) for name in wanted):
        return None
    key = context.before.row_key(oid)
    columns = tuple(sorted(wanted | set(key)))
    name = f"{old.display}_source"
    return await copy_columns(context.address, context.before_db, context.verification_db, old, key, columns, name)


async def _explain_pass(
    context: Context, item: Screened, suspects: Sequence[Suspect], copies: dict[int, Copy]
) -> Explained:
    if not suspects:
        return Explained(item.work, {})
    suspects = [
        replace(suspect, comparable=_is_comparable(context, item.work, suspect.source, copies)) for suspect in suspects
    ]
    try:
        return await _differences(context, item, suspects, copies)
    except asyncpg.PostgresError as error:
        if not is_about_data(error):
            raise
    return await _differences(context, item, [await _sound(context, item, each, copies) for each in suspects], copies)


async def _sound(context: Context, item: Screened, suspect: Suspect, copies: dict[int, Copy]) -> Suspect:
    """The suspect with as much explanation as its values allow: one may not cast to the new type, or to anything."""
    castless = replace(suspect, casts=False)
    sourceless = replace(castless, source=None)
    for variant in (suspect, castless, sourceless):
        try:
            await _differences(context, item, [variant], copies)
        except asyncpg.PostgresError as error:
            if not is_about_data(error):
                raise
        else:
            return variant
    pair = suspect.pair
    return replace(sourceless, pair=replace(pair, comparison=replace(pair.comparison, equal=None)))


async def _differences(
    context: Context, item: Screened, suspects: Sequence[Suspect], copies: dict[int, Copy]
) -> Explained:
    places = snapshot_place(context.before, context.after, copies)

    def fresh() -> Joins:
        table, before = item.work.table, context.before
        now = Joins(table, before, lambda oid: (context.after.relations[oid].sql, False), prefix="t")
        return Joins(table, before, places.__getitem__, now)

    duplicated = item.counted.duplicates > 0
    cells = differences_sql(item.work, list(suspects), fresh(), duplicated)
    async with context.sessions.one() as connection:
        rows = await connection.fetch(ranked_sql(item.work, cells, EXAMPLES))
    width = len(item.work.keys)
    by_place = {suspect.place: suspect for suspect in suspects}
    groups: dict[tuple[int, str, str], list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        groups[row["place"], row["class"], row["cause"]].append(row)
    found: dict[str, list[Difference]] = defaultdict(list)
    for (place, kind, cause), members in groups.items():
        suspect = by_place[place]
        found[suspect.pair.old.name].append(
            Difference(
                kind=kind,
                cause=cause,
                count=members[0]["total"],
                examples=tuple(_example(row, width) for row in members),
                query=reproduce_sql(item.work, suspect, fresh(), kind, cause, duplicated),
                source=suspect.source.words if suspect.source else "",
            )
        )
    names = {suspect.place: suspect.pair.old.name for suspect in suspects}
    return Explained(item.work, found, cells, names)


def _example(row: asyncpg.Record, width: int) -> Example:
    key = ", ".join(str(value) for value in list(row)[:width])
    return Example(key, _shown(row["old"]), _shown(row["new"]))


def _shown(value: str | None) -> str | None:
    return value if value is None or len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
