"""Runs in processes of their own, which tests end or kill."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
_PROGRAM = Path(__file__).with_name("hold_server.py")


class Outside:
    """A run held open by another process; `said` is what it told about itself."""

    def __init__(self, process: subprocess.Popen[str], said: dict[str, Any]) -> None:
        self.process = process
        self.said = said

    @property
    def home(self) -> Path:
        return Path(self.said["home"])

    def end(self) -> int:
        """Lets the run end by itself."""
        self.process.communicate("\n", timeout=60)
        return self.process.returncode

    def kill(self) -> None:
        """Kills it as the system does when memory is short."""
        self.process.kill()
        self.process.communicate(timeout=60)


@contextlib.contextmanager
def outside(
    folder: Path,
    *,
    python: str = sys.executable,
    user: int | None = None,
    env: dict[str, str] | None = None,
    **how: Any,
) -> Iterator[Outside]:
    """A run in another process, optionally of another user; killed at the end if it still lives."""
    process = subprocess.Popen(
        [python, str(_PROGRAM), json.dumps({"folder": str(folder), **how})],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path[1:]]), **(env or {})},
        cwd="/",
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            _, errors = process.communicate(timeout=60)
            raise AssertionError(f"the run did not start: {errors}")
        yield Outside(process, json.loads(line))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=60)


def wait_until(condition: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    """Whether the condition comes true in time."""
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        if condition():
            return True
        time.sleep(0.05)
    return condition()
