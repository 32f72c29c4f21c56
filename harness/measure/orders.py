"""What the coordinator tells a worker and what it hears back; frozen and light, for they cross a process boundary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.server.address import Address

MOST_FAILURES_IN_A_ROW = 3
"""A read that fails so often in a row is not tried again in this slice: a timeout would eat the whole budget."""


@dataclass(frozen=True)
class Work:
    """One query in the form that an arm takes: statements with the names of their parameters, and the sets.

    `session` are the settings of whoever asks it (`role` and claims); queries that differ in it have connections of
    their own, so that none has to change hands. Where several ask in turn, `claims` holds for each of the sets the
    settings of its asker. `weight` is the query's share in the mix.
    """

    query: str
    reads: bool
    statements: tuple[tuple[str, tuple[str, ...]], ...]
    sets: tuple[Mapping[str, Any], ...]
    session: tuple[tuple[str, str], ...] = ()
    weight: float = 1.0
    claims: tuple[tuple[tuple[str, str], ...], ...] = ()


@dataclass(frozen=True)
class ArmWork:
    """An arm: its database and its form of every query, in the same order on each arm."""

    arm: str
    database: str
    works: tuple[Work, ...]


@dataclass(frozen=True)
class Setup:
    """Connect to every arm, one connection per client of this worker, and prepare all statements."""

    address: Address
    arms: tuple[ArmWork, ...]
    clients: tuple[int, ...]
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Fault:
    """A query that cannot run on an arm: it failed when it was prepared."""

    query: str
    arm: str
    sqlstate: str
    message: str


@dataclass(frozen=True)
class Ready:
    """The worker is set up; `backends` are its server processes, `real_time` tells whether it has real-time turns."""

    faults: tuple[Fault, ...]
    backends: tuple[int, ...]
    real_time: bool


@dataclass(frozen=True)
class Refused:
    """The worker could not connect or set up."""

    message: str
    next_step: str


@dataclass(frozen=True)
class SliceOrder:
    """Run one query (by index) in turns, each on one arm (by index) after the other, with the first `clients` clients.

    `cycle` are the indices of the parameter sets, `first_op` the first operation's number; clock readings are of the
    performance counter, which all processes of a machine share: start at `start_at`, begin nothing after `stop_at`.
    Each client's operations are parted into `turns` of equal length, counted from 0: `rounds` are the arms of the first
    turn to run, whose number is `turn`, then of those that follow it. An arm on which a read fails at the end of a turn
    has none of the order's further ones. The answer is a SliceReport for each arm of each round.
    """

    rounds: tuple[tuple[int, ...], ...]
    query: int
    clients: int
    executions: int
    first_op: int
    cycle: tuple[int, ...]
    start_at: float
    stop_at: float
    turn: int = 0
    turns: int = 1


@dataclass(frozen=True)
class OpenOrder:
    """Send each operation at its instant, on one arm (by index), whatever became of those before it.

    The arrays hold this worker's operations in the order of their instants: `due_s` as readings of the performance
    counter, the `query` (by index), the operation's `number`. Reads take the first free one of the first `clients`
    connections and are not begun after `stop_at`: those left are skipped. Writes (`writing`) all go over the client
    `clients`, one after the other, and none is left out before `writes_stop_at`.
    """

    arm: int
    clients: int
    due_s: NDArray[np.float64]
    query: NDArray[np.int64]
    number: NDArray[np.int64]
    writing: NDArray[np.bool_]
    start_at: float
    stop_at: float
    writes_stop_at: float


@dataclass(frozen=True)
class SliceReport:
    """A worker's part of a slice on one arm; the samples are in its shared memory, those of an order's arms in turn.

    In an open slice a sample's `op` is the operation's place in the order's arrays.

    `rows` were read or touched; `seconds` is what it took in all; `messages` has one message per SQLSTATE;
    `lost` tells that a connection broke, `finished` that every execution took place; `changes` is how often a
    connection was given to another asker, between the requests.
    """

    count: int
    rows: int
    lags_s: tuple[float, ...]
    cpu_s: float
    seconds: float
    messages: Mapping[str, str]
    lost: bool
    finished: bool
    changes: int = 0


NOTHING_RUN = SliceReport(0, 0, (), 0.0, 0.0, {}, lost=False, finished=True)
"""The report of a turn that an arm does not have any more."""


@dataclass(frozen=True)
class CountPlans:
    """Tell how often each statement ran with a generic and with a custom plan."""


@dataclass(frozen=True)
class PlanReport:
    """(query, arm) -> (generic, custom) over this worker's connections."""

    counts: Mapping[tuple[str, str], tuple[int, int]]
