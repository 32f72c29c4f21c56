"""What the user may set for a run, and how durations and lists are written on the command line."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from harness.errors import UsageError
from harness.server import ServerOptions

ARMS = ("before", "after", "control", "before_indexes", "after_noindexes")
Profile = Literal["clean", "realistic"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
Goal = Literal["run", "seed", "verify", "measure", "prove", "calibrate"]
"""What the phases are for, by the name of the command."""

_MOST_RATE = 100_000
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class RunOptions:
    """Everything a run depends on besides the machine; kept in the result, so that a run can be repeated."""

    scenario: str = "crm"
    scale: str = "10k"
    profile: Profile = "clean"
    seed: int = 1
    budget_s: float = 300.0
    clients: tuple[int, ...] = (1,)
    rate: float | None = None
    arms: tuple[str, ...] = ()
    """Empty: the usual ones, and those that tell indexes from views where the migration adds indexes."""
    statement_timeout_s: float = 60.0
    baseline: Path | None = None
    full: bool = False
    results: Path = Path("results")
    dsn: str | None = None
    pg_bin: Path | None = None
    run_as: str | None = None
    allow_roles: bool = False
    keep: bool = False
    goal: Goal = "run"

    @property
    def server(self) -> ServerOptions:
        """Which server it runs on."""
        return ServerOptions(self.dsn, self.pg_bin, self.run_as, self.allow_roles, self.keep)

    def recorded(self) -> dict[str, Any]:
        """The options as the result keeps them; never the URL of a server, which may hold a password."""
        paths = {name: str(value) for name, value in vars(self).items() if isinstance(value, Path)}
        plain = dataclasses.asdict(self) | paths
        return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items() if key != "dsn"}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> RunOptions:
        """The options of a stored result."""
        values = {field.name: record[field.name] for field in dataclasses.fields(cls) if field.name in record}
        values |= {key: tuple(values[key]) for key in ("clients", "arms") if key in values}
        values |= {key: Path(values[key]) for key in ("results", "pg_bin", "baseline") if values.get(key)}
        return cls(**values)


def parse_duration(text: str) -> float:
    """`300`, `90s`, `5m`, `1.5h`, `500ms` in seconds; raises UsageError for anything else and for zero."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", text.strip())
    seconds = float(match[1]) * _UNITS_S[match[2] or "s"] if match else 0.0
    if seconds <= 0:
        raise UsageError(f"{text!r} is no duration", "write for example 60s, 5m or 1h")
    return seconds


def parse_clients(text: str) -> tuple[int, ...]:
    """`1,4` as (1, 4); raises UsageError for what is not a list of different positive whole numbers."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 1 <= int(part) <= 1000 for part in parts):
        raise UsageError(f"{text!r} is no list of numbers of clients", "write for example 1 or 1,4 (1 to 1000 each)")
    levels = tuple(int(part) for part in parts)
    if len(set(levels)) < len(levels):
        raise UsageError(f"{text!r} names a number of clients twice", "name each level once")
    return levels


def check_rate(rate: float | None) -> float | None:
    """Operations a second of the mixed load; raises UsageError for what is no rate."""
    if rate is not None and not 0 <= rate <= _MOST_RATE:
        raise UsageError(f"--rate {rate:g} is no rate", f"give 0 (no mixed load) to {_MOST_RATE:,} operations a second")
    return rate


def parse_arms(text: str) -> tuple[str, ...]:
    """`before,after` as a tuple; `before` must be among them, for every effect is measured against it."""
    arms = tuple(part.strip() for part in text.split(","))
    unknown = [arm for arm in arms if arm not in ARMS]
    if unknown:
        raise UsageError(f"there is no arm {unknown[0]!r}", f"the arms are: {', '.join(ARMS)}")
    if "before" not in arms or "after" not in arms or len(set(arms)) < len(arms):
        raise UsageError(f"{text!r} is no set of arms", "name each once, before and after among them")
    return arms


def check_profile(text: str) -> Profile:
    """The profile's name; raises UsageError for an unknown one."""
    for profile in PROFILES:
        if profile == text:
            return profile
    raise UsageError(f"there is no profile {text!r}", f"the profiles are: {', '.join(PROFILES)}")
