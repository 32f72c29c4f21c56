"""A run's samples made by hand: the file that measuring writes, with known medians, a void block and warm-up."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.measure.buffer import SAMPLE
from harness.measure.model import WARMUP_BLOCKS
from harness.measure.sample_writer import SampleWriter
from harness.measure.slices import SliceFacts

ARMS = ("before", "after", "control")
VOID_BLOCK = 5
MARKED_BLOCK = 9
SERVER_SHARE = 0.6
"""Of the median response, in every block."""


def write_samples(
    path: Path,
    medians_s: dict[str, tuple[float, float]],
    blocks: int = 14,
    executions: int = 40,
    arms: tuple[str, ...] = ARMS,
    void_query: str = "",
    lag_p99_s: float = 0.0001,
) -> None:
    """Log-normal latencies around each query's (before, after) medians; the same call writes the same samples."""
    random = np.random.default_rng(7)
    writer = SampleWriter(path, list(medians_s), list(arms), {})
    for block in range(blocks + WARMUP_BLOCKS):
        drift = 1 + 0.05 * np.sin(block)
        slices = []
        for query, (before_s, after_s) in medians_s.items():
            for arm in arms:
                samples = np.zeros(executions, dtype=SAMPLE)
                latencies = (
                    (after_s if arm.startswith("after") else before_s) * drift * random.lognormal(0, 0.3, executions)
                )
                samples["op"] = np.arange(executions)
                samples["intended_s"] = samples["sent_s"] = block + np.arange(executions) * 0.01
                samples["done_s"] = samples["intended_s"] + latencies
                late = query == void_query and arm == "after" and block == VOID_BLOCK
                invalid = "the client was late" if late else ""
                marks = "a checkpoint began" if arm == "before" and block == MARKED_BLOCK else ""
                server_s = SERVER_SHARE * (after_s if arm.startswith("after") else before_s)
                slices.append((SliceFacts(query, arm, 1, block, lag_p99_s, 0.00002, server_s, invalid, marks), samples))
        writer.append(slices)
    writer.finish()
