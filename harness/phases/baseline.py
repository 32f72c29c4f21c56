"""Holds the run against the stored one that was named as its baseline."""

from __future__ import annotations

from harness.gate import Side, compare
from harness.job import Run
from harness.measure.model import BlockTable
from harness.measure.samples import read_table
from harness.phases.measure import SAMPLES_FILE


def hold_against_baseline(run: Run) -> None:
    """Holds the run against its baseline, from the samples of both; nothing without one."""
    if run.job.baseline is None:
        return
    with run.recorder.phase("compare"):
        run.progress.start("compare")
        result = run.recorder.result
        table = read_table(run.recorder.folder / SAMPLES_FILE) if result.latency else BlockTable()
        run.recorder.set(gate=compare(Side.of(run.job.baseline), Side(result, table)))
