"""What a result means: the verdict in a word and the exit code, from the facts in the result alone."""

from __future__ import annotations

from dataclasses import replace

from harness.errors import (
    EXIT_COULD_NOT_RUN,
    EXIT_INCONCLUSIVE,
    EXIT_INTEGRITY,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_REGRESSION,
    EXIT_USAGE,
)
from harness.judge import regressions, undecided
from harness.result import Comparison, Result

VERDICTS = {
    EXIT_OK: "good",
    EXIT_REGRESSION: "regression",
    EXIT_INTEGRITY: "integrity failure",
    EXIT_INCONCLUSIVE: "inconclusive",
    EXIT_COULD_NOT_RUN: "could not run",
    EXIT_USAGE: "wrong usage",
    EXIT_INTERRUPTED: "interrupted",
}


SEEDED = "seeded"
"""The verdict where a seeded database was all that was asked for: never "good", which says that no value is lost."""


def conclude(result: Result, stopped_with: int = EXIT_COULD_NOT_RUN) -> Result:
    """The result with its verdict and exit code; where several codes hold: 5, then 3, 1, 4.

    `stopped_with` is the exit code of what ended a run that is not complete.
    """
    code = exit_code(result) if result.complete else stopped_with
    seeded = result.complete and result.seed_only
    return replace(result, verdict=SEEDED if seeded else VERDICTS[code], exit_code=code)


def exit_code(result: Result) -> int:
    """Exit code of the result by the documented precedence; claims and advisory quantiles never set it.

    Where the run had a baseline, the code says what became worse, not what is wrong.
    """
    if not result.complete:
        return EXIT_COULD_NOT_RUN
    if result.seed_only:
        return EXIT_OK
    if result.gate is not None:
        return result.gate.exit_code
    if result.integrity.verdict != "pass":
        return EXIT_INTEGRITY
    if regressions(result.latency):
        return EXIT_REGRESSION
    if undecided(result.latency):
        return EXIT_INCONCLUSIVE
    return EXIT_OK


def regressed(item: Comparison) -> bool:
    """Whether this comparison by itself is a regression that the gate reports."""
    return bool(regressions((item,)))
