"""What measuring takes and gives: options, one record per slice, the table of blocks, the whole measurement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from harness.measure.writes import Equality
from harness.result import QueryError, VoidSlice
from harness.stats import Contrasts

Form = Literal["before", "after"]
Load = tuple[str, int]
"""A query, by name, at a level of concurrency."""

BASELINE = "before"
"""The arm against which all others are held."""

MIX = "(mix)"
"""Stands where a query's name stands otherwise: all of the mix together."""

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

CORNERS = ("before", "before_indexes", "after_noindexes", "after")
"""The 2x2 of {old, new form} x {old, new indexes}: neither, the indexes alone, the new form alone, both."""

WARMUP_BLOCKS = 2
"""The first blocks are run and stored, but decide nothing."""

LATE_S = 0.001
"""An operation of the open load that is sent this much after its instant waited for a connection."""

DRAIN_SHARE = 0.25
"""For so much of an open slice's length beyond its end its last operations may still be sent; then they are skipped."""

MOST_UNFINISHED_SHARE = 0.05
"""An arm that leaves more than this of a slice's operations unfinished at its end does not keep the rate."""

TURN_S = 0.002
"""How long an arm runs before the next one has its turn: what slows a machine down for some tens of milliseconds (a
neighbour on the same host, most often) then meets all arms alike."""

MOST_LAG_S = 0.001
MOST_LAG_SHARE = 0.1
"""A slice is void where the event loop's lag p99 exceeds the larger of 1 ms and a tenth of the slice's median (of
an open load: of its p99)."""


@dataclass(frozen=True)
class OpenLoad:
    """The mix at a fixed rate: operations a second in all (None: found), over so many connections.

    The rate that is found is `utilisation` of what the slower arm manages when everything is due at once. It takes
    `budget_share` of the time.
    """

    rate_per_s: float | None = None
    connections: int = 4
    utilisation: float = 0.4
    budget_share: float = 0.2


@dataclass(frozen=True)
class MeasureOptions:
    """How to measure.

    `budget_s` is wall-clock for everything from connecting to the last block; `slice_s` is the length of a slice where
    the budget allows it, `turn_s` that of the turns in which the arms run theirs (infinite: each at one go). `clients`
    are the levels of concurrency, each measured by itself. `settings` are session settings, equal on every connection
    (`role` and the claims of row security among them). `sparse_arms` join every other block only. `processes` limits
    the worker processes (None: one per core). `stats_database` is a database of the run's own in which
    pg_stat_statements may be created (None: it is only read, in the address' own database, where it is there).
    `open_load` adds the mix at a fixed rate.
    """

    budget_s: float
    clients: tuple[int, ...] = (1,)
    seed: int = 0
    statement_timeout_s: float = 60.0
    settings: tuple[tuple[str, str], ...] = ()
    sparse_arms: frozenset[str] = frozenset({"before_indexes", "after_noindexes"})
    looks: tuple[int, ...] = (12, 20, 40)
    slice_s: float = 0.25
    turn_s: float = TURN_S
    processes: int | None = None
    stats_database: str | None = None
    open_load: OpenLoad | None = None


@dataclass(frozen=True)
class SliceRecord:
    """One slice: a query on an arm at a level of concurrency in a block. Latencies in seconds, of successes only.

    `executions` counts successes, `errors` failures by SQLSTATE; `wall_s` is from the first send to the last answer;
    `client_cpu_s` is the workers' CPU time per execution; `server_mean_s` the mean time from sending a request to
    the arrival of its answer's last byte (see `wire`), None where that cannot be told; `statements_mean_s` what
    pg_stat_statements has of it (the planner and the executor's run), None where the server does not tell. `invalid`
    says why the slice may not be used; empty where it may. `marks` names what interfered (a checkpoint, stolen time,
    temporary files) without voiding it.

    `relative` is the time of the typical operation by that of the same operation on the baseline arm in this block (see
    `stats.typical_ratio`), `server_relative` the same of the times to the answer's last byte. Both are None on the
    baseline itself, where no operation succeeded on both arms, and in an open load; the second also where a file does
    not hold these times of each operation. `contrasts` and `server_contrasts` are what the four corners of the 2x2 make
    of the operations that succeeded on all of them (see `stats.typical_contrasts`); they stand on the last corner, and
    are None wherever a corner took no part.

    Of an open load: latencies count from the intended instants, and those of skipped operations up to the last instant
    at which they could have been sent; `wall_s` is the schedule's length and `completed` what succeeded by its end;
    `intended` operations were to be sent, `late` ones waited for a connection, `skipped` ones were never sent,
    `unfinished` ones had no answer at the schedule's end. A closed load has none of these.
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
    intended: int = 0
    late: int = 0
    skipped: int = 0
    unfinished: int = 0
    completed: int = 0
    statements_mean_s: float | None = None
    relative: float | None = None
    server_relative: float | None = None
    contrasts: Contrasts | None = None
    server_contrasts: Contrasts | None = None

    @property
    def failures(self) -> int:
        """Executions that failed."""
        return sum(count for _, count in self.errors)

    @property
    def saturated(self) -> bool:
        """An open slice at whose end too much was left to do, beside what the connections were just at."""
        return self.unfinished > max(MOST_UNFINISHED_SHARE * self.intended, self.clients)


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
    that the writes did the same on every arm. `open_table` holds the slices of the open load at `rate_per_s`, for the
    mix and for each of its queries. `sparse_absent` says why the sparse arms took no part, if they did not.
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
    open_table: BlockTable = field(default_factory=BlockTable)
    rate_per_s: float | None = None
    sparse_absent: str = ""

    def invalid_open_loads(self) -> dict[Load, str]:
        """The same for the open load: where a write did not do the same work, the mix did not."""
        reasons = [
            reason for (query, _), reason in self.invalid_loads().items() if query in self.writes and self.equality
        ]
        levels = {item.clients for item in self.open_table.slices}
        names = (MIX, *sorted(self.writes))
        return {(name, level): reasons[0] for name in names for level in levels} if reasons else {}

    def invalid_loads(self) -> dict[Load, str]:
        """Loads whose figures may not be used, with the reason: left out, or writes that were not the same work."""
        wrong = [f"{proof.table} on {proof.arm}" for proof in self.equality if not proof.equal]
        reason = f"the arms did not do the same work: {', '.join(wrong)}"
        unequal = {(query, clients): reason for query in sorted(self.writes) for clients in self.clients if wrong}
        return {**unequal, **self.left_out}
