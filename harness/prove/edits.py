"""What defects in views have in common: another definition, conditions that leave rows out, places to plant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from harness.catalogue import Column
from harness.prove.ground import Ground, Stand, rows_and_types
from harness.prove.model import Defect, Fault
from harness.sqltext import quote_ident

FaultMaker = Callable[[Ground, Stand], Iterator[Defect]]
FEW = frozenset({"bool"})


def edit(ground: Ground, stand: Stand, definition: str, kind: str, cause: str, **more: str) -> Defect:
    """A defect that is another definition of the view; about the view itself unless `about` says otherwise."""
    return Defect(
        on=more.get("on", stand.view.display),
        edits=ground.redefined(stand.view, definition),
        witness=rows_and_types(stand.view),
        kind=kind,
        object=more.get("about", stand.view.display),
        cause=cause,
        cause_query=more.get("cause_query", ""),
        touches=ground.reach(stand.view),
    )


def markers(columns: tuple[Column, ...]) -> list[Column]:
    """Columns that mark a row by being set at all: times and dates that may be NULL."""
    return [column for column in columns if column.category == "D" and not column.not_null]


def kinds(columns: tuple[Column, ...]) -> list[Column]:
    """Columns of few values: enumerations and truths."""
    return [column for column in columns if column.category == "E" or column.base_type in FEW]


def leaves_out(name: str, column: Column, table: str) -> str:
    """A condition that leaves rows out: marked ones, or those of the table's most frequent kind."""
    if column.category == "D":
        return f"{name} IS NULL"
    own = quote_ident(column.name)
    frequent = f"SELECT {own} FROM {table} WHERE {own} IS NOT NULL GROUP BY {own} ORDER BY count(*) DESC, {own} LIMIT 1"
    return f"{name} IS DISTINCT FROM ({frequent})"


def stand_faults(ground: Ground, makers: Mapping[str, FaultMaker]) -> Iterator[Fault]:
    """Each fault with the places where it may be planted; each begins with another view."""
    for number, (name, make) in enumerate(makers.items()):
        turned = [ground.stands[(number + step) % len(ground.stands)] for step in range(len(ground.stands))]
        yield Fault(name, _planted(ground, turned, make))


def _planted(ground: Ground, stands: list[Stand], make: FaultMaker) -> Iterator[Defect]:
    for stand in stands:
        yield from make(ground, stand)
