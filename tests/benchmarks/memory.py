"""The most memory that a process and its children held together."""

from __future__ import annotations

import threading

import psutil


class PeakMemory:
    """Watches a process (this one, unless told) and its children, servers left out; shared pages are counted once."""

    def __init__(self, pid: int | None = None) -> None:
        self.mb = 0.0
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            held = 0
            try:
                watched = (self._process, *self._process.children(recursive=True))
            except psutil.NoSuchProcess:
                return
            for process in watched:
                try:
                    if "postgres" not in process.name():
                        held += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.mb = max(self.mb, held / 1e6)
