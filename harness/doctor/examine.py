"""The examination: the machine first, while nothing of ours runs, then the server, embedded or given."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.doctor.machine import check_machine
from harness.doctor.model import Check
from harness.doctor.server import check_server
from harness.errors import EXIT_INCONCLUSIVE, EXIT_OK
from harness.progress import Progress
from harness.server import Journal, ServerOptions, connect, open_server
from harness.server.opening import check_options


@dataclass(frozen=True)
class Examination:
    """Everything that was looked at."""

    checks: tuple[Check, ...]

    @property
    def spoiling(self) -> tuple[Check, ...]:
        """What would spoil a measurement."""
        return tuple(check for check in self.checks if check.spoils)

    @property
    def exit_code(self) -> int:
        """0 where nothing spoils, 4 (a measurement would be inconclusive) where something does."""
        return EXIT_INCONCLUSIVE if self.spoiling else EXIT_OK

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"spoils": len(self.spoiling), "checks": [asdict(check) for check in self.checks]}


async def examine(options: ServerOptions, progress: Progress) -> Examination:
    """Looks at the machine and at the server; raises ServerError where that cannot be reached or started."""
    check_options(options)
    checks = check_machine()
    with tempfile.TemporaryDirectory(prefix="bench-doctor-") as folder:
        journal = Journal.begin(Path(folder))
        try:
            async with open_server(options, journal, progress) as server:
                connection = await connect(server.address)
                try:
                    checks += await check_server(server, connection)
                finally:
                    await connection.close()
        finally:
            journal.end(kept=False)
    return Examination(tuple(checks))
