"""What a phase says while it works: the protocol, and the silent form of it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told by the phases, shown by the command line; never on stdout."""

    def start(self, phase: str, total: float | None = None, unit: str = "") -> None:
        """A phase begins; `total` is the amount of work in `unit` ("rows", "s", ...), None where unknown."""

    def update(self, done: float, detail: str = "") -> None:
        """`done` of the total of the running phase is finished (absolute, not a difference)."""

    def note(self, message: str) -> None:
        """One line worth keeping: a fact, a degradation, a warning. Also goes to the run's log."""


class Silent:
    """Says nothing: for tests and for use as a library."""

    def start(self, phase: str, total: float | None = None, unit: str = "") -> None:
        """Ignored."""

    def update(self, done: float, detail: str = "") -> None:
        """Ignored."""

    def note(self, message: str) -> None:
        """Ignored."""
