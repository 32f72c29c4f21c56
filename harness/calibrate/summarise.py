"""All records of a calibration made into rates with their intervals; pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median

from harness.calibrate.model import (
    HEADLINE_SHARE,
    Calibration,
    CalibrationRun,
    PlantedRate,
    Rival,
    RivalRate,
    Unchanged,
)
from harness.errors import EXIT_INCONCLUSIVE, EXIT_OK, EXIT_REGRESSION
from harness.stats import Rules, clopper_pearson

_ALARMS = ("slower", "faster")


def summarise(runs: Sequence[CalibrationRun]) -> Calibration:
    """The sum of all runs; every run counts, none is left out."""
    unchanged = [item for run in runs for item in run.found.unchanged]
    measured = sum(item.ratio is not None for item in unchanged)
    alarms = sum(map(_is_alarm, unchanged))
    alarmed = sum(any(map(_is_alarm, run.found.unchanged)) for run in runs)
    on_margin = sum(run.found.on_margin.judged for run in runs)
    low, high = clopper_pearson(alarms, measured)
    alarmed_low, alarmed_high = clopper_pearson(alarmed, len(runs))
    margin_low, margin_high = clopper_pearson(on_margin, 2 * len(runs))
    intervals = [(item.ci_low, item.ci_high) for item in unchanged if item.ci_low and item.ci_high]
    away = [math.expm1(abs(math.log(item.ratio))) for item in unchanged if item.ratio]
    lags = [item.lag1 for item in unchanged if item.lag1 is not None]
    planted = tuple(_planted_rates(runs))
    return Calibration(
        runs=len(runs) if not runs or runs[0].kind == "runs" else 2 * len(runs),
        comparisons=len(unchanged),
        measured=measured,
        alarms=alarms,
        false_alarm_rate=_share(alarms, measured),
        ci_low=low,
        ci_high=high,
        alarmed_runs=alarmed,
        alarmed_low=alarmed_low,
        alarmed_high=alarmed_high,
        margin_families=2 * len(runs),
        margin_alarms=on_margin,
        margin_low=margin_low,
        margin_high=margin_high,
        margin_alarms_plain=sum(run.found.on_margin.plain for run in runs),
        power=next((item.found / item.planted for item in planted if item.share == HEADLINE_SHARE), None),
        planted=planted,
        coverage=_share(sum(start <= 1 <= end for start, end in intervals), len(intervals)),
        apart=median(away) if away else None,
        apart_most=max(away, default=None),
        decided_share=_share(sum(item.passes or item.as_judged in _ALARMS for item in unchanged), len(unchanged)),
        lag1=median(lags) if lags else None,
        void_slices=sum(run.void_slices for run in runs),
        left_out=sum(len(run.left_out) for run in runs),
        others=tuple(_rates([item for run in runs for item in run.found.rivals])),
    )


def _is_alarm(item: Unchanged) -> bool:
    return item.verdict in _ALARMS


def exit_code(found: Calibration, rules: Rules | None = None) -> int:
    """Whether the false alarms are as rare as they are said to be, as far as so many runs can tell.

    1 where they are proven (at 97.5 %) to be more frequent than alpha: by comparison, or by run. 4 where nothing was
    decided, so that no alarm means nothing. What is alarmed on the margin is shown and does not count: clones of one
    state do differ a little, so that with the margin added more than the margin may be true.
    """
    if max(found.ci_low, found.alarmed_low) > (rules or Rules()).alpha:
        return EXIT_REGRESSION
    return EXIT_OK if found.decided_share else EXIT_INCONCLUSIVE


def _planted_rates(runs: Sequence[CalibrationRun]) -> Iterable[PlantedRate]:
    for share in sorted({item.share for run in runs for item in run.found.planted}):
        items = [item for run in runs for item in run.found.planted if item.share == share]
        found = sum(item.verdict == "slower" for item in items)
        low, high = clopper_pearson(found, len(items))
        ratios = [item.ratio for item in items if item.ratio is not None]
        yield PlantedRate(share, len(items), found, low, high, median(ratios) if ratios else None)


def _rates(rivals: Sequence[Rival]) -> Iterable[RivalRate]:
    for test in dict.fromkeys(item.test for item in rivals):
        items = [item for item in rivals if item.test == test]
        alarms = sum(item.alarm for item in items)
        low, high = clopper_pearson(alarms, len(items))
        asked = [item for item in items if item.share == HEADLINE_SHARE]
        found = _share(sum(bool(item.found) for item in asked), len(asked))
        yield RivalRate(test, len(items), alarms, alarms / len(items), low, high, found)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def markdown(found: Calibration, runs: Sequence[CalibrationRun]) -> str:
    """The table for the documentation: ours first, then the others', with what was run."""
    first = runs[0]
    what = f"{first.scenario} at {first.scale}, {first.budget_s:g} s a run"
    sure = f"Coverage of its intervals: {_percent(found.coverage)}; {apart_line(found)}."
    known = f"Power of bench: {'; '.join(powers(found))}. {sure}"
    blocks = f"Decided: {_percent(found.decided_share)}; {scatter_line(runs)}."
    rest = f"Every effect on the margin: {margin_line(found)}. Blocks: {lag_line(found)}; {loss_line(found)}."
    ends = f"{_percent(found.alarmed_low)} to {_percent(found.alarmed_high)}"
    alarmed = f"{found.alarmed_runs} of {len(runs)} {first.kind} had an alarm ({ends})"
    lines = [
        f"{found.runs} runs of {what}; {found.measured} comparisons of unchanged queries; {alarmed}.",
        f"Conditions: {first.conditions}.",
        "",
        "| test | false alarms | rate (95 % interval) | +10 % found |",
        "| --- | --- | --- | --- |",
        _line("**bench**", found.alarms, found.measured, (found.ci_low, found.ci_high), found.power),
        *(
            _line(item.test, item.alarms, item.comparisons, (item.ci_low, item.ci_high), item.power)
            for item in found.others
        ),
        "",
        f"{known} {blocks} {rest}",
    ]
    return "\n".join(lines) + "\n"


def powers(found: Calibration) -> Iterable[str]:
    """Of each size of slow-down how many were found, with the interval, and what was measured in the middle."""
    for item in found.planted:
        ends = f"{_percent(item.ci_low)} to {_percent(item.ci_high)}"
        middle = f", measured {100 * (item.measured - 1):+.1f} %" if item.measured is not None else ""
        yield f"+{100 * item.share:g} % in {_percent(item.found / item.planted)} of {item.planted} ({ends}){middle}"


def apart_line(found: Calibration) -> str:
    """How far what is equal was measured to lie apart."""
    middle, most = _percent(found.apart), _percent(found.apart_most)
    return f"equal arms were measured {middle} apart in the middle, {most} at the most"


def margin_line(found: Calibration) -> str:
    """The families alarmed with every effect on the margin, with the margin that the control gives and without it."""
    ends = f"{_percent(found.margin_low)} to {_percent(found.margin_high)}"
    return (
        f"{found.margin_alarms} of {found.margin_families} families alarmed ({ends}), "
        f"{found.margin_alarms_plain} without the control"
    )


def lag_line(found: Calibration) -> str:
    """How far a block depends on the one before it."""
    return (
        "correlation with the next not known" if found.lag1 is None else f"correlation with the next {found.lag1:+.2f}"
    )


def loss_line(found: Calibration) -> str:
    """What took no part or could not be used."""
    return f"{found.void_slices} void slices, {found.left_out} loads left out"


def scatter_line(runs: Sequence[CalibrationRun]) -> str:
    """How far the blocks of a comparison lie apart: in the middle of all queries, and in the one where they do most."""
    scatters: dict[str, list[float]] = {}
    for item in (item for run in runs for item in run.found.unchanged):
        if item.scatter is not None:
            scatters.setdefault(item.query, []).append(item.scatter)
    if not scatters:
        return "blocks are too few to say how far they scatter"
    middles = {query: median(found) for query, found in scatters.items()}
    worst = max(middles, key=lambda query: middles[query])
    return f"blocks scatter by {_percent(median(middles.values()))}, most in {worst}: {_percent(middles[worst])}"


def _line(test: str, alarms: int, count: int, ends: tuple[float, float], found: float | None) -> str:
    rate = f"{_percent(alarms / count if count else None)} ({_percent(ends[0])} to {_percent(ends[1])})"
    return f"| {test} | {alarms} of {count} | {rate} | {_percent(found)} |"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
