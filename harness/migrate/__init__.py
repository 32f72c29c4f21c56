"""The migration applied, and what every arm gets alike after it."""

from harness.migrate.apply import migrate
from harness.migrate.settle import refresh_statistics, settle
from harness.migrate.warm import warm

__all__ = ["migrate", "refresh_statistics", "settle", "warm"]
