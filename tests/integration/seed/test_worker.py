"""A worker's chunk: what its mark promises is on the disk before, and nothing of it stays with the connection."""

from __future__ import annotations

import os
import threading
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from harness.seed import load as load_module
from harness.seed import worker as worker_module
from harness.seed.check import parse_spec
from harness.seed.crew import Crew
from harness.seed.manifest import write_part
from harness.seed.worker import Done, Job, Ready
from harness.server import Server, connect
from tests.integration.seed.filling import filled
from tests.unit.seed.tiny import shop


class Witness:
    """A worker in a thread of this process, its connection, and what it did in which order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[tuple[str, int]] = []
        self.listeners: list[int] = []
        self.chunks = 0
        self._connection: Any = None
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self._sync)
        monkeypatch.setattr(worker_module, "connect", self._connect)
        monkeypatch.setattr("harness.seed.seeding.load", self._load)

    def _sync(self, descriptor: int) -> None:
        self._fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        self.events.append((path.name, path.stat().st_size if path.is_file() else 0))

    async def _connect(self, *arguments: Any) -> Any:
        self._connection = await connect(*arguments)
        self._connection.add_query_logger(self._log)
        return self._connection

    def _log(self, record: Any) -> None:
        if "bench_seed.chunk" in record.query:
            self.events.append((f"mark {record.args[0]}", record.args[1]))

    async def _load(self, job: Job, chunks: Any, crew: Crew, progress: Any) -> None:
        ours, theirs = Pipe()
        thread = threading.Thread(target=worker_module.work, args=(theirs,))
        thread.start()
        ours.send(job)
        assert isinstance(ours.recv(), Ready)
        for chunk in [chunk for parts in chunks.values() for chunk in parts]:
            ours.send(chunk)
            assert isinstance(ours.recv(), Done)
            self.chunks += 1
            self.listeners.append(len(self._connection._termination_listeners))
        ours.close()
        thread.join()


async def test_anomalies_are_on_the_disk_before_their_chunk_is_marked(
    server: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = shop()
    data["anomaly"] = [{"kind": "truncated", "table": "sale", "columns": ["person_name"], "rate": 0.5}]
    sizes: dict[str, int] = {}
    real = write_part

    def noted(planted: Any, path: Path) -> None:
        real(planted, path)
        sizes[path.name] = path.stat().st_size

    monkeypatch.setattr(worker_module, "write_part", noted)
    monkeypatch.setattr(load_module, "CHUNK_BLOCKS", 1)
    witness = Witness(monkeypatch)
    await filled(server, database, tmp_path, parse_spec(data, "shop.toml"), 20_000, profile="realistic")
    parts = [(name, size) for name, size in witness.events if name in sizes]
    assert len(parts) == 3
    assert dict(parts) == sizes
    for block, part in enumerate(parts):
        at = witness.events.index(part)
        assert witness.events[at + 1 : at + 4] == [(".seeding.new", 0), (tmp_path.name, 0), ("mark sale", block)]
    assert ("seed_manifest.parquet", (tmp_path / "seed_manifest.parquet").stat().st_size) in witness.events


async def test_a_connection_keeps_nothing_of_the_chunks_that_it_loaded(
    server: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Witness(monkeypatch)
    await filled(server, database, tmp_path, parse_spec(shop(), "shop.toml"), 500)
    assert witness.listeners == [0] * witness.chunks
    assert witness.chunks == 4
