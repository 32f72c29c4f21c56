"""The open load: the weighted mix at one rate on every arm, with latencies that count from the intended instants."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.measure.arrivals import Arrivals, all_at_once, deal, draw_arrivals
from harness.measure.buffer import CAPACITY, SAMPLE, Samples
from harness.measure.coordinator import LONGEST_WRITES_S, PATIENCE_S, Coordinator
from harness.measure.crew import START_AHEAD_S, SliceOutcome
from harness.measure.model import DRAIN_SHARE, BlockTable, OpenLoad, SliceRecord
from harness.measure.orders import OpenOrder
from harness.measure.planning import Pilot
from harness.measure.sample_writer import SampleWriter
from harness.measure.samples import Slice, summarise_mix
from harness.measure.slices import Schedule, SliceFacts

SHORTEST_S, LONGEST_S = 0.5, 5.0
"""The length of an open slice."""

FEWEST_OPERATIONS = 20
"""Below so many operations a slice the mix is no mix."""

FINDING_SHARE = 0.25
"""The share of the mixed load's time that finding its rate may take."""

_CAPACITY_RUN_S = 1.0
_BESIDE_S = 0.1
"""What a slice takes beside its schedule: its last answers, orders, counters."""

_HEADROOM = 0.5
"""The share of a worker's memory that a slice may plan to fill."""

_CAPACITY_BLOCK = 1 << 20
"""From here on numbers in the seed stand for the runs that find the capacity: no block ever has one."""


@dataclass(frozen=True)
class Mix:
    """What the mix consists of: queries (by index), their weights, the names of those that had to be left out."""

    queries: tuple[int, ...]
    weights: tuple[float, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpenPlan:
    """The same on every arm: operations a second, seconds a slice, the time that all slices may take together."""

    rate_per_s: float
    slice_s: float
    budget_s: float

    def block_s(self, arms: int) -> float:
        """What a block takes."""
        return arms * (self.slice_s + _BESIDE_S)


class MixedLoad:
    """The open slices of a measurement."""

    def __init__(self, coordinator: Coordinator, load: OpenLoad, mix: Mix, seed: int) -> None:
        self._coordinator = coordinator
        self._load = load
        self._mix = mix
        self._seed = seed
        self._slices: list[SliceRecord] = []
        works = coordinator.works
        self._writes = frozenset(place for place, query in enumerate(mix.queries) if not works[query].reads)
        self.spent_s = 0.0
        self._began_s = 0.0

    @property
    def table(self) -> BlockTable:
        """Every slice so far: of each the mix, then its queries."""
        return BlockTable(tuple(self._slices))

    async def find_capacity(self, arms: Sequence[str], pilots: Sequence[Pilot], budget_s: float) -> float | None:
        """Operations a second that the slower arm manages when all are due at once; None where an arm fails.

        All of them run to their end, on each arm: the writes among them have to be the same everywhere.
        """
        run_s = min(_CAPACITY_RUN_S, budget_s / (2 * len(arms)))
        count = max(FEWEST_OPERATIONS, min(round(run_s / self._mean_s(pilots)), CAPACITY // 2))
        await self._manage(arms, count, _CAPACITY_BLOCK)  # fills the caches of connections that have sent nothing yet
        return await self._manage(arms, count, _CAPACITY_BLOCK + 1)

    async def _manage(self, arms: Sequence[str], count: int, number: int) -> float | None:
        """Operations a second of the slower arm."""
        seed = self._seed, number
        arrivals = all_at_once(seed, count, self._mix.weights)
        rates = []
        for arm in arms:
            outcome, parts = await self._send(arrivals, seed, arm, LONGEST_WRITES_S)
            self._count_errors(arm, parts, outcome)
            good = [samples[samples["state"] == 0] for samples in parts.values()]
            done = np.concatenate([samples["done_s"] for samples in good])
            done = done[~np.isnan(done)]
            if outcome.failure or not len(done):
                return None
            sent = np.concatenate([samples["sent_s"] for samples in good])
            rates.append(len(done) / float(np.nanmax(done) - np.nanmin(sent)))
        return min(rates)

    def _mean_s(self, pilots: Sequence[Pilot]) -> float:
        """Seconds per operation of the mix over one connection on the slower arm, as the pilots saw it."""
        slowest = {pilot.task.query: max(pilot.seconds.values()) for pilot in pilots}
        seconds = [slowest[query] for query in self._mix.queries]
        return float(np.average(seconds, weights=self._mix.weights))

    async def block(
        self, number: int, arms: Sequence[str], plan: OpenPlan, generator: np.random.Generator, writer: SampleWriter
    ) -> None:
        """One slice of every arm, in random order, all with the same schedule; stored even if the server goes away."""
        began = time.perf_counter()
        seed = (self._seed, number)
        arrivals = draw_arrivals(seed, plan.rate_per_s, plan.slice_s, self._mix.weights)
        done: list[list[Slice]] = []
        try:
            for place in generator.permutation(len(arms)):
                await self._coordinator.counters.begin(arms[int(place)])
                self._coordinator.counters.watch([arms[int(place)]])
                done.append(await self._slice(number, arrivals, seed, arms[int(place)], plan))
        finally:
            for parts in done:
                records = summarise_mix(parts)
                self._slices += records
                writer.append([(part.facts, part.samples) for part in _judged(parts, records[0].invalid)])
            self.spent_s += time.perf_counter() - began

    async def _slice(
        self, number: int, arrivals: Arrivals, seed: Sequence[int], arm: str, plan: OpenPlan
    ) -> list[Slice]:
        seconds = plan.slice_s
        outcome, parts = await self._send(arrivals, seed, arm, seconds * (1 + DRAIN_SHARE))
        self._count_errors(arm, parts, outcome)
        account = await self._coordinator.counters.end(arm, 0, 0)
        began_s = self._began_s
        executed = sum(int(np.count_nonzero(~np.isnan(samples["done_s"]))) for samples in parts.values())
        facts = SliceFacts(
            query="",
            arm=arm,
            clients=self._load.connections,
            block=number,
            lag_p99_s=outcome.lag_p99_s,
            client_cpu_s=outcome.cpu_s / executed if executed else None,
            server_mean_s=None,
            invalid=outcome.failure,
            marks="; ".join(account.marks),
            schedule=Schedule(began_s, began_s + seconds, plan.rate_per_s),
        )
        works = self._coordinator.works
        return [
            Slice(_of_query(facts, works[query].query), parts[query])
            for query in self._mix.queries
            if len(parts[query]) or (not len(arrivals) and query == self._mix.queries[0])
        ]

    async def _send(
        self, arrivals: Arrivals, seed: Sequence[int], arm: str, last_send_s: float
    ) -> tuple[SliceOutcome, dict[int, Samples]]:
        """Runs the schedule on an arm; gives each query's samples, the skipped operations among them."""
        coordinator, connections = self._coordinator, self._load.connections
        crew = coordinator.crew
        queries = np.array(self._mix.queries)[arrivals.query]
        numbers = arrivals.rank + self._first_numbers(arrivals, arm)[arrivals.query]
        writing = np.isin(arrivals.query, sorted(self._writes))
        held = crew.connections(connections)
        writer = crew.holder(connections) if self._writes else min(held)
        shares = deal(arrivals, seed, held, self._writes, writer)
        start_at = time.perf_counter() + 2 * START_AHEAD_S
        orders = {
            worker: OpenOrder(
                arm=coordinator.arm_index(arm),
                clients=connections,
                due_s=start_at + arrivals.offset_s[places],
                query=queries[places],
                number=numbers[places],
                writing=writing[places],
                start_at=start_at,
                stop_at=start_at + last_send_s,
                writes_stop_at=start_at + LONGEST_WRITES_S,
            )
            for worker, places in shares.items()
        }
        patience_s = coordinator.bounds.statement_timeout_s + PATIENCE_S
        outcome, logs = await crew.run_open(orders, last_send_s + patience_s + LONGEST_WRITES_S * bool(self._writes))
        self._began_s = start_at - coordinator.bounds.started
        if outcome.failure:
            coordinator.failures[outcome.failure] += 1
        await crew.mend()
        samples = _whole(arrivals, start_at, list(shares.values()), logs)
        samples["op"] = numbers
        samples = coordinator.since_start(samples)
        return outcome, {query: samples[queries == query] for query in self._mix.queries}

    def _first_numbers(self, arrivals: Arrivals, arm: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        counts = np.bincount(arrivals.query, minlength=len(self._mix.queries))
        pairs = zip(self._mix.queries, counts, strict=True)
        return np.array([self._coordinator.take_operations(query, (arm,), int(count)) for query, count in pairs])

    def _count_errors(self, arm: str, parts: Mapping[int, Samples], outcome: SliceOutcome) -> None:
        for query, samples in parts.items():
            name = self._coordinator.works[query].query
            self._coordinator.errors.count(name, arm, samples, outcome.messages)


def _whole(arrivals: Arrivals, start_at: float, shares: Sequence[np.ndarray], logs: Sequence[Samples]) -> Samples:
    """One sample for each operation in the order of their instants; no times of those that were never sent."""
    samples = np.zeros(len(arrivals), dtype=SAMPLE)
    samples["intended_s"] = start_at + arrivals.offset_s
    for name in ("sent_s", "done_s", "answered_s"):
        samples[name] = np.nan
    samples["client"] = -1
    for places, log in zip(shares, logs, strict=True):
        where = places[log["op"]]
        for name in ("sent_s", "done_s", "answered_s", "client", "state"):
            samples[name][where] = log[name]
    return samples


def _of_query(facts: SliceFacts, query: str) -> SliceFacts:
    return replace(facts, query=query)


def _judged(parts: Sequence[Slice], invalid: str) -> list[Slice]:
    return [Slice(replace(part.facts, invalid=invalid), part.samples) for part in parts]


def shortest_s(arms: int, blocks: int) -> float:
    """What so many blocks of the shortest slices take."""
    return blocks * arms * (SHORTEST_S + _BESIDE_S)


def plan_open(rate_per_s: float, budget_s: float, arms: int, blocks: int, processes: int) -> OpenPlan:
    """Slices such that the budget holds `blocks` blocks of them, within the bounds of their length and of memory."""
    fits = budget_s / (blocks * arms) - _BESIDE_S
    most = min(LONGEST_S, _HEADROOM * CAPACITY * processes / rate_per_s)
    least = max(SHORTEST_S, FEWEST_OPERATIONS / rate_per_s)
    return OpenPlan(rate_per_s, min(max(fits, least), most), budget_s)
