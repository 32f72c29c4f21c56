"""Who reads in the access check: a role, and the settings that say who its user is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.copying import SESSION
from harness.scenario import AccessRole
from harness.server.address import connect
from harness.sqltext import quote_ident, quote_literal
from harness.verify.context import Context
from harness.workload import draw_session


@dataclass(frozen=True)
class Reader:
    """A role with the settings that say who its user is."""

    role: str
    settings: tuple[tuple[str, str], ...]

    async def become(self, connection: Any) -> None:
        """Makes the running transaction this reader's."""
        for name, value in self.settings:
            await connection.execute("SELECT set_config($1, $2, true)", name, value)
        await connection.execute(f"SET LOCAL ROLE {quote_ident(self.role)}")

    def script(self, query: str, before: str = "") -> str:
        """A transaction of this reader's for psql, rolled back; `before` is done with one's own rights."""
        settings = [
            f"SELECT set_config({quote_literal(name)}, {quote_literal(value)}, true);" for name, value in self.settings
        ]
        lines = ["BEGIN;", before, *settings, f"SET LOCAL ROLE {quote_ident(self.role)};", query, "ROLLBACK;"]
        return "\n".join(line for line in lines if line)


async def draw_reader(context: Context, wanted: AccessRole) -> Reader:
    """The role's settings, those that a query gives included; the query sees the old state."""
    connection = await connect(context.address, context.before_db, SESSION)
    try:
        *settings, _ = await draw_session(connection, wanted)
    finally:
        await connection.close()
    return Reader(wanted.role, tuple(settings))
