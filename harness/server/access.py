"""What SQL files would do to a server as a whole, looked at before anything is created."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness import sqltext
from harness.errors import MigrationError
from harness.scenario import SqlFile
from harness.server.apply import Script, read_scripts
from harness.server.facts import Server
from harness.server.roles import existing_roles, roles_wanted

_SERVER_WIDE = frozenset(
    {
        "AlterDatabaseSetStmt",
        "AlterDatabaseStmt",
        "AlterRoleSetStmt",
        "AlterRoleStmt",
        "AlterSystemStmt",
        "CreateRoleStmt",
        "CreateTableSpaceStmt",
        "CreatedbStmt",
        "DropRoleStmt",
        "DropTableSpaceStmt",
        "DropdbStmt",
        "GrantRoleStmt",
    }
)
_HIDDEN = re.compile(
    r"\b(create|alter|drop)\s+(role|user|group|database|tablespace|system)\b(?!\s+mapping)", re.IGNORECASE
)


async def check_access(server: Server, files: Sequence[SqlFile]) -> None:
    """Raises MigrationError where the files name roles that the server lacks, or would change a given server itself."""
    if not server.allow_roles:
        for script in read_scripts(files):
            _check_reach(script)
    wanted = roles_wanted(files)
    missing = sorted(set(wanted) - set(await existing_roles(server, wanted)))
    if missing:
        names = [file.name for file in files if set(missing) & set(roles_wanted([file]))]
        plural = "roles" if len(missing) > 1 else "role"
        hint = "create them there first" if server.allow_roles else "create them there, or allow it with --allow-roles"
        raise MigrationError(f"{', '.join(names)}: the server has no {plural} {', '.join(missing)}", hint)


def _check_reach(script: Script) -> None:
    for statement in script.statements:
        if _is_server_wide(statement.text):
            beginning = " ".join(statement.text.split())[:60]
            message = f"{script.file.path}, line {statement.line}: {beginning!r} changes the server itself"
            raise MigrationError(message, "take it out, or permit it with --allow-roles")


def _is_server_wide(text: str) -> bool:
    """By the statement's kind; the body of a DO block, which is a string to the parser, by its words."""
    kinds = {type(node).__name__ for node in sqltext.walk(sqltext.parse(text))}
    return bool(kinds & _SERVER_WIDE) or ("DoStmt" in kinds and _HIDDEN.search(text) is not None)
