"""One slice summed up: from its samples to the record that verdicts are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import groupby
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.measure.buffer import Samples, state_text
from harness.measure.model import (
    BASELINE,
    CORNERS,
    DRAIN_SHARE,
    LATE_S,
    MOST_LAG_S,
    MOST_LAG_SHARE,
    WARMUP_BLOCKS,
    SliceRecord,
)
from harness.stats import quantile, typical_contrasts, typical_ratio

Figure = TypeVar("Figure")

_MOST_CLIENTS = 1 << 15
"""As many as the samples' file can tell apart."""


@dataclass(frozen=True)
class Schedule:
    """An open slice's schedule: when it began and ended, on the samples' clock, and its rate in operations a second."""

    began_s: float
    ends_s: float
    rate_per_s: float

    @property
    def stop_s(self) -> float:
        """The instant after which nothing of it is sent any more."""
        return self.ends_s + DRAIN_SHARE * (self.ends_s - self.began_s)


@dataclass(frozen=True)
class SliceFacts:
    """What a slice is and what is known of it beside its samples."""

    query: str
    arm: str
    clients: int
    block: int
    lag_p99_s: float
    client_cpu_s: float | None
    server_mean_s: float | None
    invalid: str = ""
    marks: str = ""
    schedule: Schedule | None = None
    statements_mean_s: float | None = None
    turns: tuple[int, ...] = ()
    """Samples of each of the slice's turns, in order; empty: it had one."""


def summarise_blocks(slices: Iterable[tuple[SliceFacts, Samples]]) -> list[SliceRecord]:
    """The records of a closed load's slices, each held against its baseline; those of a query in a block in a row."""
    loads = groupby(slices, lambda item: (item[0].block, item[0].query, item[0].clients))
    return [record for _, arms in loads for record in _summarise_load(list(arms))]


def _summarise_load(arms: Sequence[tuple[SliceFacts, Samples]]) -> list[SliceRecord]:
    records = [summarise(facts, samples) for facts, samples in arms]
    succeeded = {facts.arm: samples[samples["state"] == 0] for facts, samples in arms}
    return [_held_against(succeeded, record) for record in records]


def _held_against(succeeded: Mapping[str, Samples], record: SliceRecord) -> SliceRecord:
    """The record with what the same operations of the same clients took on the baseline, and on all four corners."""
    if record.arm != BASELINE and BASELINE in succeeded:
        ratios = _of_same_operations(typical_ratio, [succeeded[BASELINE], succeeded[record.arm]])
        record = replace(record, relative=ratios[0], server_relative=ratios[1])
    if record.arm == CORNERS[-1] and succeeded.keys() >= set(CORNERS):
        contrasts = _of_same_operations(typical_contrasts, [succeeded[arm] for arm in CORNERS])
        record = replace(record, contrasts=contrasts[0], server_contrasts=contrasts[1])
    return record


def _of_same_operations(
    compare: Callable[..., Figure | None], sides: Sequence[Samples]
) -> tuple[Figure | None, Figure | None]:
    """What `compare` finds in the responses, and in the times to the answer's last byte where all of them are told."""
    same = _same_operations(sides)
    told = not any(np.isnan(side["answered_s"]).any() for side in same)
    return (
        compare(*(side["done_s"] - side["intended_s"] for side in same)),
        compare(*(side["answered_s"] for side in same)) if told else None,
    )


def _same_operations(sides: Sequence[Samples]) -> list[Samples]:
    """Those samples of each side whose operations, of the same client, are on all other sides, too; in one order."""
    keys, orders = zip(*(_sorted_operations(side) for side in sides), strict=True)
    if all(np.array_equal(keys[0], other) for other in keys[1:]):
        return [side[order] for side, order in zip(sides, orders, strict=True)]
    common = reduce(np.intersect1d, keys)
    return [side[order[np.searchsorted(key, common)]] for side, key, order in zip(sides, keys, orders, strict=True)]


def _sorted_operations(samples: Samples) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """One number for each operation of each client, ascending, and where they stand."""
    keys = samples["op"] * _MOST_CLIENTS + samples["client"]
    order = np.argsort(keys, kind="stable")
    return keys[order], order


def summarise(facts: SliceFacts, samples: Samples) -> SliceRecord:
    """One slice as a record: quantiles of its successes, errors by SQLSTATE, and whether its client was in time."""
    if facts.schedule is not None:
        return _summarise_open(facts, facts.schedule, samples)
    good = samples[samples["state"] == 0]
    latencies = np.asarray(good["done_s"] - good["intended_s"], dtype=np.float64)
    states, counts = np.unique(samples["state"][samples["state"] != 0], return_counts=True)
    p50_s = quantile(latencies, "p50")
    return SliceRecord(
        query=facts.query,
        arm=facts.arm,
        clients=facts.clients,
        block=facts.block,
        warmup=facts.block < WARMUP_BLOCKS,
        executions=len(good),
        errors=tuple((state_text(int(state)), int(count)) for state, count in zip(states, counts, strict=True)),
        p50_s=p50_s,
        p95_s=quantile(latencies, "p95"),
        p99_s=quantile(latencies, "p99"),
        mean_s=float(latencies.mean()) if len(latencies) else None,
        wall_s=_wall_s(samples, facts.turns),
        lag_p99_s=facts.lag_p99_s,
        client_cpu_s=facts.client_cpu_s,
        server_mean_s=facts.server_mean_s,
        statements_mean_s=facts.statements_mean_s,
        invalid=facts.invalid or _lateness(facts.lag_p99_s, p50_s),
        marks=facts.marks,
    )


def _wall_s(samples: Samples, turns: Sequence[int]) -> float:
    """From the first send to the last answer, turn by turn: between them the other arms have theirs."""
    parts = np.split(samples, np.cumsum(turns)[:-1]) if turns else [samples]
    return sum(float(part["done_s"].max() - part["sent_s"].min()) for part in parts if len(part))


def _summarise_open(facts: SliceFacts, schedule: Schedule, samples: Samples) -> SliceRecord:
    """Skipped operations (without an instant of sending) count with the latency that they have at the very least."""
    skipped = np.isnan(samples["sent_s"])
    sent = samples[~skipped]
    record = summarise(replace(facts, schedule=None), sent)
    waited = schedule.stop_s - samples["intended_s"][skipped]
    good = sent[sent["state"] == 0]
    latencies = np.concatenate([good["done_s"] - good["intended_s"], waited])
    return replace(
        record,
        p50_s=quantile(latencies, "p50"),
        p95_s=quantile(latencies, "p95"),
        p99_s=quantile(latencies, "p99"),
        invalid=facts.invalid or _lateness(facts.lag_p99_s, quantile(latencies, "p99")),
        mean_s=float(latencies.mean()) if len(latencies) else None,
        wall_s=schedule.ends_s - schedule.began_s,
        intended=len(samples),
        late=int(np.count_nonzero(sent["sent_s"] - sent["intended_s"] > LATE_S)),
        skipped=int(np.count_nonzero(skipped)),
        unfinished=int(np.count_nonzero(skipped)) + int(np.count_nonzero(sent["done_s"] > schedule.ends_s)),
        completed=int(np.count_nonzero(good["done_s"] <= schedule.ends_s)),
    )


def _lateness(lag_p99_s: float, latency_s: float | None) -> str:
    """Why the client was too late; `latency_s` is the quantile that its lateness could distort.

    In a closed loop that is the median: one client waits for itself. In an open load a late hundredth of the sends
    moves the latencies' last hundredth, and the median of a mix of fast and slow queries is no measure for that.
    """
    limit = max(MOST_LAG_S, MOST_LAG_SHARE * (latency_s or 0.0))
    if lag_p99_s <= limit:
        return ""
    return f"the client was late: event loop lag p99 {lag_p99_s * 1e3:.1f} ms exceeds {limit * 1e3:.1f} ms"


def typical_s(samples: Samples, sets: int) -> float:
    """Seconds per execution: the mean over parameter sets of the best of each: a pilot must not plan with hiccups.

    Each client's first two executions, which fill its caches, do not count where there are more.
    """
    best: dict[int, float] = {}
    for client in np.unique(samples["client"]):
        mine = samples[samples["client"] == client]
        for row in mine[2 if len(mine) > 2 else 0 :]:
            chosen, latency_s = int(row["op"]) % sets, float(row["done_s"] - row["sent_s"])
            best[chosen] = min(latency_s, best.get(chosen, latency_s))
    return max(sum(best.values()) / len(best), 1e-6) if best else 1e-6
