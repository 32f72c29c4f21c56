"""Stored runs made by hand: a folder with a result and the samples that it was judged from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.gate import Side, StoredRun, read_run
from harness.judge import QueryRules, judge_table, workload_record
from harness.measure.buffer import SAMPLE
from harness.measure.model import WARMUP_BLOCKS
from harness.measure.sample_writer import SampleWriter
from harness.measure.samples import read_table
from harness.measure.slices import SliceFacts
from harness.result import Environment, Finding, Integrity, Result, SeedManifest, StorageRecord
from harness.result.store import write_result
from tests.unit.report.cases import EMPTY

ARMS = ("before", "after", "control")
MIB = 1024 * 1024
BEFORE_S = 0.004
SEEDED = SeedManifest(schema_fingerprint="tables", seed_fingerprint="rows", access_fingerprint="rights")


def write_samples(path: Path, ratios: Mapping[str, float], blocks: int, spread: float, seed: int) -> None:
    """Slices of 20 equal latencies around 4 ms: each query's `after` takes `ratio` times that, blocks scatter."""
    generator = np.random.default_rng(seed)
    writer = SampleWriter(path, list(ratios), list(ARMS), {"seed": seed})
    for block in range(WARMUP_BLOCKS + blocks):
        slices = []
        for query, ratio in ratios.items():
            for arm in ARMS:
                samples = np.zeros(20, dtype=SAMPLE)
                samples["op"] = np.arange(20)
                samples["intended_s"] = samples["sent_s"] = block + np.arange(20) * 0.01
                level = BEFORE_S * (ratio if arm == "after" else 1.0) * np.exp(generator.normal(0, spread))
                samples["done_s"] = samples["intended_s"] + level
                slices.append((SliceFacts(query, arm, 1, block, 0.0001, 0.00002, None), samples))
        writer.append(slices)
    writer.finish()


def storage(after_mib: float = 10, before_mib: float = 10, table: str | None = "orders") -> tuple[StorageRecord, ...]:
    sizes = {"before": before_mib, "after": after_mib, "before_rewritten": before_mib, "after_rewritten": after_mib}
    return tuple(
        StorageRecord(stage, table, 1, round(size * MIB), 0, 0, round(size * MIB)) for stage, size in sizes.items()
    )


def store_run(
    folder: Path,
    ratios: Mapping[str, float],
    *,
    blocks: int = 20,
    spread: float = 0.01,
    seed: int = 1,
    findings: tuple[Finding, ...] = (),
    rules: Mapping[str, QueryRules] | None = None,
    **fields: Any,
) -> Path:
    """A finished run in its folder; `ratios` are the queries' after/before."""
    folder.mkdir(parents=True)
    queries = dict(rules or {name: QueryRules(fingerprint=f"of {name}") for name in ratios})
    path = folder / "samples.parquet"
    if ratios:
        write_samples(path, ratios, blocks, spread, seed)
    values: dict[str, Any] = {
        "run_id": f"run{seed}",
        "complete": True,
        "environment": Environment(machine={"cores": 2, "memory_bytes": 8 << 30}, server_version="18.6"),
        "seed_manifest": SEEDED,
        "integrity": Integrity(verdict="pass", findings=findings, rows_compared=1),
        "workload": workload_record(queries),
        "latency": judge_table(read_table(path), queries) if ratios else (),
        "storage": storage(),
    }
    result: Result = replace(EMPTY, **(values | fields))
    write_result(folder, result)
    return folder


def side(path: Path) -> Side:
    return Side.of(read_run(path))


def stored(path: Path) -> StoredRun:
    return read_run(path)
