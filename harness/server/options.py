"""Which server a run wants."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ServerOptions:
    """A given server (`dsn`), or the embedded one from the package's binaries or those in `pg_bin`.

    `run_as` is the embedded server's account when started by root. `allow_roles` lets a given server get the
    scenario's roles. `keep` leaves the server's folder, or the databases on a given server, after the run.
    """

    dsn: str | None = field(default=None, repr=False)
    pg_bin: Path | None = None
    run_as: str | None = None
    allow_roles: bool = False
    keep: bool = False
