"""All arms read into the caches, a piece of each in turn, so that none gets the better places."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg

from harness.progress import Progress
from harness.scenario.paths import catalogue_sql
from harness.server import Server, connect
from harness.server.address import NO_LIMITS

PIECES = 400
"""Every arm is read in so many pieces."""

_CAN_EVICT = 170_000
"""The first version that has pg_buffercache_evict."""

Range = tuple[int, int, int]
"""A relation's oid, the first and the last of its pages."""


async def warm(server: Server, databases: Sequence[str], progress: Progress) -> None:
    """Reads the databases into the caches, where the server can; nothing else is left behind.

    Read one after the other, the first took up to 3 % longer for the same scans than the last, the whole run long:
    where pages lie in memory makes a difference. So a piece of each is read in turn. What PostgreSQL's cache holds of
    them already is thrown out of it first, where that is possible (PostgreSQL 17 and later, a superuser).
    """
    if "pg_prewarm" not in server.rights:
        return
    async with contextlib.AsyncExitStack() as stack:
        try:
            if server.version_num >= _CAN_EVICT and {"superuser", "pg_buffercache"} <= server.rights:
                async with _with_extension(server, databases[0], "pg_buffercache") as connection:
                    await connection.fetchval(catalogue_sql("migrate", "evict_buffers"), list(databases), timeout=None)
            arms = [await stack.enter_async_context(_with_extension(server, name, "pg_prewarm")) for name in databases]
            await _read_in_turn(arms)
        except asyncpg.PostgresError as error:
            progress.note(f"the caches were not warmed beforehand: {error}")


@contextlib.asynccontextmanager
async def _with_extension(server: Server, database: str, name: str) -> AsyncIterator[Any]:
    """A connection with the extension, which rolling back takes away again; what was done to the cache stays."""
    connection = await connect(server.address, database, settings=NO_LIMITS)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(
            f"CREATE SCHEMA bench_warm; SET LOCAL search_path = bench_warm; CREATE EXTENSION {name}"
        )
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


async def _read_in_turn(arms: Sequence[Any]) -> None:
    """Each arm's next piece, beginning with another arm every time."""
    found = [await arm.fetch(catalogue_sql("migrate", "warmable_relations")) for arm in arms]
    parts = [pieces([(row["relation"], row["pages"]) for row in rows], PIECES) for rows in found]
    read = catalogue_sql("migrate", "prewarm_pages")
    for number in range(PIECES):
        for place in range(len(arms)):
            arm = (number + place) % len(arms)
            if part := parts[arm][number]:
                await arms[arm].fetchval(read, *map(list, zip(*part, strict=True)), found[arm][0]["mode"], timeout=None)


def pieces(relations: Sequence[tuple[int, int]], number: int) -> list[list[Range]]:
    """All pages of the relations, (oid, pages), in their order, parted into so many pieces of about equal size."""
    total = sum(pages for _, pages in relations)
    ends = [total * piece // number for piece in range(number + 1)]
    parts: list[list[Range]] = [[] for _ in range(number)]
    start = 0
    piece = 0
    for oid, pages in relations:
        done = 0
        while done < pages:
            while ends[piece + 1] <= start + done:
                piece += 1
            last = min(pages, ends[piece + 1] - start)
            parts[piece].append((oid, done, last - 1))
            done = last
        start += pages
    return parts
