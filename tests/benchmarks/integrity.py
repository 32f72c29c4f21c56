"""The integrity check beside its rivals and beside plain reading, on one embedded server.

    python -m venv .rivals && .rivals/bin/pip install -e '.[rivals]'
    .rivals/bin/python -m tests.benchmarks.integrity --rows 1m --rounds 5

A table of 8 columns against a view that takes three of them from two other tables. Each round times, in turn: this
check; reladiff's joindiff and hashdiff, with a connection a core; datacompy with pandas and with polars, reading
included; and plain reading: the sum of the lengths of the compared columns on both sides, in the same parts on the same
connections. A ratio is that of the medians, to the better of two rivals. `--rows 10m --no-rivals` is for the client's
memory. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.catalogue import Column, Relation
from harness.machine import usable_cores
from harness.progress import Silent
from harness.seed import parse_scale
from harness.server import Databases, Journal, ServerOptions, open_server
from harness.server.address import Address
from harness.sqltext import quote_ident
from harness.together import together
from harness.verify import Ledger
from harness.verify.compare import field
from harness.verify.in_place import Two, Wanted, compare_in_place, make_plan, open_two
from harness.verify.keys import KeyCheck
from harness.verify.sessions import open_sessions
from harness.verify.spans import cut
from harness.verify.values import Pass

PAIR = """
    CREATE TABLE customers (id int PRIMARY KEY, name text, city text);
    INSERT INTO customers SELECT n, 'Customer number ' || n, 'City ' || n % 500 FROM generate_series(1, {few}) n;
    CREATE TABLE products (id int PRIMARY KEY, title text);
    INSERT INTO products SELECT n, 'Product ' || n FROM generate_series(1, 5000) n;
    CREATE TABLE sales (
        id bigint, customer_id int, product_id int, amount {money}, sold_at timestamptz,
        customer_name text, customer_city text, product_title text
    );
    INSERT INTO sales
        SELECT n, c.id, p.id, n % 10000 / 7.0, '2024-01-01'::timestamptz + n * interval '1 s', c.name, c.city, p.title
        FROM generate_series(1, {rows}) n
        JOIN customers c ON c.id = n * 7919::bigint % {few} + 1
        JOIN products p ON p.id = n * 104729::bigint % 5000 + 1
        ORDER BY n;
    ALTER TABLE sales ADD PRIMARY KEY (id);
    CREATE VIEW sales_shown AS
        SELECT s.id, s.customer_id, s.product_id, s.amount, s.sold_at,
               c.name AS customer_name, c.city AS customer_city, p.title AS product_title
        FROM sales s LEFT JOIN customers c ON c.id = s.customer_id LEFT JOIN products p ON p.id = s.product_id;
"""
WIDE_COLUMNS = 40
WIDE_ROWS = 200_000
_TEXTS = frozenset({"text", "varchar"})


@dataclass(frozen=True)
class Bench:
    """What all rounds share; `times` are seconds by contestant."""

    address: Address
    two: Two
    at_once: int
    times: dict[str, list[float]]

    async def timed_apart(self, name: str, work: Callable[[], None]) -> None:
        """Carries a rival's work out, in a thread, and keeps how long it took."""
        begun = time.perf_counter()
        await asyncio.to_thread(work)
        self.times[name].append(time.perf_counter() - begun)

    def median(self, *names: str) -> float:
        """The median seconds of the best of these contestants."""
        return min(statistics.median(self.times[name]) for name in names)


async def ours(bench: Bench) -> None:
    """The whole comparison, looking the names up and keeping a ledger included."""
    wanted = Wanted(bench.two.old.display, bench.two.new.display, bench.two.key)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        async with open_two(bench.address, wanted, bench.at_once) as (two, sessions):
            ledger = Ledger(Path(folder) / "ledger")
            found = await compare_in_place(bench.address, two, sessions, Silent(), ledger)
        bench.times["ours"].append(time.perf_counter() - begun)
    assert (found.verdict, found.findings) == ("pass", ()), found


async def reading(bench: Bench) -> None:
    """Both sides read once, in the parts and on the connections of the comparison; the rest of it is not timed."""
    async with open_sessions(bench.address, bench.two.database, bench.at_once, one_state=True) as sessions:
        async with sessions.one() as connection:
            rows = await connection.fetchval(f"SELECT count(*) FROM {bench.two.old.sql}")
            (work,) = make_plan(bench.two, KeyCheck(usable=True, rows=rows)).passes
            spans = (await cut(connection, work, bench.at_once)).spans

        async def read(part: Pass) -> None:
            old = ", ".join(_length("o", pair.old) for pair in part.pairs)
            new = ", ".join(_length("n", pair.new) for pair in part.pairs)
            async with sessions.one() as connection:
                await connection.fetchrow(f"SELECT {old} FROM {part.old_side}", *part.arguments)
                await connection.fetchrow(f"SELECT {new} FROM {part.new_side}", *part.arguments)

        begun = time.perf_counter()
        await together(*(read(replace(work, span=span)) for span in spans or [None]))
        bench.times["reading"].append(time.perf_counter() - begun)


def _length(alias: str, column: Column) -> str:
    value = field(alias, column.name)
    return f"sum({'length' if column.base_type in _TEXTS else 'pg_column_size'}({value}))"


async def reladiff(bench: Bench, algorithm: str) -> None:
    """Every difference that reladiff finds; there is none."""
    import reladiff as rival

    where = {"driver": "postgresql", **_place(bench)}
    others = tuple(old.name for old, _ in bench.two.pairs if old.name not in bench.two.key)

    def work() -> None:
        sides = [
            rival.connect_to_table(where, (side.schema, side.name), bench.two.key, thread_count=bench.at_once)
            for side in (bench.two.old, bench.two.new)
        ]
        found = rival.diff_tables(
            *sides,
            extra_columns=others,
            algorithm=rival.Algorithm(algorithm),
            max_threadpool_size=bench.at_once,
        )
        assert list(found) == []

    await bench.timed_apart(algorithm, work)


async def with_pandas(bench: Bench) -> None:
    """Both sides read into pandas and compared by datacompy."""
    import datacompy
    import pandas as pd
    import sqlalchemy

    def work() -> None:
        engine = sqlalchemy.create_engine("postgresql+psycopg2://", connect_args=_place(bench))
        with engine.connect() as connection:
            frames = [pd.read_sql(_rows(bench, side), connection) for side in (bench.two.old, bench.two.new)]
        engine.dispose()
        assert datacompy.PandasCompare(*frames, join_columns=list(bench.two.key)).matches()

    await bench.timed_apart("pandas", work)


async def with_polars(bench: Bench) -> None:
    """Both sides read into polars and compared by datacompy."""
    import datacompy
    import polars as pl
    import psycopg2

    def work() -> None:
        connection = psycopg2.connect(**_place(bench))
        frames = [pl.read_database(_rows(bench, side), connection) for side in (bench.two.old, bench.two.new)]
        connection.close()
        assert datacompy.PolarsCompare(*frames, join_columns=list(bench.two.key)).matches()

    await bench.timed_apart("polars", work)


def _rows(bench: Bench, side: Relation) -> str:
    return f"SELECT {', '.join(quote_ident(old.name) for old, _ in bench.two.pairs)} FROM {side.sql}"


def _place(bench: Bench) -> dict[str, Any]:
    return place(bench.address, bench.two.database)


def place(address: Address, database: str) -> dict[str, Any]:
    """A database as psycopg2 takes it."""
    parts = urlsplit(address.url(database))
    return {"user": parts.username, "dbname": database, **dict(parse_qsl(parts.query))}


def peak_mb(bench: Bench) -> float:
    """Peak memory of `bench verify` itself, a process of its own; its imports are among it."""
    words = ["verify", "--dsn", bench.address.url(bench.two.database), "--quiet", "--json"]
    words += ["--old", bench.two.old.display, "--new", bench.two.new.display]
    peak_kb = 0
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "harness", *words, "--results", folder], stdout=subprocess.DEVNULL
        )
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            lines = status.read_text(encoding="ascii").splitlines()
            peak_kb = max([peak_kb, *(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))])
            time.sleep(0.02)
    assert process.returncode == 0, process.returncode
    return peak_kb * 1024 / 1e6


def _wide() -> str:
    """A table of 40 columns of the usual types, and a view that takes one of them from another table."""
    kinds = ("text", "int", "timestamptz", "numeric(12,2)", "text", "bigint", "bool", "varchar(40)")
    values = ("'word ' || n", "n", "'2024-01-01'::timestamptz + n * interval '1 s'", "n / 7.0", "md5(n::text)", "n * 3",
              "n % 2 = 0", "'short ' || n % 100")  # fmt: skip
    columns = [f"c{place} {kinds[place % len(kinds)]}" for place in range(WIDE_COLUMNS - 3)]
    cells = [values[place % len(values)] for place in range(WIDE_COLUMNS - 3)]
    names = ", ".join(f"w.c{place}" for place in range(WIDE_COLUMNS - 3))
    return f"""
        CREATE TABLE wide (id bigint, customer_id int, {", ".join(columns)}, customer_name text);
        INSERT INTO wide
            SELECT n, c.id, {", ".join(cells)}, c.name
            FROM generate_series(1, {WIDE_ROWS}) n JOIN customers c ON c.id = n % 1000 + 1 ORDER BY n;
        ALTER TABLE wide ADD PRIMARY KEY (id);
        CREATE VIEW wide_shown AS
            SELECT w.id, w.customer_id, {names}, c.name AS customer_name
            FROM wide w LEFT JOIN customers c ON c.id = w.customer_id;
    """


async def _pair(databases: Databases, arm: str, state: str, old: str, new: str, at_once: int) -> Bench:
    name = await databases.create(arm)
    connection = await databases.connect(arm)
    try:
        await connection.execute(state, timeout=None)
        await connection.execute("VACUUM (FREEZE, ANALYZE)", timeout=None)
        await connection.execute("CHECKPOINT", timeout=None)
    finally:
        await connection.close()
    address = Address(databases.server.address.url(name))
    return Bench(address, await _two(address, old, new), at_once, defaultdict(list))


async def _two(address: Address, old: str, new: str) -> Two:
    async with open_two(address, Wanted(old, new, ("id",)), 1) as (two, _):
        return two


async def _rounds(bench: Bench, rounds: int, *, with_rivals: bool) -> None:
    """One turn warms up; each round begins with another contestant."""
    contestants: list[Callable[[], Awaitable[None]]] = [lambda: ours(bench), lambda: reading(bench)]
    for work in contestants:
        await work()
    if with_rivals:
        contestants += [
            lambda: reladiff(bench, "joindiff"),
            lambda: reladiff(bench, "hashdiff"),
            lambda: with_pandas(bench),
            lambda: with_polars(bench),
        ]
    bench.times.clear()
    for number in range(rounds):
        turn = number % len(contestants)
        for work in contestants[turn:] + contestants[:turn]:
            await work()
        shown = ", ".join(f"{name} {times[-1]:.3f} s" for name, times in bench.times.items())
        print(f"round {number + 1}: {shown}", flush=True)


async def run(rows: int, rounds: int, with_rivals: bool) -> dict[str, float]:
    """On an embedded server of its own."""
    at_once = usable_cores()
    with tempfile.TemporaryDirectory() as name:
        journal = Journal.begin(Path(name))
        async with open_server(ServerOptions(), journal, Silent()) as server:
            databases = Databases(server, journal)
            few = max(rows // 20, 1000)
            state = PAIR.format(rows=rows, few=few, money="numeric(12,2)") + _wide()
            pair = await _pair(databases, "pair", state, "sales", "sales_shown", at_once)
            wide = replace(pair, two=await _two(pair.address, "wide", "wide_shown"), times=defaultdict(list))
            rendered = await _pair(
                databases, "rendered", PAIR.format(rows=min(rows, 1_000_000), few=few, money="numeric"), "sales",
                "sales_shown", at_once,
            )  # fmt: skip
            await _rounds(pair, rounds, with_rivals=with_rivals)
            await _rounds(wide, rounds, with_rivals=False)
            await _rounds(rendered, rounds, with_rivals=False)
            figures = {
                "rows": rows,
                "rows_per_s": round(rows / pair.median("ours")),
                "cells_per_s": round(WIDE_ROWS * WIDE_COLUMNS / wide.median("ours")),
                "ratio_to_reading": round(pair.median("ours") / pair.median("reading"), 2),
                "ratio_to_reading_wide": round(wide.median("ours") / wide.median("reading"), 2),
                "ratio_to_reading_rendered": round(rendered.median("ours") / rendered.median("reading"), 2),
                "peak_mb": round(await asyncio.to_thread(peak_mb, pair)),
            }
            if with_rivals:
                figures["ratio_to_reladiff"] = round(pair.median("joindiff", "hashdiff") / pair.median("ours"), 2)
                figures["ratio_to_datacompy"] = round(pair.median("pandas", "polars") / pair.median("ours"), 1)
            return figures


def main() -> None:
    """Reads the options, prints what each round took and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="1m")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rivals", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(run(parse_scale(options.rows), options.rounds, options.rivals))))


if __name__ == "__main__":
    main()
