"""All records of a calibration made into rates with their intervals; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from harness.calibrate.model import HEADLINE_SHARE, Calibration, CalibrationRun, Planted, Rival, RivalRate
from harness.stats import Rules, clopper_pearson

_ALARMS = ("slower", "faster")


def summarise(runs: Sequence[CalibrationRun]) -> Calibration:
    """The sum of all runs; every run counts, none is left out."""
    unchanged = [item for run in runs for item in run.unchanged]
    alarms = sum(item.verdict in _ALARMS for item in unchanged)
    low, high = clopper_pearson(alarms, len(unchanged))
    intervals = [(item.ci_low, item.ci_high) for item in unchanged if item.ci_low and item.ci_high]
    return Calibration(
        runs=len(runs) if not runs or runs[0].kind == "runs" else 2 * len(runs),
        comparisons=len(unchanged),
        alarms=alarms,
        alarmed_runs=sum(any(item.verdict in _ALARMS for item in run.unchanged) for run in runs),
        false_alarm_rate=_share(alarms, len(unchanged)),
        ci_low=low,
        ci_high=high,
        power=power(runs, HEADLINE_SHARE),
        coverage=_share(sum(start <= 1 <= end for start, end in intervals), len(intervals)),
        decided_share=_share(sum(item.passes or item.as_judged in _ALARMS for item in unchanged), len(unchanged)),
        others=tuple(_rates([item for run in runs for item in run.rivals])),
    )


def passes(found: Calibration, rules: Rules | None = None) -> bool:
    """Whether the rate of false alarms is at most the nominal one, as far as so many comparisons can tell."""
    return found.comparisons > 0 and found.ci_low <= (rules or Rules()).alpha


def power(runs: Iterable[CalibrationRun], share: float) -> float | None:
    """The share of slow-downs of this size that were called slower."""
    planted = planted_at(runs, share)
    return _share(sum(item.verdict == "slower" for item in planted), len(planted))


def planted_at(runs: Iterable[CalibrationRun], share: float) -> list[Planted]:
    """Every slow-down of this size that was planted."""
    return [item for run in runs for item in run.planted if item.share == share]


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
    known = f"Power of bench: {'; '.join(_powers(runs))}. Coverage of its intervals: {_percent(found.coverage)}."
    blocks = f"Decided: {_percent(found.decided_share)}; {scatter_line(runs)}."
    alarmed = f"{found.alarmed_runs} of {len(runs)} {first.kind} had an alarm"
    lines = [
        f"{found.runs} runs of {what}; {found.comparisons} comparisons of unchanged queries; {alarmed}.",
        "",
        "| test | false alarms | rate (95 % interval) | +10 % found |",
        "| --- | --- | --- | --- |",
        _line("**bench**", found.alarms, found.comparisons, (found.ci_low, found.ci_high), found.power),
        *(
            _line(item.test, item.alarms, item.comparisons, (item.ci_low, item.ci_high), item.power)
            for item in found.others
        ),
        "",
        f"{known} {blocks}",
    ]
    return "\n".join(lines) + "\n"


def _powers(runs: Sequence[CalibrationRun]) -> Iterable[str]:
    for share in sorted({item.share for run in runs for item in run.planted}):
        planted = planted_at(runs, share)
        ratios = sorted(item.ratio for item in planted if item.ratio is not None)
        middle = f", measured {100 * (ratios[len(ratios) // 2] - 1):+.1f} %" if ratios else ""
        yield f"+{100 * share:g} % in {_percent(power(runs, share))} of {len(planted)}{middle}"


def scatter_line(runs: Sequence[CalibrationRun]) -> str:
    """How far the blocks of a comparison lie apart: in the middle of all queries, and in the one where they do most."""
    scatters: dict[str, list[float]] = {}
    for item in (item for run in runs for item in run.unchanged):
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
