"""What a check has finished, written down span by span, so that a killed one goes on where it stood."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from harness.verify.values import Pass, Span, Tally, counting

KEPT_AFTER_S = 0.5
"""A check that is done sooner is not worth keeping: data are counted, to be proven later to be still the same."""
State = dict[str, Any]


class Ledger:
    """The finished spans of every pass; kept in a file where `path` names one, else only for the moment.

    What an earlier session wrote counts only after `accept`: whether the data are still the same is not known here.
    What this one finishes is written from `begin` on, with all that was finished before.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._earlier: list[dict[str, Any]] = _read(path) if path is not None else []
        self._spans: dict[str, tuple[Span, ...]] = {}
        self._tallies: dict[str, dict[int, Tally]] = defaultdict(dict)
        self._read_state: Callable[[Any], Awaitable[State | None]] | None = None
        self._due = 0.0
        self._held: list[dict[str, Any]] = []
        self._has_begun = False

    @property
    def is_kept(self) -> bool:
        """Whether there is a file."""
        return self._path is not None

    @property
    def spans_done(self) -> int:
        """How many spans are finished."""
        return sum(map(len, self._tallies.values()))

    @property
    def is_held(self) -> bool:
        """Whether nothing is written yet, for want of time."""
        return self._read_state is not None

    @property
    def state(self) -> State | None:
        """What the data were when the earlier session began, or None where there was none."""
        return next((entry["state"] for entry in self._earlier if entry["event"] == "state"), None)

    def accept(self) -> None:
        """Goes on with what the earlier session finished."""
        self._has_begun = True
        for entry in self._earlier:
            if entry["event"] == "spans":
                self._spans[entry["pass"]] = tuple(_span(pair) for pair in entry["spans"])
            elif entry["event"] == "span":
                self._tallies[entry["pass"]][entry["number"]] = _tally(entry["tally"])

    async def hold(self, connection: Any, read_state: Callable[[Any], Awaitable[State | None]]) -> None:
        """Starts anew; `read_state` tells what the data are, or None, and is called once that is worth its time."""
        self._read_state, self._due = read_state, time.monotonic() + KEPT_AFTER_S
        await self.keep(connection)

    async def keep(self, connection: Any) -> None:
        """Begins to write if it is time."""
        if self._read_state is None or time.monotonic() < self._due:
            return
        read_state, self._read_state = self._read_state, None
        state = await read_state(connection)
        if state is not None:
            self.begin(state)

    def begin(self, state: State) -> None:
        """Starts anew, on data in this state."""
        self._earlier = []
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        self._has_begun = True
        self._write({"event": "state", "state": state})
        for entry in self._held:
            self._write(entry)
        self._held = []

    def spans(self, work: Pass) -> tuple[Span, ...] | None:
        """How the pass was cut, or None where it was not yet."""
        return self._spans.get(_identity(work))

    def finished(self, work: Pass) -> dict[int, Tally]:
        """The tallies of the finished spans, by number."""
        return dict(self._tallies[_identity(work)])

    def record_spans(self, work: Pass, spans: Sequence[Span]) -> None:
        """How the pass is cut."""
        self._spans[_identity(work)] = tuple(spans)
        bounds = [[span.low, span.high] for span in spans]
        self._write({"event": "spans", "pass": _identity(work), "spans": bounds})

    def record(self, work: Pass, number: int, tally: Tally) -> None:
        """A span is finished."""
        self._tallies[_identity(work)][number] = tally
        self._write({"event": "span", "pass": _identity(work), "number": number, "tally": dataclasses.asdict(tally)})

    def _write(self, entry: dict[str, Any]) -> None:
        if self._path is not None and not self._has_begun:
            self._held.append(entry)
        elif self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")


def _identity(work: Pass) -> str:
    """What is compared with what, and how: the query itself."""
    return hashlib.sha256(counting(dataclasses.replace(work, span=None)).encode()).hexdigest()[:16]


def _read(path: Path) -> list[dict[str, Any]]:
    """The entries; a last line that was cut short is left out."""
    entries = []
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                entries.append(json.loads(line))
    return entries


def _span(pair: Sequence[Sequence[str] | None]) -> Span:
    low, high = (tuple(bound) if bound is not None else None for bound in pair)
    return Span(low, high)


def _tally(fields: dict[str, Any]) -> Tally:
    counts = fields["joined"], fields["missing"], fields["extra"]
    return Tally(*counts, filled=tuple(fields["filled"]), differing=tuple(fields["differing"]))
