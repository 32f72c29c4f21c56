"""A place of a test's own to run the program in: a folder to start it from, and a private one for its servers."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

REPOSITORY = Path(__file__).resolve().parents[2]
MINI = Path(__file__).with_name("mini")
PATIENCE_S = 120.0
PHASES = [
    "server",
    "seed",
    "arms",
    "migrate",
    "storage",
    "verify",
    "settle",
    "measure",
    "judge",
    "indexes",
    "plans",
    "claims",
]
"""All phases of a run, in their order."""


@dataclass(frozen=True)
class Who:
    """Who runs the program, and by which interpreter: this test's own, or another account."""

    python: str = sys.executable
    uid: int | None = None
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def account(self) -> dict[str, Any]:
        """For subprocess."""
        return {} if self.uid is None else {"user": self.uid, "group": self.uid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Lets the account work in a folder of the test's."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid)


@dataclass(frozen=True)
class Outcome:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def error_lines(self) -> list[str]:
        """Lines on stderr that are errors; progress and notes left out."""
        return [line for line in self.err.splitlines() if line.startswith("bench: ")]

    @property
    def error(self) -> str:
        """The one line that says what is wrong."""
        assert "Traceback" not in self.err, self.err
        (line,) = self.error_lines
        return line


class Running:
    """The program at work in a process group of its own, as a terminal starts it."""

    def __init__(self, who: Who, words: Sequence[str], folder: Path, variables: dict[str, str]) -> None:
        self._said: dict[str, list[str]] = {"out": [], "err": []}
        self.process = subprocess.Popen(
            [who.python, "-m", "harness", *words],
            cwd=folder,
            env={**os.environ, **who.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **who.account,
        )
        streams = {"out": self.process.stdout, "err": self.process.stderr}
        self._readers = [threading.Thread(target=self._read, args=item) for item in streams.items()]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str, stream: IO[str]) -> None:
        with stream:
            self._said[name].extend(stream)

    def lines(self, name: str) -> list[str]:
        """What it has said on "out" or "err" so far."""
        return list(self._said[name])

    def wait_for(self, start: str, name: str = "err") -> None:
        """Returns as soon as a line begins so."""

        def said() -> bool:
            return any(line.startswith(start) for line in self.lines(name))

        wait_until(lambda: said() or self.process.poll() is not None)
        assert said(), f"ended before {start!r}:\n{''.join(self.lines('err'))}"

    def signal(self, number: signal.Signals) -> None:
        """Sends the signal to the whole group, as Ctrl-C in a terminal does."""
        os.killpg(self.process.pid, number)

    def end(self, timeout_s: float = PATIENCE_S) -> Outcome:
        """Waits until it has ended."""
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.close()
            raise AssertionError(f"still running after {timeout_s:.0f} s:\n{''.join(self.lines('err'))}") from None
        for reader in self._readers:
            reader.join(timeout_s)
        return Outcome(code, "".join(self.lines("out")), "".join(self.lines("err")))

    def close(self) -> None:
        """Kills it if it still runs."""
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()


@dataclass
class Place:
    """Where one test runs the program; `homes` holds its servers, and nothing else's."""

    folder: Path
    homes: Path
    who: Who
    _started: list[Running] = field(default_factory=list)

    def start(self, *words: str, **variables: str) -> Running:
        """Starts `bench ...` and lets it run."""
        running = Running(self.who, words, self.folder, {"BENCH_TMPDIR": str(self.homes), **variables})
        self._started.append(running)
        return running

    def bench(self, *words: str, **variables: str) -> Outcome:
        """Runs `bench ...` to its end."""
        return self.start(*words, **variables).end()

    def runs(self) -> list[Path]:
        """The folders of the runs so far, the oldest first."""
        return sorted(path.parent for path in self.folder.glob("results/2*/result.json"))

    def result(self) -> dict[str, Any]:
        """The result of the newest run."""
        return read_result(self.runs()[-1])

    def processes(self) -> list[psutil.Process]:
        """What runs of it: its own processes by their environment, PostgreSQL's by their working folder."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get("BENCH_TMPDIR") == str(self.homes) or Path(process.cwd()).is_relative_to(
                self.homes
            )
        except (psutil.Error, OSError):
            return False

    def backends(self) -> list[psutil.Process]:
        """The processes of its embedded servers."""
        return [process for process in self.processes() if _is_postgres(process)]

    def workers(self, kind: str) -> list[psutil.Process]:
        """Its worker processes of a kind: `seed` or `measure`."""
        return [
            process for process in self.processes() if any(f"harness.{kind}.worker" in word for word in _words(process))
        ]

    def assert_nothing_left(self) -> None:
        """No server's folder, no process, nothing half written in a run's folder."""
        assert list(self.homes.iterdir()) == []
        assert wait_until(lambda: not self.processes(), 10), [_words(process) for process in self.processes()]
        for run in self.runs():
            assert [path.name for path in run.iterdir() if path.name.startswith(".") or path.is_dir()] == []

    def close(self) -> None:
        """Ends what still runs, and removes the servers."""
        for running in self._started:
            running.close()
        wait_until(lambda: not self.processes(), 10)
        for process in self.processes():
            process.kill()
        shutil.rmtree(self.homes)


def _is_postgres(process: psutil.Process) -> bool:
    """False, too, where the process has ended meanwhile."""
    try:
        return "postgres" in process.name()
    except psutil.Error:
        return False


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@contextlib.contextmanager
def a_place(folder: Path, who: Who | None = None) -> Iterator[Place]:
    """A place in the folder; its servers lie on a short path, for their sockets."""
    homes = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="bt-"))
    homes.chmod(0o711)  # the server's account goes through
    place = Place(folder, homes, who or Who())
    try:
        place.who.give(homes)
        place.who.give(folder)
        yield place
    finally:
        place.close()


def read_result(run: Path) -> dict[str, Any]:
    """What a run's result.json holds."""
    found: dict[str, Any] = json.loads((run / "result.json").read_text(encoding="utf-8"))
    return found


def statuses(result: dict[str, Any]) -> dict[str, str]:
    """How each phase of the run ended, in their order."""
    return {phase["name"]: phase["status"] for phase in result["phases"]}


def wait_until(condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> bool:
    """Whether the condition comes true in time."""
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def copied_mini(folder: Path, scenario: str = "", claims: str = "", **sql: str) -> Path:
    """The small scenario in a folder of the test's own; `scenario` goes before its file, the rest after theirs."""
    copy = folder / "mini"
    shutil.copytree(MINI, copy)
    described = (copy / "scenario.toml").read_text(encoding="utf-8")
    (copy / "scenario.toml").write_text(f"{scenario}\n{described}", encoding="utf-8")
    additions = {"claims.toml": claims, **{f"sql/{name}.sql": text for name, text in sql.items()}}
    for name, text in additions.items():
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write(text)
    return copy
