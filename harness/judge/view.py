"""The table of blocks as comparisons read it: which slices count, which blocks are void, what decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import fmean
from typing import Literal

from harness.measure.model import BASELINE, WARMUP_BLOCKS, BlockTable, Load, SliceRecord
from harness.scenario import Query, query_fingerprint
from harness.stats import Rules, Series

CONTROL = "control"

MOST_VOID_SHARE = 0.1
MOST_ERROR_SHARE = 0.001
MOST_CLIENT_SHARE = 1 / 3
"""Where the client's own work is more than this share of the response, the server's time is the headline."""

Basis = Literal["response", "server"]

_RELATIVE = {("p50", "response"): "relative", ("mean", "server"): "server_relative"}
"""Where the record of the ratio between the same operations stands."""


@dataclass(frozen=True)
class QueryRules:
    """What judging needs to know of a query."""

    weight: float = 1.0
    max_slowdown: float = 0.05
    gated: bool = True
    remarks: tuple[str, ...] = ()
    """What belongs beside each figure of the query."""
    fingerprint: str = ""
    """Of its text and parameters; empty: not known."""


def query_rules(queries: Iterable[Query]) -> dict[str, QueryRules]:
    """The rules of each query by name."""
    return {
        item.name: QueryRules(item.weight, item.max_slowdown, item.gated, fingerprint=query_fingerprint(item))
        for item in queries
    }


class View:
    """The table by query, level, arm and block; the warm-up is left out.

    `invalid` names loads whose figures may not be used at all, with the reason.
    """

    def __init__(
        self, table: BlockTable, queries: Mapping[str, QueryRules], invalid: Mapping[Load, str] | None = None
    ) -> None:
        self.arms = table.arms
        self.blocks = table.counted_blocks
        self.queries = queries
        self._doubts: dict[tuple[Load, str], tuple[str, ...]] = {}
        self._invalid = invalid or {}
        self._slices = {
            (item.query, item.clients, item.arm, item.block - WARMUP_BLOCKS): item
            for item in table.slices
            if not item.warmup
        }
        levels = sorted({item.clients for item in table.slices})
        self.loads: list[Load] = [(query, clients) for query in queries for clients in levels]
        self._paired = {
            ((query, clients), name)
            for (query, clients, _, _), item in self._slices.items()
            for name in _RELATIVE.values()
            if getattr(item, name) is not None
        }
        self._void = {
            (query, clients, block) for (query, clients, _, block), item in self._slices.items() if item.invalid
        }

    @property
    def others(self) -> tuple[str, ...]:
        """The arms that are held against the baseline."""
        return tuple(arm for arm in self.arms if arm != BASELINE)

    def slices(self, load: Load, arm: str) -> list[SliceRecord | None]:
        """The slices of a load on an arm by block; None where it was not run."""
        return [self._slices.get((*load, arm, block)) for block in range(self.blocks)]

    def good(self, load: Load, arm: str) -> list[SliceRecord | None]:
        """The slices of blocks in which no arm's slice is void: a void one voids the block for all of them."""
        return [None if (*load, block) in self._void else item for block, item in enumerate(self.slices(load, arm))]

    def values(self, load: Load, arm: str, metric: str, basis: Basis) -> tuple[float | None, ...]:
        """The metric of each block in seconds; None where there is none to use."""
        name = "server_mean_s" if basis == "server" else f"{metric}_s"
        return tuple(None if item is None else getattr(item, name) for item in self.good(load, arm))

    def is_paired(self, load: Load, metric: str, basis: Basis) -> bool:
        """Whether operations can be held against each other: not of tails, of open loads, without each one's time."""
        return (load, _RELATIVE.get((metric, basis), "")) in self._paired

    def compared(self, load: Load, arm: str, metric: str, basis: Basis, paired: bool) -> tuple[float | None, ...]:
        """What comparisons of the metric rest on, block by block.

        `paired` (possible for `p50` and the server's `mean`): the typical operation's time in units of that of the
        same operation on the baseline, which takes out what the operations' costs differ by. Else the metric itself.
        """
        if not paired:
            return self.values(load, arm, metric, basis)
        name = _RELATIVE[metric, basis]
        if arm == BASELINE:
            return tuple(None if item is None else 1.0 for item in self.good(load, arm))
        return tuple(None if item is None else getattr(item, name) for item in self.good(load, arm))

    def series(self, load: Load, arm: str, metric: str, basis: Basis, paired: bool | None = None) -> Series:
        """What the statistics judge; the control is the noise floor of every arm but itself.

        `paired` None: wherever operations can be held against each other.
        """
        paired = self.is_paired(load, metric, basis) if paired is None else paired
        invalid = self._invalid.get(load, "") or self._too_many_errors(load, arm)
        return Series(
            baseline=self.compared(load, BASELINE, metric, basis, paired),
            changed=self.compared(load, arm, metric, basis, paired),
            control=self.compared(load, CONTROL, metric, basis, paired) if arm != CONTROL else (),
            whole=self._whole(load, arm, basis) if paired and not invalid else (),
            invalid=invalid,
            doubts=self.doubts(load, arm),
        )

    def _whole(self, load: Load, arm: str, basis: Basis) -> tuple[float | None, ...]:
        """What the times of all operations together changed by, block by block."""
        sides = (self.values(load, name, "mean", basis) for name in (BASELINE, arm))
        return tuple(second / first if first and second else None for first, second in zip(*sides, strict=True))

    def paired(self, load: Load, arm: str) -> list[int]:
        """The blocks that ran on both the baseline and the arm."""
        pairs = zip(self.slices(load, BASELINE), self.slices(load, arm), strict=True)
        return [block for block, (first, second) in enumerate(pairs) if first and second]

    def void_blocks(self, load: Load, arm: str) -> int:
        """Blocks that ran on both arms and are void."""
        return sum((*load, block) in self._void for block in self.paired(load, arm))

    def _too_many_errors(self, load: Load, arm: str) -> str:
        for name in (BASELINE, arm):
            ran = [item for item in self.slices(load, name) if item]
            failed = sum(item.failures for item in ran)
            total = failed + sum(item.executions for item in ran)
            if failed > MOST_ERROR_SHARE * total:
                return f"{failed} of {total} executions failed on {name}: more than 0.1 % make the comparison invalid"
        return ""

    def doubts(self, load: Load, arm: str) -> tuple[str, ...]:
        """Why the figures of the blocks up to each may decide nothing; empty where they may.

        Too many blocks are void, or so unequal a share on the two arms that the choice of blocks would favour one.
        Block by block, so that a look says the same whether blocks that it did not see have followed or not.
        """
        if (load, arm) not in self._doubts:
            marks = zip(range(self.blocks), self.slices(load, BASELINE), self.slices(load, arm), strict=True)
            counts = accumulate(
                ((True, (*load, block) in self._void, bool(first.invalid), bool(second.invalid))
                 if first and second else (False,) * 4 for block, first, second in marks),
                lambda total, item: tuple(map(sum, zip(total, item, strict=True))),
            )  # fmt: skip
            self._doubts[load, arm] = tuple(_doubt(arm, *map(int, found)) for found in counts)
        return self._doubts[load, arm]

    def early(self, load: Load, arm: str) -> list[SliceRecord | None]:
        """The good slices up to the first look."""
        return self.good(load, arm)[: Rules.looks[0]]

    def samples(self, load: Load, arm: str) -> int:
        """Successful executions in the smallest slice of both arms."""
        used = [item.executions for name in (BASELINE, arm) for item in self.good(load, name) if item]
        return min(used, default=0)

    def times(
        self, load: Load, arm: str, metric: str, basis: Basis, blocks: int
    ) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The metric in seconds on the baseline and on the arm, of the first `blocks` blocks that pair the two.

        These are the blocks that a comparison over so many of them rests on: arms sit blocks out, and machines drift.
        """
        changed = self.compared(load, arm, metric, basis, self.is_paired(load, metric, basis))
        sides = (self.values(load, name, metric, basis) for name in (BASELINE, arm))
        found = [
            (first, second)
            for first, second, figure in zip(*sides, changed, strict=True)
            if first is not None and second is not None and figure is not None
        ][:blocks]
        return tuple(first for first, _ in found), tuple(second for _, second in found)

    def headline(self, load: Load, arm: str) -> tuple[str, Basis]:
        """Which figure decides: the response's p50, or the server's mean where the client takes too much of it.

        The blocks before the first look say so, and those that follow do not choose anew.
        """
        both = [self.early(load, name) for name in (BASELINE, arm)]
        told = all(any(item and item.server_mean_s is not None for item in slices) for slices in both)
        heavy = max(client_share(slices) for slices in both) > MOST_CLIENT_SHARE
        return ("mean", "server") if told and heavy else ("p50", "response")


def _doubt(arm: str, ran: int, void: int, late: int, late_changed: int) -> str:
    if void > max(1, MOST_VOID_SHARE * ran):
        return f"{void} of {ran} blocks are void: more than 10 % make the comparison inconclusive"
    if abs(late - late_changed) > max(2, MOST_VOID_SHARE / 2 * ran):
        return f"{late} slices of {BASELINE} and {late_changed} of {arm} are void: too unequal to compare"
    return ""


def client_share(slices: Sequence[SliceRecord | None]) -> float:
    """The client's CPU time as a share of the response; 0 where nothing was measured."""
    shares = [
        item.client_cpu_s / item.mean_s for item in slices if item and item.client_cpu_s is not None and item.mean_s
    ]
    return fmean(shares) if shares else 0.0
