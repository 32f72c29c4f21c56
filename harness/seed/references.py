"""What the entries of a seed specification refer to: everything named exists, fits, and is not made of itself."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator

from harness.seed.columns import (
    AfterColumn,
    ChoiceColumn,
    CopyColumn,
    ExpressionColumn,
    Generator,
    ParentColumn,
    PoolColumn,
    PreviousColumn,
    SequenceColumn,
    TemplateColumn,
    TimelineColumn,
    UuidColumn,
)
from harness.seed.expression import lone_name, names_in
from harness.seed.generate import PART
from harness.seed.spec import ListsPool, ProsePool, SeedSpec, ValuesPool

Node = tuple[str, str]
"""A table and one of its columns."""

_OPENED = re.compile(r"\{\w+[^\s\w]?\w*\}?")
"""What looks like a part of a template; a brace before anything else is a brace."""

MAX_STEPS = 20
"""Copies of copies are followed so far; only a cycle, which is refused, is longer."""

Problems = Iterator[tuple[str, str]]
"""Where something is wrong, and what."""


def problems(spec: SeedSpec) -> Problems:
    """Everything that is wrong in the specification by itself; cycles only where all that is named exists."""
    found = [*_pool_problems(spec)]
    for table, column in nodes(spec):
        found += [(f"tables.{table}.columns.{column}", words) for words in _column_problems(spec, table, column)]
    found += [(f"tables.{table}", words) for table in spec.tables for words in _key_problems(spec, table)]
    if not found:
        found += _cycles(spec)
    yield from found


def nodes(spec: SeedSpec) -> list[Node]:
    """Every column of every table."""
    return [(table, column) for table, entry in spec.tables.items() for column in entry.columns]


def near(name: str, known: Iterable[str]) -> str:
    """What may have been meant by an unknown name, or what there is, to end a message with."""
    known = list(known)
    match = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {match[0]!r}?" if match else f"; there are: {', '.join(known) or 'none'}"


def _pool_problems(spec: SeedSpec) -> Problems:
    for name, pool in spec.pools.items():
        source = pool.sentences if isinstance(pool, ProsePool) else pool.words if isinstance(pool, ListsPool) else None
        if source is not None and source not in spec.pools:
            yield f"pools.{name}", f"there is no pool {source!r}{near(source, spec.pools)}"
        elif source is not None and isinstance(spec.pools[source], ProsePool | ListsPool):
            yield f"pools.{name}", f"the pool {source!r} is itself made of a pool; name one of words"
        elif source is not None and isinstance(pool, ListsPool) and pool.min > (most := _most_words(spec, source)):
            yield f"pools.{name}", f"min {pool.min} is more than the {most} words of {source!r}"


def _most_words(spec: SeedSpec, name: str) -> int:
    """Of so many words at most a pool consists that is not made of another."""
    pool = spec.pools[name]
    return len(pool.values) if isinstance(pool, ValuesPool) else pool.size


def _key_problems(spec: SeedSpec, table: str) -> Iterator[str]:
    entry = spec.tables[table]
    key = entry.columns.get(entry.key)
    if key is None:
        yield f"its key {entry.key!r} is not among its columns{near(entry.key, entry.columns)}"
    elif not isinstance(key, UuidColumn | SequenceColumn):
        yield f"its key {entry.key!r} must be of kind uuid or sequence"
    elif key.nulls or key.when:
        yield f"its key {entry.key!r} must not be NULL"
    if entry.max_rows is not None and entry.max_rows < entry.min_rows:
        yield f"max_rows {entry.max_rows} is less than min_rows {entry.min_rows}"


def target(spec: SeedSpec, table: str, column: str, depth: int = 0) -> str | None:
    """The table whose keys a column holds; None for a column that holds no key."""
    entry = spec.tables[table].columns.get(column)
    if isinstance(entry, ParentColumn):
        return entry.table if entry.table in spec.tables else None
    if isinstance(entry, ExpressionColumn) and (other := lone_name(entry.expression)) and depth < MAX_STEPS:
        return target(spec, table, other, depth + 1) if other in spec.tables[table].columns else None
    if isinstance(entry, PreviousColumn) or (isinstance(entry, UuidColumn) and column == spec.tables[table].key):
        return table
    if isinstance(entry, CopyColumn) and depth < MAX_STEPS:
        parent = target(spec, table, entry.through, depth + 1)
        return target(spec, parent, entry.column, depth + 1) if parent else None
    return None


def own_columns(entry: Generator) -> Iterator[str]:
    """Other columns of the same row that the entry reads."""
    yield from entry.when
    if isinstance(entry, ChoiceColumn) and entry.by is not None:
        yield entry.by
    yield from passing_columns(entry)


def passing_columns(entry: Generator) -> Iterator[str]:
    """Those of them whose NULL makes the entry NULL, too."""
    match entry:
        case ParentColumn(within=within):
            yield from within
        case PreviousColumn(same=same):
            yield same
        case CopyColumn(through=through):
            yield through
        case AfterColumn(column=column):
            yield column
        case TemplateColumn(text=text):
            yield from (match[1] for match in PART.finditer(text) if match[1] != "row")
        case ExpressionColumn(expression=expression):
            yield from names_in(expression)


def _column_problems(spec: SeedSpec, table: str, name: str) -> Iterator[str]:
    columns = spec.tables[table].columns
    entry = columns[name]
    try:
        unknown = [other for other in own_columns(entry) if other not in columns]
    except ValueError as error:
        yield str(error)
        return
    for other in unknown:
        yield f"the table has no column {other!r}{near(other, columns)}"
    if not unknown:
        check = _CHECKS.get(type(entry))
        yield from check(spec, table, entry) if check else ()


def _check_pool(spec: SeedSpec, _: str, entry: Generator) -> Iterator[str]:
    assert isinstance(entry, PoolColumn)
    if entry.pool not in spec.pools:
        yield f"there is no pool {entry.pool!r}{near(entry.pool, spec.pools)}"


def _check_parent(spec: SeedSpec, table: str, entry: Generator) -> Iterator[str]:
    assert isinstance(entry, ParentColumn)
    if entry.table not in spec.tables:
        yield f"its parent {entry.table!r} does not exist{near(entry.table, spec.tables)}"
        return
    parent = spec.tables[entry.table]
    if entry.stored and parent.stored and parent.key in parent.columns and not parent.columns[parent.key].stored:
        yield f"its parent {entry.table!r} does not store its key {parent.key!r}: every row would point nowhere"
    for own, theirs in entry.within.items():
        if theirs not in spec.tables[entry.table].columns:
            yield f"{entry.table} has no column {theirs!r}{near(theirs, spec.tables[entry.table].columns)}"
        elif (kind := target(spec, table, own)) is None or kind != target(spec, entry.table, theirs):
            yield f"within: {own} and {entry.table}.{theirs} do not hold keys of the same table"


def _check_template(_: SeedSpec, __: str, entry: Generator) -> Iterator[str]:
    assert isinstance(entry, TemplateColumn)
    if part := _OPENED.search(PART.sub("", entry.text)):
        yield f"{part[0]!r} is neither {{column}}, {{column:slug}} nor {{row}}"


def _check_previous(spec: SeedSpec, table: str, entry: Generator) -> Iterator[str]:
    assert isinstance(entry, PreviousColumn)
    if target(spec, table, entry.same) is None:
        yield f"same: {entry.same} does not hold keys of a table"


def _check_copy(spec: SeedSpec, table: str, entry: Generator) -> Iterator[str]:
    assert isinstance(entry, CopyColumn)
    parent = target(spec, table, entry.through)
    if parent is None:
        yield f"through: {entry.through} does not hold keys of a table"
    elif entry.column not in spec.tables[parent].columns:
        yield f"{parent} has no column {entry.column!r}{near(entry.column, spec.tables[parent].columns)}"


def _check_after(spec: SeedSpec, table: str, entry: Generator) -> Iterator[str]:
    assert isinstance(entry, AfterColumn)
    if not is_moment(spec, table, entry.column):
        yield f"{entry.column} is no point in time"


def is_moment(spec: SeedSpec, table: str, column: str) -> bool:
    """Whether a column holds points in time."""
    kind = type(source(spec, table, column))
    return kind in (TimelineColumn, AfterColumn)


def source(spec: SeedSpec, table: str, column: str) -> Generator:
    """The generator whose values a column shows, found through copies and lone names."""
    table, column = shown(spec, table, column)[-1]
    return spec.tables[table].columns[column]


def shown(spec: SeedSpec, table: str, column: str) -> list[Node]:
    """The column and those whose values it shows, one after the other, through copies and lone names."""
    found = [(table, column)]
    while len(found) <= MAX_STEPS:
        entry = spec.tables[table].columns[column]
        if isinstance(entry, CopyColumn) and (parent := target(spec, table, entry.through)):
            table, column = parent, entry.column
        elif isinstance(entry, ExpressionColumn) and (other := lone_name(entry.expression)):
            column = other
        else:
            break
        found.append((table, column))
    return found


_CHECKS: dict[type[Generator], Callable[[SeedSpec, str, Generator], Iterator[str]]] = {
    PoolColumn: _check_pool,
    ParentColumn: _check_parent,
    PreviousColumn: _check_previous,
    CopyColumn: _check_copy,
    AfterColumn: _check_after,
    TemplateColumn: _check_template,
}


def _needs(spec: SeedSpec, node: Node) -> list[Node]:
    """The columns of which a column is made."""
    table, name = node
    entry = spec.tables[table].columns[name]
    needed = [(table, other) for other in own_columns(entry)]
    if isinstance(entry, CopyColumn) and (parent := target(spec, table, entry.through)):
        needed.append((parent, entry.column))
    if isinstance(entry, ParentColumn):
        needed += [(entry.table, theirs) for theirs in entry.within.values()]
    return needed


def _cycles(spec: SeedSpec) -> Problems:
    """One entry where a column is made, in the end, of itself."""
    done: set[Node] = set()
    for start in nodes(spec):
        path: list[Node] = []
        open_nodes = [(start, False)]
        while open_nodes:
            node, leaving = open_nodes.pop()
            if leaving:
                done.add(path.pop())
            elif node in path:
                chain = " <- ".join(".".join(step) for step in [*path[path.index(node) :], node])
                yield f"tables.{node[0]}.columns.{node[1]}", f"a cycle: {chain}"
                return
            elif node not in done:
                path.append(node)
                open_nodes.append((node, True))
                open_nodes += [(needed, False) for needed in _needs(spec, node)]
