"""The server under measurement: embedded or given, its databases, and what a killed run left of them.

What a worker process does not need is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from harness.server.address import Address, connect

if TYPE_CHECKING:
    from harness.server.databases import Databases
    from harness.server.facts import Server
    from harness.server.journal import Journal
    from harness.server.opening import open_server
    from harness.server.options import ServerOptions

__all__ = ["Address", "Databases", "Journal", "Server", "ServerOptions", "connect", "open_server"]

_HOMES = {
    "Databases": "databases",
    "Journal": "journal",
    "Server": "facts",
    "ServerOptions": "options",
    "open_server": "opening",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
