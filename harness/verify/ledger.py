"""What a check has finished, written down span by span, so that a killed one goes on where it stood."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.verify.values import Pass, Span, Tally, counting


class Ledger:
    """The finished spans of every pass; kept in a file where `path` names one, else only for the moment.

    What an earlier session wrote counts only after `accept`: whether the data are still the same is not known here.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._earlier: list[dict[str, Any]] = _read(path) if path is not None else []
        self._spans: dict[str, tuple[Span, ...]] = {}
        self._tallies: dict[str, dict[int, Tally]] = defaultdict(dict)

    @property
    def is_kept(self) -> bool:
        """Whether there is a file."""
        return self._path is not None

    @property
    def spans_done(self) -> int:
        """How many spans are finished."""
        return sum(map(len, self._tallies.values()))

    @property
    def state(self) -> dict[str, Any] | None:
        """What the data were when the earlier session began, or None where there was none."""
        return next((entry["state"] for entry in self._earlier if entry["event"] == "state"), None)

    def accept(self) -> None:
        """Goes on with what the earlier session finished."""
        for entry in self._earlier:
            if entry["event"] == "spans":
                self._spans[entry["pass"]] = tuple(_span(pair) for pair in entry["spans"])
            elif entry["event"] == "span":
                self._tallies[entry["pass"]][entry["number"]] = _tally(entry["tally"])

    def begin(self, state: dict[str, Any]) -> None:
        """Starts anew, on data in this state."""
        self._earlier = []
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        self._write({"event": "state", "state": state})

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
        self._write({"event": "span", "pass": _identity(work), "number": number, "tally": dataclasses.asdict(tally)})

    def _write(self, entry: dict[str, Any]) -> None:
        if self._path is not None:
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
