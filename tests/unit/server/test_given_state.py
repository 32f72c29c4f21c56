"""Servers that cannot serve, told by what they say about themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from harness.errors import ServerError
from harness.server.address import Address
from harness.server.given import check_state, share_backends

GOOD = {"version_num": 150000, "version": "15.0", "is_standby": False, "is_read_only": False}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"version_num": 140012, "version": "14.12"}, "runs PostgreSQL 14.12 — use PostgreSQL 15 or newer"),
        ({"is_standby": True}, "standby"),
        ({"is_read_only": True}, "read-only"),
    ],
)
def test_a_server_that_is_too_old_or_takes_no_changes_is_refused(facts: dict[str, Any], words: str) -> None:
    check_state(Address("postgresql://h/d"), GOOD)
    with pytest.raises(ServerError, match=words):
        check_state(Address("postgresql://h/d"), {**GOOD, **facts})


class Pool:
    """A pooler's backends: `in_turn` the longest idle is next, else the last one used."""

    def __init__(self, size: int, in_turn: bool) -> None:
        self.idle = list(range(size))
        self.in_turn = in_turn


class PooledSession:
    """A session that gets a backend for each transaction."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.held: int | None = None

    def _take(self) -> int:
        return self.pool.idle.pop(0 if self.pool.in_turn else -1)

    async def fetchval(self, _: str) -> int:
        if self.held is not None:
            return self.held
        backend = self._take()
        self.pool.idle.append(backend)
        return backend

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        self.held = self._take()
        yield
        self.pool.idle.append(self.held)
        self.held = None


@pytest.mark.parametrize("in_turn", [False, True])
@pytest.mark.parametrize("size", [2, 3, 4, 20])
def test_sessions_of_a_transaction_pooler_share_their_backends(size: int, in_turn: bool) -> None:
    pool = Pool(size, in_turn)
    assert asyncio.run(share_backends(PooledSession(pool), PooledSession(pool)))


def test_sessions_with_a_backend_each_do_not() -> None:
    first, second = PooledSession(Pool(1, in_turn=False)), PooledSession(Pool(1, in_turn=False))
    second.pool.idle = [99]
    assert not asyncio.run(share_backends(first, second))
