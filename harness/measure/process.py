"""One worker process as the coordinator sees it: started, asked, and mourned."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
from typing import IO, Any

from harness.errors import ServerError
from harness.measure.buffer import Samples, open_memory, read_samples
from harness.measure.channel import Channel
from harness.measure.orders import Fault, Ready, Refused, Setup

SETUP_TIMEOUT_S = 120.0


class WorkerDiedError(Exception):
    """A worker is gone or does not answer; the text says how."""


class WorkerProcess:
    """One worker: its process, the channel to it, the memory it writes samples to."""

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel, memory: int, errors: IO[bytes]) -> None:
        self._process = process
        self._channel = channel
        self._memory = memory
        self._errors = errors
        self.setup: Setup | None = None
        self.backends: tuple[int, ...] = ()
        self.real_time = False
        self.dead = False

    @classmethod
    async def start(cls) -> WorkerProcess:
        """A fresh interpreter that imports as we do, and inherits nothing but its two descriptors."""
        ours, theirs = socket.socketpair()
        memory = open_memory()
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "harness.measure.worker", str(theirs.fileno()), str(memory)),
                pass_fds=(theirs.fileno(), memory),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=errors,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )
        finally:
            theirs.close()
        return cls(process, await Channel.over(ours), memory, errors)

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    async def set_up(self, setup: Setup) -> tuple[Fault, ...]:
        """Connects and prepares; gives the queries that cannot run. Raises ServerError where it is refused."""
        self.setup = setup
        answer = await self.ask(setup, SETUP_TIMEOUT_S)
        if isinstance(answer, Refused):
            raise ServerError(answer.message, answer.next_step)
        assert isinstance(answer, Ready)
        self.backends, self.real_time = answer.backends, answer.real_time
        return answer.faults

    async def ask(self, order: object, timeout_s: float) -> Any:
        """Sends an order and waits for the report. Raises WorkerDiedError."""
        try:
            await self._channel.send(order)
            return await asyncio.wait_for(self._channel.receive(), timeout_s)
        except (EOFError, ConnectionError, TimeoutError) as error:
            self.dead = True
            if isinstance(error, TimeoutError):
                await self.end()
                raise WorkerDiedError(f"a worker gave no answer within {timeout_s:.0f} s") from None
            raise WorkerDiedError(await self._obituary()) from None

    def samples(self, count: int) -> Samples:
        """The samples of the slice just reported."""
        return read_samples(self._memory, count)

    async def _obituary(self) -> str:
        code = await self._process.wait()
        if code < 0:
            return f"a worker was ended by {signal.Signals(-code).name}"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f"a worker ended with code {code}: {lines[-1] if lines else 'it said nothing'}"

    async def end(self) -> None:
        """Ends the process and frees what belongs to it."""
        self._channel.close()
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if not self._errors.closed:
            self._errors.close()
            os.close(self._memory)
