"""One slice summed up: from its samples to the record that verdicts are made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from harness.measure.buffer import Samples, state_text
from harness.measure.model import (
    BASELINE,
    DRAIN_SHARE,
    LATE_S,
    MOST_LAG_S,
    MOST_LAG_SHARE,
    WARMUP_BLOCKS,
    SliceRecord,
)
from harness.stats import quantile, typical_ratio

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
    baseline = next((samples for facts, samples in arms if facts.arm == BASELINE), None)
    if baseline is None:
        return records
    return [
        record if record.arm == BASELINE else _held_against(baseline, record, samples)
        for record, (_, samples) in zip(records, arms, strict=True)
    ]


def _held_against(baseline: Samples, record: SliceRecord, samples: Samples) -> SliceRecord:
    """The record with the ratios of the same operations of the same clients."""
    first, second = _same_operations(*(side[side["state"] == 0] for side in (baseline, samples)))
    told = not np.isnan(first["answered_s"]).any() and not np.isnan(second["answered_s"]).any()
    return replace(
        record,
        relative=typical_ratio(first["done_s"] - first["intended_s"], second["done_s"] - second["intended_s"]),
        server_relative=typical_ratio(first["answered_s"], second["answered_s"]) if told else None,
    )


def _same_operations(first: Samples, second: Samples) -> tuple[Samples, Samples]:
    """Those samples of both sides whose operations, of the same client, are on the other side, too; in one order."""
    keys, orders = zip(*(_sorted_operations(side) for side in (first, second)), strict=True)
    if np.array_equal(*keys):
        return first[orders[0]], second[orders[1]]
    _, mine, others = np.intersect1d(*keys, return_indices=True)
    return first[orders[0][mine]], second[orders[1][others]]


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
