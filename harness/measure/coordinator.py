"""Runs the slices: pilot, blocks, what happens between them; keeps every record and what went wrong."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from harness.measure.buffer import Samples, answered_mean_s
from harness.measure.counters import Account, Counters
from harness.measure.crew import UNFINISHED, Crew, SliceOutcome, in_turns
from harness.measure.error_log import ErrorLog
from harness.measure.model import BlockTable, SlicePages, SliceRecord
from harness.measure.orders import MOST_FAILURES_IN_A_ROW, ArmWork, SliceOrder, Work
from harness.measure.planning import Plan, SlicePlan, operations_in_slice
from harness.measure.sample_writer import SampleWriter
from harness.measure.schedule import Task, order_of_block
from harness.measure.slices import SliceFacts, summarise_blocks

NO_DATA = "02000"
"""SQL's own code for "no row": a query that finds nothing measures nothing."""

NO_ROW = "no row was read or touched with any of the parameter sets"

_HOPELESS_SHARE = 0.1
"""A task that fails more often than this takes no more slices."""

PATIENCE_S = 15.0
"""How long beyond the statement timeout an answer may take."""

ORDER_S = 0.1
"""A worker gets as many turns in one order as take about so long: an order costs a millisecond and more."""

LONGEST_WRITES_S = 300.0
"""A slice of writes runs to its end, but not for ever."""


@dataclass(frozen=True)
class Bounds:
    """Clock readings: when measuring began, after which nothing new may begin; and the statement timeout."""

    started: float
    stop_at: float
    statement_timeout_s: float


class Coordinator:
    """The state of a running measurement."""

    def __init__(self, crew: Crew, arms: Sequence[ArmWork], bounds: Bounds, counters: Counters) -> None:
        self.crew = crew
        self.bounds = bounds
        self.slices: list[SliceRecord] = []
        self.pages: list[SlicePages] = []
        self.errors = ErrorLog()
        self.left_out: dict[Task, str] = {}
        self.failures: Counter[str] = Counter()
        self._arms = {work.arm: index for index, work in enumerate(arms)}
        self._works = arms[0].works
        self._statements = {(work.arm, query): item for work in arms for query, item in enumerate(work.works)}
        self.counters = counters
        self._first_op: dict[tuple[int, str], int] = {}

    @property
    def table(self) -> BlockTable:
        """Every slice so far."""
        return BlockTable(tuple(self.slices))

    def arm_index(self, arm: str) -> int:
        """The arm's place in the orders."""
        return self._arms[arm]

    @property
    def works(self) -> tuple[Work, ...]:
        """The queries, in the form of the first arm."""
        return self._works

    def take_operations(self, query: int, arms: Sequence[str], count: int) -> int:
        """The number of the first of `count` further operations of the query, the same on all of the arms.

        An arm that took no part for a while leaves out numbers, so that an operation has one number on every arm.
        """
        first_op = max(self._first_op.get((query, arm), 0) for arm in arms)
        self._first_op.update(dict.fromkeys([(query, arm) for arm in arms], first_op + count))
        return first_op

    def since_start(self, samples: Samples) -> Samples:
        """A copy whose times count from the start of measuring."""
        copied = samples.copy()
        for name in ("intended_s", "sent_s", "done_s"):
            copied[name] -= self.bounds.started
        return copied

    def work(self, task: Task) -> Work:
        """The task's query; on any arm, for what is the same on all."""
        return self._works[task.query]

    async def block(
        self,
        number: int,
        tasks: Sequence[Task],
        arms: Sequence[str],
        plan: Plan,
        generator: np.random.Generator,
        writer: SampleWriter,
    ) -> dict[tuple[Task, str], float]:
        """Runs one block and stores it; gives the seconds that each of its slices took.

        Slices that ran are stored even where the server goes away in the middle.
        """
        writes = frozenset(task.query for task in tasks if not self.work(task).reads)
        for arm in arms:
            await self.counters.begin(arm)
        done: list[tuple[SliceFacts, Samples]] = []
        taken: dict[tuple[Task, str], float] = {}
        try:
            turns = {task: plan.slices[task].turns for task in tasks}
            for task, order in order_of_block(turns, writes, arms, generator):
                self.counters.watch(arms)
                for arm, (outcome, seconds) in (await self._in_turns(task, order, plan.slices[task])).items():
                    taken[task, arm] = seconds
                    done.append(await self._slice(number, task, arm, plan.slices[task], outcome))
        finally:
            self._keep(done, writer)
        self._drop_hopeless(tasks)
        return taken

    async def _in_turns(
        self, task: Task, order: Sequence[Sequence[str]], plan: SlicePlan
    ) -> dict[str, tuple[SliceOutcome, float]]:
        """Runs one slice on each arm, all in turns; gives it with the seconds that it took, arm by arm."""
        first_op = self.take_operations(task.query, order[0], operations_in_slice(plan, task.clients))
        outcomes: dict[str, list[SliceOutcome]] = {arm: [] for arm in order[0]}
        before, turn, at_once = time.perf_counter(), 0, 1
        while turn < len(order):
            rounds = self._still_going(task, order[turn : turn + at_once], outcomes)
            began = time.perf_counter()
            for part in [rounds] if self.crew.is_alone(task.clients) else [[[arm]] for arm in rounds[0]]:
                found = await self._turns(task, part, plan, first_op, turn) if part[0] else []
                for arm, outcome in zip(chain.from_iterable(part), found, strict=True):
                    outcomes[arm].append(outcome)
            turn += len(rounds)
            each_s = (time.perf_counter() - began) / len(rounds)
            at_once = max(1, int(ORDER_S / each_s)) if self.crew.is_alone(task.clients) else 1
        slices = {arm: in_turns(found) for arm, found in outcomes.items()}
        beside_s = time.perf_counter() - before - sum(item.seconds for item in slices.values())
        return {arm: (item, item.seconds + beside_s / len(slices)) for arm, item in slices.items()}

    def _still_going(
        self, task: Task, rounds: Sequence[Sequence[str]], outcomes: Mapping[str, Sequence[SliceOutcome]]
    ) -> list[list[str]]:
        """The rounds without the arms on which a read gives up."""
        done = {arm for arm, found in outcomes.items() if self.work(task).reads and _gives_up(found)}
        return [[arm for arm in arms if arm not in done] for arms in rounds]

    async def _slice(
        self, block: int, task: Task, arm: str, plan: SlicePlan, outcome: SliceOutcome
    ) -> tuple[SliceFacts, Samples]:
        self.count_errors(task, arm, outcome, len(plan.cycle))
        account = await self._account(task, arm, outcome)
        if account.pages is not None and not outcome.failure:
            load = self.work(task).query, arm, task.clients
            self.pages.append(SlicePages(*load, block, len(outcome.samples), *account.pages))
        count = len(outcome.samples)
        facts = SliceFacts(
            query=self.work(task).query,
            arm=arm,
            clients=task.clients,
            block=block,
            lag_p99_s=outcome.closed_lag_p99_s,
            client_cpu_s=outcome.cpu_s / count if count else None,
            server_mean_s=None if outcome.failure else answered_mean_s(outcome.samples),
            statements_mean_s=None if outcome.failure else account.statements_mean_s,
            invalid=outcome.failure,
            marks="; ".join(account.marks),
            turns=outcome.turns,
        )
        return facts, outcome.samples

    async def _account(self, task: Task, arm: str, outcome: SliceOutcome) -> Account:
        """The counters' account of the slice; several statements have BEGIN and COMMIT around them."""
        executions = int(np.count_nonzero(outcome.samples["state"] == 0))
        statements = len(self._statements[arm, task.query].statements)
        calls = executions * (statements + 2 * (statements > 1)) + outcome.changes
        return await self.counters.end(arm, executions, calls)

    async def run(self, task: Task, arm: str, plan: SlicePlan) -> SliceOutcome:
        """Runs a slice on one arm alone, for a pilot."""
        first_op = self.take_operations(task.query, (arm,), operations_in_slice(plan, task.clients))
        (outcome,) = await self._turns(task, [[arm]], plan, first_op, 0)
        return outcome

    async def _turns(
        self, task: Task, rounds: Sequence[Sequence[str]], plan: SlicePlan, first_op: int, turn: int
    ) -> list[SliceOutcome]:
        """Runs some turns of a slice, the first of which is number `turn`; gives them arm by arm, round by round.

        Afterwards the crew is whole again. Times count from the start of measuring.
        """
        order = SliceOrder(
            rounds=tuple(tuple(self._arms[arm] for arm in arms) for arms in rounds),
            query=task.query,
            clients=task.clients,
            executions=plan.executions,
            first_op=first_op,
            cycle=plan.cycle,
            start_at=0.0,
            stop_at=self._stop_at(task),
            turn=turn,
            turns=plan.turns,
        )
        outcomes = await self.crew.run(order, self.bounds.statement_timeout_s + PATIENCE_S, plan.share_cores)
        if time.perf_counter() < self.bounds.stop_at:
            self.failures.update(outcome.failure for outcome in outcomes if outcome.failure)
        await self.crew.mend()
        return [replace(outcome, samples=self.since_start(outcome.samples)) for outcome in outcomes]

    def _stop_at(self, task: Task) -> float:
        """The end of the budget for reads; writes run to their end, for every arm has to do the same."""
        return self.bounds.stop_at if self.work(task).reads else time.perf_counter() + LONGEST_WRITES_S

    def count_errors(self, task: Task, arm: str, outcome: SliceOutcome, cycle: int) -> None:
        """Counts failures by SQLSTATE; a whole cycle of parameter sets that finds no row is one, too."""
        query = self.work(task).query
        self.errors.count(query, arm, outcome.samples, outcome.messages)
        succeeded = int(np.count_nonzero(outcome.samples["state"] == 0))
        if outcome.rows == 0 and succeeded >= cycle and not outcome.failure:
            self.errors.add(query, arm, NO_DATA, NO_ROW, succeeded)
            self.left_out.setdefault(task, f"it reads or touches no row on {arm}")

    def _keep(self, done: Sequence[tuple[SliceFacts, Samples]], writer: SampleWriter) -> None:
        """Keeps the slices, but none of a load that the end of the budget has cut short: it is no fault of a slice."""
        if time.perf_counter() > self.bounds.stop_at:
            cut = {(facts.query, facts.clients) for facts, _ in done if facts.invalid == UNFINISHED}
            done = [item for item in done if (item[0].query, item[0].clients) not in cut]
        records = summarise_blocks(done)
        self.slices += records
        writer.append(
            [
                (replace(facts, invalid=record.invalid), samples)
                for (facts, samples), record in zip(done, records, strict=True)
            ]
        )

    def _drop_hopeless(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            mine = [
                item for item in self.slices if item.query == self.work(task).query and item.clients == task.clients
            ]
            for arm in {item.arm for item in mine}:
                failed = sum(item.failures for item in mine if item.arm == arm)
                total = failed + sum(item.executions for item in mine if item.arm == arm)
                if failed > _HOPELESS_SHARE * total:
                    self.left_out.setdefault(task, f"{failed} of {total} executions failed on {arm}")


def _gives_up(turns: Sequence[SliceOutcome]) -> bool:
    """Whether a read fails again and again, or its last turn did not end: the slice's further turns would, too."""
    ran = [turn for turn in turns if len(turn.samples) or turn.failure]
    if not ran:
        return False
    most = MOST_FAILURES_IN_A_ROW
    states = np.concatenate([turn.samples["state"] for turn in ran[-most:]])[-most:]
    return bool(ran[-1].failure) or (len(states) == most and bool(np.all(states)))
