"""`bench verify --old --new`: two relations of a database of the user's, compared read-only."""

from __future__ import annotations

from harness.errors import ServerError
from harness.interrupt import run_async
from harness.progress import Progress
from harness.result import Integrity
from harness.server import connect
from harness.server.address import Address
from harness.server.faults import as_harness_error
from harness.server.given import OLDEST_VERSION_NUM, parse_dsn
from harness.verify.in_place import Wanted, compare_in_place, find_two


def compare(dsn: str, wanted: Wanted, progress: Progress) -> Integrity:
    """Compares the two relations; raises UsageError for names that mean nothing, ServerError where the server fails."""
    address = parse_dsn(dsn)

    async def work() -> Integrity:
        await _check_version(address)
        return await compare_in_place(address, await find_two(address, wanted), progress)

    doing = f"comparing {wanted.old} with {wanted.new}"
    try:
        return run_async(work())
    except Exception as error:
        known = as_harness_error(error, doing)
        if known is None or known is error:
            raise
        raise known from error


async def _check_version(address: Address) -> None:
    connection = await connect(address)
    try:
        version_num, version = await connection.fetchrow(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version')"
        )
    finally:
        await connection.close()
    if version_num < OLDEST_VERSION_NUM:
        raise ServerError(f"{address.place} runs PostgreSQL {version}", "use PostgreSQL 15 or newer")
