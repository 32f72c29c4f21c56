"""The seeder's worker processes: they start lean, and none ends without a word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from harness.progress import Silent
from harness.seed import fill
from harness.seed.crew import hired
from harness.server import Server
from tests.integration.seed.filling import shop_scenario
from tests.unit.seed.tiny import shop_spec


def test_an_interpreter_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numpy.py").write_text("raise ImportError('this numpy is broken')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with hired(2) as crew:
        for worker in crew.workers:
            with pytest.raises((EOFError, OSError)):
                worker.ask("anything")
            assert worker.obituary() == "ended with code 1: ImportError: this numpy is broken"


def test_a_crew_that_is_dismissed_leaves_no_process() -> None:
    with hired(2):
        (first,) = [process for process in psutil.Process().children() if "harness.seed" in str(process.cmdline())]
    assert not first.is_running()
    assert not [process for process in psutil.process_iter() if _group(process) == first.pid]


def _group(process: psutil.Process) -> int:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return 0


def test_a_worker_imports_no_more_than_it_needs() -> None:
    code = """
import sys
from harness.seed import worker
sys.meta_path.insert(0, worker._WithoutPandas())
import numpy, pyarrow
pyarrow.array(numpy.arange(3))
print(*sorted({name.partition(".")[0] for name in sys.modules} | {"pyarrow.parquet"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert {"numpy", "pyarrow", "harness"} <= set(done.stdout.split())
    assert {"pandas", "scipy", "faker", "postgast", "rich", "typer", "pyarrow.parquet"}.isdisjoint(done.stdout.split())


class Collector:
    """What unpickles as the error that tells whether garbage is looked for, and how much is not looked through."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("import gc; raise ValueError(gc.isenabled(), gc.get_freeze_count())",)


def test_a_worker_looks_for_garbage_but_not_in_what_it_imported() -> None:
    with hired(1) as crew:
        answer = crew.workers[0].ask(Collector())
    enabled, frozen = answer.args
    assert enabled
    assert frozen > 10_000


class Orphaner(Silent):
    """Kills the process that the workers are forks of, when the first rows are there."""

    def __init__(self) -> None:
        self.killed = 0

    def update(self, done: float, detail: str = "") -> None:
        if not self.killed and "rows/s" in detail:
            (first,) = [process for process in psutil.Process().children() if "harness.seed" in str(process.cmdline())]
            self.killed = first.pid
            os.kill(first.pid, signal.SIGKILL)


async def test_workers_go_on_without_the_process_they_were_forked_from(
    server: Server, database: str, tmp_path: Path
) -> None:
    spec, orphaner = shop_spec(), Orphaner()
    with hired(2) as crew:
        manifest = await fill(
            shop_scenario(), spec, 20_000, "clean", 1, server.address, database, tmp_path, crew, orphaner
        )
    assert orphaner.killed
    assert manifest.rows == 6 + 2_000 + 20_000 + 60_000
    left = [process for process in psutil.process_iter() if _group(process) == orphaner.killed]
    _, alive = psutil.wait_procs(left, timeout=10)  # they have been told; nobody here can wait for them
    assert alive == []
