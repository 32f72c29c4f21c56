"""What a server is and allows: read once after connecting, handed to every phase."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness.scenario.paths import catalogue_sql
from harness.server.address import Address

_LACKS = {
    "superuser": "the role is no superuser: what needs one is left out, and named here",
    "checkpoint": "no right to CHECKPOINT (role pg_checkpoint): checkpoints may fall into the measurement",
    "bypass_rls": "no BYPASSRLS: a table with FORCE ROW LEVEL SECURITY may hide rows from the check",
    "pg_stat_statements": "no pg_stat_statements, or no right to create it: its times and the pages read are left out",
    "pgstattuple": "no pgstattuple: free space within tables is left out",
    "pg_prewarm": "no pg_prewarm: the first blocks warm the caches instead",
    "autovacuum_off": "autovacuum is on and not ours to stop: it may disturb single blocks",
    "fsync": "fsync is off on this server: writes look cheaper than they are",
}


@dataclass(frozen=True)
class Server:
    """A server ready for use; frozen and picklable, it travels to worker processes.

    `rights` are the names of what it offers: superuser, checkpoint, bypass_rls, pg_stat_statements, pgstattuple,
    pg_prewarm, autovacuum_off, fsync; `degraded` says in words what follows from each that is missing. `settings` are
    those that differ from PostgreSQL's defaults, and the few that matter always. `data_directory` is set only where
    it lies on this machine. `allow_roles`: roles may be created here.
    """

    address: Address
    kind: Literal["embedded", "given"]
    version: str
    version_num: int
    user: str
    rights: frozenset[str] = frozenset()
    degraded: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    data_directory: Path | None = None
    home: Path | None = None
    allow_roles: bool = False


async def read_facts(
    connection: Any, address: Address, kind: Literal["embedded", "given"], home: Path | None, allow_roles: bool
) -> Server:
    """The server behind an open connection."""
    facts = await connection.fetchrow(catalogue_sql("server", "read_facts"))
    rights = frozenset(row["name"] for row in await connection.fetch(catalogue_sql("server", "read_rights")))
    settings = await connection.fetch(catalogue_sql("server", "read_settings"))
    return Server(
        address=address,
        kind=kind,
        version=facts["version"].split()[0],
        version_num=facts["version_num"],
        user=facts["user_name"],
        rights=rights,
        degraded=tuple(reason for name, reason in _LACKS.items() if name not in rights),
        settings={row["name"]: row["value"] for row in settings},
        data_directory=_local(facts["data_directory"], address, home),
        home=home,
        allow_roles=allow_roles or kind == "embedded",
    )


def _local(data_directory: str | None, address: Address, home: Path | None) -> Path | None:
    """The data folder, where the server runs on this machine and lets us see the folder."""
    if data_directory is None or not (home or address.is_local):
        return None
    try:
        return Path(data_directory) if Path(data_directory).is_dir() else None
    except OSError:
        return None
