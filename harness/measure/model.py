"""What measuring takes and gives: options, one record per slice, the table of blocks, the whole measurement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from harness.measure.writes import Equality
from harness.result import QueryError, VoidSlice

Form = Literal["before", "after"]
Load = tuple[str, int]
"""A query, by name, at a level of concurrency."""

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "before": "before",
        "control": "before",
        "before_indexes": "before",
        "after_noindexes": "after",
        "after": "after",
    }
)
"""Which form of a query runs on which arm."""

WARMUP_BLOCKS = 2
"""The first blocks are run and stored, but decide nothing."""

MOST_LAG_S = 0.001
MOST_LAG_SHARE = 0.1
"""A slice is void where the event loop's lag p99 exceeds the larger of 1 ms and a tenth of the slice's median."""


@dataclass(frozen=True)
class MeasureOptions:
    """How to measure.

    `budget_s` is wall-clock for everything from connecting to the last block; `slice_s` is the length of a slice where
    the budget allows it. `clients` are the levels of concurrency,
    each measured by itself. `settings` are session settings, equal on every connection (`role` and the claims of row
    security among them). `sparse_arms` join every other block only. `processes` limits the worker processes (None: one
    per core). `stats_database` is a database of the run's own in which pg_stat_statements may be created (None: it is
    only read, in the address' own database, where it is there).
    """

    budget_s: float
    clients: tuple[int, ...] = (1,)
    seed: int = 0
    statement_timeout_s: float = 60.0
    settings: tuple[tuple[str, str], ...] = ()
    sparse_arms: frozenset[str] = frozenset({"before_indexes", "after_noindexes"})
    looks: tuple[int, ...] = (12, 20, 40)
    slice_s: float = 0.25
    processes: int | None = None
    stats_database: str | None = None


@dataclass(frozen=True)
class SliceRecord:
    """One slice: a query on an arm at a level of concurrency in a block. Latencies in seconds, of successes only.

    `executions` counts successes, `errors` failures by SQLSTATE; `wall_s` is from the first send to the last answer;
    `client_cpu_s` is the workers' CPU time per execution; `server_mean_s` the server's own mean time, None where the
    server does not tell. `invalid` says why the slice may not be used; empty where it may. `marks` names what
    interfered (a checkpoint, stolen time, temporary files) without voiding it.
    """

    query: str
    arm: str
    clients: int
    block: int
    warmup: bool
    executions: int
    errors: tuple[tuple[str, int], ...]
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    mean_s: float | None
    wall_s: float
    lag_p99_s: float
    client_cpu_s: float | None
    server_mean_s: float | None
    invalid: str = ""
    marks: str = ""

    @property
    def failures(self) -> int:
        """Executions that failed."""
        return sum(count for _, count in self.errors)


@dataclass(frozen=True)
class BlockTable:
    """Every slice, in the order in which it ran: all that verdicts are made from."""

    slices: tuple[SliceRecord, ...] = ()

    @property
    def counted_blocks(self) -> int:
        """Blocks after the warm-up that have begun."""
        return max((item.block + 1 - WARMUP_BLOCKS for item in self.slices if not item.warmup), default=0)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms, in order of appearance by name in FORMS, others after them."""
        seen = {item.arm for item in self.slices}
        return (*(arm for arm in FORMS if arm in seen), *sorted(seen - FORMS.keys()))


@dataclass(frozen=True)
class SlicePages:
    """Pages per execution in a slice, by the server: shared ones in the cache or not, temporary ones written."""

    query: str
    arm: str
    clients: int
    block: int
    executions: int
    hit: float
    read: float
    temp: float


@dataclass(frozen=True)
class PlanCount:
    """How often a query ran with a generic and with a custom plan on an arm, over all connections."""

    query: str
    arm: str
    generic: int
    custom: int


@dataclass(frozen=True)
class Measurement:
    """The outcome: the table of blocks, what failed, what is void, and facts worth keeping.

    `left_out` names loads that took no part, with the reason. `equality` proves
    that the writes did the same on every arm.
    """

    table: BlockTable
    queries: tuple[str, ...]
    errors: tuple[QueryError, ...] = ()
    void_slices: tuple[VoidSlice, ...] = ()
    left_out: Mapping[Load, str] = field(default_factory=dict)
    plan_counts: tuple[PlanCount, ...] = ()
    pages: tuple[SlicePages, ...] = ()
    equality: tuple[Equality, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    writes: frozenset[str] = frozenset()
    clients: tuple[int, ...] = ()

    def invalid_loads(self) -> dict[Load, str]:
        """Loads whose figures may not be used, with the reason: left out, or writes that were not the same work."""
        wrong = [f"{proof.table} on {proof.arm}" for proof in self.equality if not proof.equal]
        reason = f"the arms did not do the same work: {', '.join(wrong)}"
        unequal = {(query, clients): reason for query in sorted(self.writes) for clients in self.clients if wrong}
        return {**unequal, **self.left_out}
