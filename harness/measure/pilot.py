"""The pilots: the first runs of every task on every arm, which tell what its slices cost, and which are too dear."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from harness.measure.affinity import SHORT_S
from harness.measure.coordinator import Coordinator
from harness.measure.crew import UNFINISHED, WARMUP_EXECUTIONS, SliceOutcome
from harness.measure.model import WARMUP_BLOCKS, MeasureOptions
from harness.measure.planning import Pilot, SlicePlan, first_look_s, least_block_s, least_cost_s
from harness.measure.schedule import Task
from harness.measure.slices import typical_s
from harness.text import duration
from harness.workload import spread

_TOO_DEAR = "its slices cost more than the budget holds"
_BUDGET_ENDED = "the budget ended before its pilot did"

_PROBE_S = 0.02
_MOST_PROBES = 400

_SLOW_S = 0.1
"""A query that takes longer runs once on each arm: its plans are chosen in the warm-up blocks."""


class Pilots:
    """The pilots of one measurement; why a task has none is in the coordinator's `left_out`."""

    def __init__(
        self, coordinator: Coordinator, arms: Sequence[str], options: MeasureOptions, left_s: Callable[[], float]
    ) -> None:
        self.found: list[Pilot] = []
        self._coordinator = coordinator
        self._arms = arms
        self._options = options
        self._left_s = left_s
        self._dear: dict[Task, float] = {}
        """Tasks that are left out for their cost, and the seconds that a block of each takes, at the least."""

    async def run(self, told: Callable[[str], None]) -> None:
        """One pilot per task; the highest level comes first, for it warms every connection."""
        faulty = {fault.query for fault in self._coordinator.crew.faults}
        levels = sorted(self._options.clients, reverse=True)
        for level in levels:
            for query, work in enumerate(self._coordinator.works):
                task = Task(query, level)
                if work.query in faulty:
                    self._coordinator.left_out[task] = "it cannot be prepared on every arm"
                elif seconds := await self._pilot(task, warm=level == levels[0]):
                    self.found.append(Pilot(task, work.reads, len(work.sets), seconds))
                told(f"pilot: {work.query}")

    async def _pilot(self, task: Task, warm: bool) -> dict[str, float]:
        """Seconds per execution on each arm; where it is `warm`, a query runs often enough for the choice of plans."""
        seconds = await self._times(task, 1)
        if seconds and warm and max(seconds.values()) < _SLOW_S:
            seconds = await self._times(task, WARMUP_EXECUTIONS)
        slowest = max(seconds.values(), default=math.inf)
        if (executions := min(int(_PROBE_S / slowest), _MOST_PROBES)) > WARMUP_EXECUTIONS:
            seconds = await self._times(task, executions, share_cores=slowest < SHORT_S)
        return seconds

    async def _times(self, task: Task, executions: int, *, share_cores: bool = False) -> dict[str, float]:
        """Seconds per execution on each arm; empty where the task is left out."""
        work = self._coordinator.work(task)
        sets = len(work.sets)
        plan = SlicePlan(executions, spread(sets, executions if work.reads else sets), share_cores)
        seconds: dict[str, float] = {}
        for arm in self._arms:
            outcome = await self._coordinator.run(task, arm, plan)
            if not self._usable(task, arm, outcome):
                return {}
            seconds[arm] = typical_s(outcome.samples, len(plan.cycle))
            if self._too_dear(task, seconds):
                return {}
        return seconds

    def _usable(self, task: Task, arm: str, outcome: SliceOutcome) -> bool:
        left_out = self._coordinator.left_out
        self._coordinator.count_errors(task, arm, outcome, len(self._coordinator.work(task).sets))
        if outcome.failure == UNFINISHED:
            left_out.setdefault(task, _BUDGET_ENDED)
        elif outcome.failure:
            left_out.setdefault(task, f"its pilot failed on {arm}: {outcome.failure}")
        elif np.count_nonzero(outcome.samples["state"]):
            left_out.setdefault(task, f"it fails on {arm}: {next(iter(outcome.messages.values()), '')}")
        return task not in left_out

    def _too_dear(self, task: Task, seconds: Mapping[str, float]) -> bool:
        """Leaves a task out at once that takes so long on some arms that the budget holds no block even of it alone."""
        sparse = self._options.sparse_arms
        block_s = least_block_s(value for arm, value in seconds.items() if arm not in sparse)
        if (WARMUP_BLOCKS + 1) * block_s <= self._left_s():
            return False
        self._dear[task] = block_s
        self._coordinator.left_out[task] = f"{_TOO_DEAR}: a block of it takes more than {duration(block_s)}"
        return True

    def leave_out(self, tasks: Iterable[Task]) -> None:
        """Notes what the plan leaves out for its cost."""
        for pilot in self.found:
            if pilot.task in tasks:
                self._dear[pilot.task] = block_s = least_cost_s(pilot, self._options)
                self._coordinator.left_out[pilot.task] = f"{_TOO_DEAR}: a block of it takes {duration(block_s)}"

    def enough(self, beside_s: float) -> str:
        """What budget would hold the first look with every query, and `beside_s`.

        Of a query whose pilot did not end only a part of its cost is known.
        """
        measured = {pilot.task for pilot in self.found}
        unmeasured_s = sum(block_s for task, block_s in self._dear.items() if task not in measured)
        needed_s = beside_s + first_look_s(self.found, unmeasured_s, self._options)
        least = "more than" if unmeasured_s or self._budget_ended else "about"
        looks = self._options.looks
        return f"the {looks[0]} blocks of a verdict on every query need {least} {needed_s:.0f} s"

    @property
    def too_dear(self) -> bool:
        """Whether a task is left out for its cost."""
        return bool(self._dear) or self._budget_ended

    @property
    def _budget_ended(self) -> bool:
        return _BUDGET_ENDED in self._coordinator.left_out.values()
