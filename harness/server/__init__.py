"""The server under measurement: embedded or given, its databases, and what a killed run left of them."""

from harness.server.address import Address, connect
from harness.server.databases import Databases
from harness.server.facts import Server
from harness.server.journal import Journal
from harness.server.opening import open_server
from harness.server.options import ServerOptions

__all__ = ["Address", "Databases", "Journal", "Server", "ServerOptions", "connect", "open_server"]
