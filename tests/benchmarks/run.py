"""A whole `bench run`: how long each phase takes, and how much memory the client holds; then its report by itself.

    python -m tests.benchmarks.run --scale 100k --budget 5m

The command runs as users run it, in a process of its own. `phases` are the run's own records; `peak_mb` in all is of
the process and its workers together, without the server. The report is written again by `bench report`, whose
`report_s` and `report_peak_mb` hold everything from the start of the interpreter. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness.report.emit import REPORT_FILE
from harness.result.store import read_result
from tests.benchmarks.memory import PeakMemory

BENCH = (sys.executable, "-m", "harness")
WITH_RESULT = (0, 1, 3, 4)
"""Exit codes of a run that came to its end."""


def benchmark(scenario: str, scale: str, budget: str, results: Path) -> dict[str, Any]:
    """Runs it, and writes its report once more."""
    command = (*BENCH, "run", scenario, "--scale", scale, "--budget", budget, "--results", str(results), "--quiet")
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with PeakMemory(process.pid) as memory:
        code = process.wait()
    seconds = time.perf_counter() - begun
    if code not in WITH_RESULT:
        raise SystemExit(f"bench run ended with exit code {code}")
    folder = (results / "latest").resolve()
    phases = {item.name: {"seconds": round(item.seconds, 2), "peak_mb": round(item.peak_mb)}
              for item in read_result(folder).phases}  # fmt: skip
    return {
        "seconds": round(seconds, 1),
        "peak_mb": round(memory.mb),
        "phases": phases,
        **report(folder),
        "exit_code": code,
    }


def report(folder: Path) -> dict[str, Any]:
    """`bench report` of a run: seconds and peak memory of the whole command, and the size of its page."""
    begun = time.perf_counter()
    process = subprocess.Popen((*BENCH, "report", str(folder)), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"bench report ended with exit code {process.returncode}")
    return {
        "report_s": round(seconds, 2),
        "report_peak_mb": round(usage.ru_maxrss * 1024 / 1e6),
        "report_kb": round((folder / REPORT_FILE).stat().st_size / 1e3),
    }


def main() -> None:
    """Reads the options and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="crm")
    parser.add_argument("--scale", default="100k")
    parser.add_argument("--budget", default="5m")
    parser.add_argument("--report", type=Path, help="a run's folder: only its report is written, again")
    options = parser.parse_args()
    if options.report:
        print(json.dumps(report(options.report)))
        return
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(benchmark(options.scenario, options.scale, options.budget, Path(name))))


if __name__ == "__main__":
    main()
