"""The manifest of planted anomalies: one Parquet file in the run's folder, joined from the parts of the chunks."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from harness.seed.encode import MANIFEST

MANIFEST_FILE = "seed_manifest.parquet"


def write_part(planted: list[Any], path: Path) -> None:
    """Keeps the record batches of one chunk on the disk: to a resumed seeding its mark says that they are there."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - most workers plant nothing, and start sooner without it

    pq.write_table(pa.Table.from_batches(planted, MANIFEST), path)
    _reach_disk(path, path.parent, path.parent.parent)


def join_manifest(parts_folder: Path, path: Path) -> dict[str, int]:
    """Writes the manifest from its parts, in the order of table and block; returns the anomalies by kind."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    counts: Counter[str] = Counter()
    with pq.ParquetWriter(path, MANIFEST, compression="zstd") as writer:
        for part in sorted(parts_folder.glob("*.parquet")):
            rows = pq.read_table(part, schema=MANIFEST)
            counts.update({item["values"]: item["counts"] for item in rows["kind"].value_counts().to_pylist()})
            writer.write_table(rows)
    _reach_disk(path, path.parent)  # the parts and the marks are given up for it
    return dict(sorted(counts.items()))


def _reach_disk(*places: Path) -> None:
    """Waits until a crash of the machine would lose neither the file nor the names in these folders."""
    for place in places:
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
