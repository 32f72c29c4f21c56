"""Samples in shared memory: a worker writes 44 bytes per execution, the coordinator reads them after the slice."""

from __future__ import annotations

import mmap
import os
import struct
import tempfile

import numpy as np
from numpy.typing import NDArray

SAMPLE = np.dtype(
    [
        ("op", "<i8"),
        ("intended_s", "<f8"),
        ("sent_s", "<f8"),
        ("done_s", "<f8"),
        ("answered_s", "<f4"),
        ("client", "<i4"),
        ("state", "<i4"),
    ]
)
"""One execution: operation number, clock readings in seconds, seconds from request to the answer's last byte (not a
number: it failed), connection, SQLSTATE as a number in base 36 (0: done)."""

CAPACITY = 1 << 18
"""Samples that a worker can hold in one slice; pages that are never written take no memory."""

_PACKED = struct.Struct("<qdddfii")
_STATE = struct.Struct("<i")

Samples = NDArray[np.void]


def open_memory() -> int:
    """A file descriptor of anonymous memory for CAPACITY samples; nothing is left behind however the run ends."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("bench-samples")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, CAPACITY * SAMPLE.itemsize)
    return descriptor


def state_number(sqlstate: str) -> int:
    """A SQLSTATE (five letters or digits) as a number; 0 is success."""
    return int(sqlstate, 36)


def state_text(number: int) -> str:
    """The SQLSTATE of a number."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    text = ""
    for _ in range(5):
        number, digit = divmod(number, 36)
        text = digits[digit] + text
    return text


class SampleLog:
    """The samples of one slice as the worker writes them."""

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, CAPACITY * SAMPLE.itemsize)
        self.count = 0

    def clear(self) -> None:
        """Begins a new slice."""
        self.count = 0

    def add(
        self, op: int, intended_s: float, sent_s: float, done_s: float, answered_s: float, client: int, state: int
    ) -> bool:
        """Stores one execution; False where the memory is full and nothing was stored."""
        if self.count == CAPACITY:
            return False
        place = self.count * _PACKED.size
        _PACKED.pack_into(self._memory, place, op, intended_s, sent_s, done_s, answered_s, client, state)
        self.count += 1
        return True

    def ends_in_failure(self, count: int) -> bool:
        """Whether the last of the `count` latest executions failed; False where there are none."""
        state = self._memory[self.count * _PACKED.size - _STATE.size : self.count * _PACKED.size]
        return count > 0 and _STATE.unpack(state)[0] != 0


def answered_mean_s(samples: Samples) -> float | None:
    """The mean time to the answer's last byte over the successes, in seconds; None without any."""
    good = samples["answered_s"][samples["state"] == 0]
    return float(good.mean(dtype=np.float64)) if len(good) else None


def read_samples(descriptor: int, count: int) -> Samples:
    """A copy of the first `count` samples that the worker wrote."""
    if not count:
        return np.empty(0, dtype=SAMPLE)
    return np.frombuffer(os.pread(descriptor, count * SAMPLE.itemsize, 0), dtype=SAMPLE)
