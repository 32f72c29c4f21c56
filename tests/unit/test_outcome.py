"""Exit codes follow the documented precedence."""

from dataclasses import replace

import pytest

from harness.outcome import conclude
from harness.result import Comparison, Integrity, Result

GOOD = Result(
    schema_version=1,
    tool="bench",
    run_id="abc",
    scenario="s",
    origin="o",
    scale="1k",
    profile="clean",
    seed=1,
    started_at="t",
    integrity=Integrity(verdict="pass"),
    complete=True,
)


def comparison(verdict: str, ratio: float, gated: bool = True, max_slowdown: float = 0.05) -> Comparison:
    return Comparison(
        query="q",
        arm="after",
        metric="p50",
        basis="response",
        clients=1,
        ratio=ratio,
        ci_low=ratio,
        ci_high=ratio,
        p_adjusted=0.01,
        blocks=12,
        void_blocks=0,
        samples=100,
        verdict=verdict,  # type: ignore[arg-type]
        before_s=0.001,
        after_s=0.001 * ratio,
        margin=0.02,
        gated=gated,
        max_slowdown=max_slowdown,
    )


SLOW = comparison("slower", 1.5)
OPEN = comparison("inconclusive", 1.0)
LOST = Integrity(verdict="fail")


@pytest.mark.parametrize(
    ("result", "code", "verdict"),
    [
        (GOOD, 0, "good"),
        (replace(GOOD, latency=(SLOW,)), 1, "regression"),
        (replace(GOOD, latency=(OPEN,)), 4, "inconclusive"),
        (replace(GOOD, latency=(OPEN, SLOW)), 1, "regression"),
        (replace(GOOD, latency=(SLOW,), integrity=LOST), 3, "integrity failure"),
        (replace(GOOD, latency=(SLOW,), integrity=LOST, complete=False), 5, "could not run"),
        (replace(GOOD, integrity=Integrity(verdict="not_checked")), 3, "integrity failure"),
        (replace(GOOD, latency=(comparison("slower", 1.5, gated=False),)), 0, "good"),
        (replace(GOOD, latency=(comparison("slower", 1.5, max_slowdown=0.6),)), 0, "good"),
        (replace(GOOD, latency=(comparison("faster", 0.5),)), 0, "good"),
        (replace(GOOD, options={"goal": "seed"}, integrity=Integrity(verdict="not_checked")), 0, "seeded"),
        (replace(GOOD, options={"goal": "seed"}, complete=False), 5, "could not run"),
    ],
)
def test_the_exit_code_follows_the_precedence(result: Result, code: int, verdict: str) -> None:
    concluded = conclude(result)
    assert (concluded.exit_code, concluded.verdict) == (code, verdict)


@pytest.mark.parametrize(("code", "verdict"), [(5, "could not run"), (130, "interrupted"), (2, "wrong usage")])
def test_what_ended_an_incomplete_run_sets_its_exit_code(code: int, verdict: str) -> None:
    concluded = conclude(replace(GOOD, complete=False), stopped_with=code)
    assert (concluded.exit_code, concluded.verdict) == (code, verdict)
    assert conclude(GOOD, stopped_with=code).exit_code == 0, "a complete result speaks for itself"
