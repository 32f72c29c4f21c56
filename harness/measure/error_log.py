"""Executions that failed: counted by query, arm and SQLSTATE, with the first message of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from harness.measure.buffer import Samples, state_text
from harness.result import QueryError


class ErrorLog:
    """Grows while the run lasts; `records` gives what the result holds."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._messages: dict[tuple[str, str, str], str] = {}

    def add(self, query: str, arm: str, sqlstate: str, message: str, count: int = 1) -> None:
        """Counts failures of one kind."""
        self._counts[query, arm, sqlstate] += count
        self._messages.setdefault((query, arm, sqlstate), message)

    def count(self, query: str, arm: str, samples: Samples, messages: Mapping[str, str]) -> None:
        """Counts the failures among the samples; `messages` has one for each SQLSTATE."""
        states, counts = np.unique(samples["state"][samples["state"] != 0], return_counts=True)
        for number, count in zip(states, counts, strict=True):
            state = state_text(int(number))
            self.add(query, arm, state, messages.get(state, ""), int(count))

    def records(self) -> tuple[QueryError, ...]:
        """One record for each kind, in order."""
        return tuple(
            QueryError(query, arm, state, self._messages[query, arm, state], count)
            for (query, arm, state), count in sorted(self._counts.items())
        )
