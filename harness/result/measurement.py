"""Records of what was measured and judged: comparisons, attribution, storage, claims, errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Factor = Literal["indexes", "normalisation", "both", "interaction", "indexes_alone", "normalisation_alone"]
Verdict = Literal["slower", "faster", "equivalent", "inconclusive"]


@dataclass(frozen=True)
class Comparison:
    """One query (or the load mix) on one arm against `before`, for one metric.

    `ratio` is arm over before (1.10: ten percent slower for a latency); None, like its interval, where nothing valid
    was measured. `doubtful` figures are shown, but may decide nothing: too many blocks are void, or all
    operations together changed otherwise than the typical one. Latencies are in seconds, medians over the blocks that
    the ratio rests on; `after_low_s` and `after_high_s` are the 95 % interval of `after_s`, None where blocks are too
    few. `basis` is what the samples hold: the response as the client saw it, or the server's time, from sending the
    request to the arrival of the answer's last byte. `load` is closed (clients back to back, one query alone) or open
    (the mix at `rate_per_s` operations a second, latencies from the intended instants). Of the open load, `intended`,
    `late` (that waited for a connection) and `skipped` (never sent) count the operations of `before` and the arm
    together.
    """

    query: str
    arm: str
    metric: str
    basis: Literal["response", "server"]
    clients: int
    ratio: float | None
    ci_low: float | None
    ci_high: float | None
    p_adjusted: float | None
    blocks: int
    void_blocks: int
    samples: int
    verdict: Verdict
    before_s: float | None
    after_s: float | None
    margin: float
    gated: bool = False
    advisory: bool = False
    max_slowdown: float = 0.05
    blocks_needed: int | None = None
    after_low_s: float | None = None
    after_high_s: float | None = None
    doubtful: bool = False
    warnings: tuple[str, ...] = ()
    load: Literal["closed", "open"] = "closed"
    rate_per_s: float | None = None
    intended: int = 0
    late: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class MeasuredQuery:
    """A query that was to be timed, with what judging needs to know of it.

    `fingerprint` changes with the text of its forms and of what draws its parameters; empty where a version stored the
    run that kept none.
    """

    query: str
    weight: float = 1.0
    max_slowdown: float = 0.05
    gated: bool = True
    fingerprint: str = ""


@dataclass(frozen=True)
class InvalidLoad:
    """A query at a level of clients whose figures may not be used, with the reason."""

    query: str
    clients: int
    reason: str


@dataclass(frozen=True)
class Attribution:
    """What the indexes did and what the normalisation did to a query, as ratios of times with 95 % intervals.

    `indexes_alone` and `normalisation_alone` start from the old state; their product times `interaction` is `both`.
    `indexes` and `normalisation` are main effects, means over the other factor's two states; their product is `both`.
    `basis` is that of the query's deciding comparison.
    """

    query: str
    factor: Factor
    ratio: float
    ci_low: float
    ci_high: float
    blocks: int
    basis: Literal["response", "server"] = "response"


@dataclass(frozen=True)
class StorageRecord:
    """Bytes of one table (or, with `table` None, of the whole database) at one stage.

    `free_bytes` are those free within heap and TOAST, None where nothing tells; `row_bytes` heap and TOAST per row.
    """

    stage: str
    table: str | None
    rows: int | None
    heap_bytes: int
    index_bytes: int
    toast_bytes: int
    total_bytes: int
    free_bytes: int | None = None
    row_bytes: float | None = None


@dataclass(frozen=True)
class ClaimResult:
    """One statement of the runbook, held against the result.

    `figure` is what was measured, in words; `tested` is how the statement was read as a test. `value` is the same
    figure as a number in the claim's own terms (seconds, bytes, a ratio, a count), with its interval where it has one.
    """

    id: str
    statement: str
    source: str
    verdict: Literal["supported", "refuted", "undecided"]
    figure: str
    reason: str = ""
    tested: str = ""
    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None


@dataclass(frozen=True)
class QueryError:
    """Executions of a query on an arm that failed, by SQLSTATE."""

    query: str
    arm: str
    sqlstate: str
    message: str
    count: int


@dataclass(frozen=True)
class VoidSlice:
    """A slice that may not be used: its client was late, or a worker died; it voids its query's block for all arms."""

    query: str
    arm: str
    block: int
    lag_p99_s: float
    reason: str
