"""The course of one measurement: pilot and plan, blocks until settled or spent, proof and summary."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from harness.errors import MeasureError
from harness.measure.coordinator import Coordinator
from harness.measure.mix_plan import plan_mix
from harness.measure.mixed import MixedLoad, OpenPlan
from harness.measure.model import (
    MIX,
    WARMUP_BLOCKS,
    BlockTable,
    Measurement,
    MeasureOptions,
    PlanCount,
    SliceRecord,
)
from harness.measure.orders import ArmWork
from harness.measure.pilot import Pilots
from harness.measure.planning import Pilot, Plan, announce, holds_mixed_load, plan_slices
from harness.measure.sample_writer import SampleWriter
from harness.measure.schedule import arms_of_block
from harness.measure.writes import Equality, Table, prove_equal, tables_written, vacuum_arms
from harness.progress import Progress
from harness.result import VoidSlice
from harness.scenario.paths import catalogue_sql
from harness.sqltext import quote_qualified

Decide = Callable[[BlockTable], Collection[tuple[str, int]]]
"""Told the table at a look, gives the settled (query, clients): they take no more slices."""

_PROOF_S_PER_ROW = 4e-6

_NOT_AT_ONCE = (
    "the system grants the clients no real-time turns (CAP_SYS_NICE, or a limit `ulimit -r` of 1): where queries keep "
    "every core busy they are late more often, and blocks scatter more"
)


class Course:
    """The course of one measurement: plan, blocks, end."""

    def __init__(
        self,
        coordinator: Coordinator,
        works: Sequence[ArmWork],
        connections: Mapping[str, Any],
        options: MeasureOptions,
        writer: SampleWriter,
        progress: Progress,
    ) -> None:
        self._coordinator = coordinator
        self._works = works
        self._arms = [work.arm for work in works]
        self._connections = connections
        self._options = options
        self._writer = writer
        self._progress = progress
        self._tables: dict[str, tuple[Table, ...]] = {}
        self._between_s = 0.0
        self._reserve_s = 0.0
        self._mixed: MixedLoad | None = None
        self._open_plan: OpenPlan | None = None
        self._absent = ""
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Keeps a fact and tells it."""
        if text:
            self.notes.append(text)
            self._progress.note(text)

    @property
    def _elapsed_s(self) -> float:
        return time.perf_counter() - self._coordinator.bounds.started

    @property
    def _left_s(self) -> float:
        return self._options.budget_s - self._elapsed_s - self._reserve_s

    async def plan(self) -> Plan:
        """Runs the pilots and plans the slices; says what the budget will reach before it is spent."""
        for fault in self._coordinator.crew.faults:
            self._coordinator.errors.add(fault.query, fault.arm, fault.sqlstate, fault.message)
        if not all(worker.real_time for worker in self._coordinator.crew.workers):
            self.note(_NOT_AT_ONCE)
        await self._look_at_writes()
        pilots = Pilots(self._coordinator, self._arms, self._options, lambda: self._left_s)
        await pilots.run(lambda text: self._progress.update(self._elapsed_s, text))
        before = time.perf_counter()
        await vacuum_arms(self._connections, self._tables, self._arms)
        self._between_s = time.perf_counter() - before
        spent_s = self._elapsed_s
        await self._plan_mixed_load(pilots.found)
        open_s = self._open_plan.budget_s if self._open_plan else 0.0
        plan = plan_slices(pilots.found, self._left_s - open_s, self._options)
        pilots.leave_out(plan.left_out)
        for task, reason in self._coordinator.left_out.items():
            self.note(f"{self._coordinator.work(task).query} at {task.clients} clients is left out: {reason}")
        enough = pilots.enough(spent_s + open_s + self._reserve_s) if pilots.too_dear else ""
        if not plan.slices:
            next_step = f"give a larger --budget: {enough}" if enough else self._no_query_runs()
            raise MeasureError(f"nothing can be measured within {self._options.budget_s:g} s", next_step)
        self.note(enough)
        if plan.absent_arms:
            self._arms = self._full_arms
            self._absent = (
                f"with them the budget of {self._options.budget_s:g} s would not reach the "
                f"{self._options.looks[0]} blocks that verdicts need"
            )
            self.note(f"{' and '.join(sorted(plan.absent_arms))} take no part: {self._absent}")
        self.note(announce(plan, len(self._arms), self._left_s - open_s, self._options.looks))
        return plan

    def _no_query_runs(self) -> str:
        return f"no query runs on every arm: {'; '.join(dict.fromkeys(self._coordinator.left_out.values()))}"

    async def _plan_mixed_load(self, pilots: Sequence[Pilot]) -> None:
        if (load := self._options.open_load) is None:
            return
        if load.rate_per_s or holds_mixed_load(pilots, self._left_s, load.budget_share, self._options):
            budget_s = load.budget_share * self._left_s
            planned = await plan_mix(self._coordinator, load, pilots, self._full_arms, self._options, budget_s)
            self._mixed, self._open_plan = planned.load, planned.plan
            self.note(planned.note)
        else:
            self.note("the mixed load is left out: beside it the queries would not reach the blocks of a verdict")

    @property
    def _full_arms(self) -> list[str]:
        """The arms that take part in every block: attribution's do not, and have no part in the mixed load."""
        return [arm for arm in self._arms if arm not in self._options.sparse_arms]

    async def _look_at_writes(self) -> None:
        """Finds the tables that the writes touch, and reserves the time that their proof takes at the end."""
        for work in self._works:
            connection = self._connections[work.arm]
            tables = await tables_written(connection, work)
            names = [quote_qualified(*table) for table in tables]
            rows = await connection.fetchval(catalogue_sql("measure", "estimate_rows"), names)
            self._tables[work.arm] = tables
            self._reserve_s += _PROOF_S_PER_ROW * rows

    async def blocks(self, plan: Plan, decide: Decide) -> None:
        """Runs blocks until everything is settled, the last look is reached, or the budget holds no further one."""
        generator = np.random.default_rng(self._options.seed)
        active = list(plan.slices)
        costs = {(task, arm): plan.seconds[task] / len(self._arms) for task in active for arm in self._arms}
        arrangement = np.random.default_rng([self._options.seed, 1])
        for block in range(WARMUP_BLOCKS + self._options.looks[-1]):
            arms = arms_of_block(self._arms, self._options.sparse_arms, block)
            open_s = self._next_open_s()
            expected = sum(costs[task, arm] for task in active for arm in arms) + self._between_s + open_s
            if not (active or open_s) or (block > WARMUP_BLOCKS and expected > self._left_s):
                break
            taken = await self._coordinator.block(block, active, arms, plan, generator, self._writer)
            costs.update({key: (costs[key] + seconds) / 2 for key, seconds in taken.items()})
            if self._mixed and self._open_plan and open_s:
                await self._mixed.block(block, self._full_arms, self._open_plan, arrangement, self._writer)
            await vacuum_arms(self._connections, self._tables, arms)
            active = [task for task in active if task not in self._coordinator.left_out]
            if block + 1 - WARMUP_BLOCKS in self._options.looks:
                settled = set(decide(self._coordinator.table))
                active = [task for task in active if (self._coordinator.work(task).query, task.clients) not in settled]
            self._progress.update(self._elapsed_s, f"block {block + 1}, {len(active)} of {len(plan.slices)} undecided")

    def _next_open_s(self) -> float:
        """What the next block of the mixed load takes; 0 where there is none."""
        if self._mixed is None or self._open_plan is None:
            return 0.0
        seconds = self._open_plan.block_s(len(self._full_arms))
        return seconds if self._mixed.spent_s + seconds <= self._open_plan.budget_s else 0.0

    async def finish(self) -> Measurement:
        """Proves that the writes did the same everywhere, and puts together what was found."""
        coordinator = self._coordinator
        counts = await coordinator.crew.plan_counts()
        proofs = await self._prove()
        for failure, count in coordinator.failures.items():
            self.note(f"{count} slices failed: {failure}")
        table, open_table = coordinator.table, self._mixed.table if self._mixed else BlockTable()
        if not any(item.executions for item in table.slices):
            raise MeasureError("no execution of any query succeeded", "look at the errors of the queries")
        return Measurement(
            table=table,
            queries=tuple(work.query for work in self._works[0].works),
            errors=coordinator.errors.records(),
            void_slices=_void((*table.slices, *(item for item in open_table.slices if item.query == MIX))),
            left_out={
                (coordinator.work(task).query, task.clients): reason for task, reason in coordinator.left_out.items()
            },
            plan_counts=tuple(PlanCount(*key, *pair) for key, pair in sorted(counts.items())),
            pages=tuple(coordinator.pages),
            equality=proofs,
            notes=tuple(self.notes),
            sparse_absent=self._absent,
            seconds=self._elapsed_s,
            writes=frozenset(work.query for work in self._works[0].works if not work.reads),
            clients=self._options.clients,
            open_table=open_table,
            rate_per_s=self._open_plan.rate_per_s if self._open_plan else None,
        )

    async def _prove(self) -> tuple[Equality, ...]:
        tables = sorted({table for found in self._tables.values() for table in found})
        sparse = [arm for arm in self._arms if arm in self._options.sparse_arms]
        groups = [group for group in (self._full_arms, sparse) if len(group) > 1]
        proofs = await prove_equal(self._connections, tables, groups)
        for proof in proofs:
            if not proof.equal:
                self.note(f"the writes did not do the same on {proof.arm}: {proof.difference}")
        return proofs


def _void(slices: Sequence[SliceRecord]) -> tuple[VoidSlice, ...]:
    return tuple(
        VoidSlice(item.query, item.arm, item.block, item.lag_p99_s, item.invalid) for item in slices if item.invalid
    )
