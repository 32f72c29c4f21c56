"""A table without a usable key: its whole rows, as a multiset, against those of what replaces its columns."""

from __future__ import annotations

from typing import Any

from harness.catalogue import Column
from harness.result import Example, Finding
from harness.verify.compare import field, render
from harness.verify.kinds import make_finding
from harness.verify.rows import EXAMPLES
from harness.verify.values import Pass, Screen, count_filled


async def screen_multiset(connection: Any, work: Pass) -> Screen:
    """Counts rows that only one side has; a changed row is missing here and extra there, since none can be followed."""
    missing, extra, new_rows = await connection.fetchrow(
        f"SELECT coalesce(sum(greatest(balance, 0)), 0)::bigint, coalesce(sum(greatest(-balance, 0)), 0)::bigint,"
        f" (SELECT count(*) FROM {work.relation.sql}) FROM ({_balances(work)}) AS balances"
    )
    return Screen(
        old_rows=work.table.copy.rows,
        new_rows=new_rows,
        missing=missing,
        extra=extra,
        duplicates=0,
        filled=await count_filled(connection, work),
        differing=(0,) * len(work.pairs),
    )


async def multiset_findings(connection: Any, work: Pass, counted: Screen, database: str) -> list[Finding]:
    """Rows of the old table that the replacement lacks, and the other way about, shown whole."""
    found = []
    name = work.table.change.old.display
    compared = ", ".join(old.name for old, _ in _shared(work))
    for kind, count, rows, sign in (
        ("row_missing", counted.missing, counted.old_rows, ">"),
        ("row_extra", counted.extra, counted.new_rows, "<"),
    ):
        if not count:
            continue
        each = "CROSS JOIN LATERAL generate_series(1, abs(balance)) AS copy"
        query = f"SELECT balances.* FROM (\n{_balances(work)}\n) AS balances {each} WHERE balance {sign} 0"
        shown = await connection.fetch(f"{query} LIMIT {EXAMPLES}")
        where = f"only {name} has" if kind == "row_missing" else f"only {work.relation.display} has"
        found.append(
            make_finding(
                kind,
                work.relation.display,
                f"{count} rows {where}; {name} has no key, so whole rows are compared as a multiset ({compared})",
                count=count,
                rows=rows,
                cause="unexplained",
                examples=[Example(", ".join(str(value) for value in list(row)[:-1])) for row in shown],
                query=query + ";",
                database=database,
            )
        )
    return found


def _shared(work: Pass) -> list[tuple[Column, Column]]:
    """Lost columns with their counterparts, and every surviving column that the replacement shows under its name."""
    change = work.table.change
    pairs = [(pair.old, pair.new) for pair in work.pairs]
    lost = {column.name for column in change.old_columns}
    for column in change.old.columns:
        now = change.now(column.name)
        shown = work.relation.column(now.name) if now is not None and column.name not in lost else None
        if shown is not None:
            pairs.append((column, shown))
    return pairs


def _balances(work: Pass) -> str:
    """For each distinct row how many more the old side has than the new one, where they differ."""
    pairs = _shared(work)
    old = ", ".join(f"{render(a, field('o', a.name))} AS c{number}" for number, (a, _) in enumerate(pairs, start=1))
    new = ", ".join(f"{render(b, field('n', b.name))} AS c{number}" for number, (_, b) in enumerate(pairs, start=1))
    names = ", ".join(f"c{number}" for number in range(1, len(pairs) + 1))
    return (
        f"SELECT {names}, sum(one) AS balance FROM (\n"
        f"SELECT {old}, 1 AS one FROM {work.table.copy.sql} AS o\n"
        f"UNION ALL SELECT {new}, -1 FROM {work.relation.sql} AS n\n"
        f") AS both_sides GROUP BY {names} HAVING sum(one) <> 0"
    )
