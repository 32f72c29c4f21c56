"""One run, or two, made into a record: verdicts on what is unchanged, on what was slowed, and those of other tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.calibrate.model import PLANTED, Assessed, OnMargin, Planted, Rival, Unchanged
from harness.calibrate.rivals import Blocks, Direction, verdicts, verdicts_of_runs
from harness.gate.latency import Family, Views
from harness.judge import View
from harness.judge.latency import CHANGED
from harness.judge.view import Basis
from harness.measure.model import BASELINE, WARMUP_BLOCKS, Load
from harness.measure.samples import read_slices
from harness.stats import Decision, Pair, Rules, Series, ShiftDecision, decide_family, decide_shifts, lag_one

Raw = Mapping[tuple[Load, str], Blocks]
Plan = Mapping[Load, float]
"""By which share each load is slowed on the arm `slowed`; loads that cannot be slowed so little are left out."""

Compared = TypeVar("Compared", Series, Pair)


@dataclass(frozen=True)
class Measured:
    """One run of the calibration: its blocks, its raw latencies, and what was planted where."""

    view: View
    raw: Raw
    planted: Plan


def raw_latencies(path: Path, view: View, basis: Basis = "response") -> Raw:
    """The times of every load and arm in seconds, block by block: of the same slices that our own verdicts use."""
    found: dict[tuple[Load, str], list[NDArray[np.float64]]] = {}
    for item in read_slices(path):
        facts, samples = item.facts, item.samples
        load, block = (facts.query, facts.clients), facts.block - WARMUP_BLOCKS
        good = samples[samples["state"] == 0]
        if block >= 0 and len(good) and view.good(load, facts.arm)[block] is not None:
            times = good["answered_s"] if basis == "server" else good["done_s"] - good["intended_s"]
            found.setdefault((load, facts.arm), []).append(np.asarray(times, dtype=np.float64))
    return found


def assess_run(run: Measured, rules: Rules) -> Assessed:
    """An A/A run: `after` is a clone of `before` like the control, `slowed` one whose queries carry a known share."""
    view = run.view
    deciding = {load: view.headline(load, CHANGED) for load in view.loads}

    def judge(family: Mapping[Load, Series]) -> dict[Load, Decision]:
        return decide_family(family, view.blocks, rules)

    families = {name: {load: view.series(load, CHANGED, *name) for load in view.loads} for name in deciding.values()}
    plain = {name: judge({load: _bare(item) for load, item in family.items()}) for name, family in families.items()}
    judged = {name: judge(family) for name, family in families.items()}
    planted = []
    for load, share in run.planted.items():
        slowed = families[deciding[load]] | {load: view.series(load, PLANTED, *deciding[load])}
        item = judge(slowed)[load]
        planted.append(Planted(*load, share, item.effect.ratio, item.verdict))

    def said(load: Load, arm: str) -> dict[str, Direction]:
        first, second = run.raw.get((load, BASELINE), ()), run.raw.get((load, arm), ())
        return verdicts(first, second) if first and second else {}

    return Assessed(
        tuple(_unchanged(load, plain[name][load], judged[name][load]) for load, name in deciding.items()),
        tuple(planted),
        _rivals(run, said),
        _on_margin(families, deciding, judge, _bare, _moved, rules.margin),
    )


def assess_pair(base: Measured, new: Measured, rules: Rules) -> Assessed:
    """Two unchanged runs held against each other by the gate, and by what others do between two runs."""
    views = Views(base.view, new.view)
    deciding = {load: views.headline(load) for load in views.loads}

    def judge(family: Mapping[Load, Pair]) -> dict[Load, ShiftDecision]:
        return decide_shifts(family, new.view.blocks, rules)

    families = {name: {load: views.pair(load, CHANGED, name) for load in views.loads} for name in deciding.values()}
    plain = {
        name: judge({load: _bare_pair(item) for load, item in family.items()}) for name, family in families.items()
    }
    judged = {name: judge(family) for name, family in families.items()}
    planted = []
    for load, share in new.planted.items():
        slowed = families[deciding[load]] | {load: views.pair(load, PLANTED, deciding[load])}
        item = judge(slowed)[load]
        planted.append(Planted(*load, share, item.shift.ratio, item.verdict))

    def said(load: Load, arm: str) -> dict[str, Direction]:
        first, second = base.raw.get((load, CHANGED), ()), new.raw.get((load, arm), ())
        return verdicts_of_runs(first, second) if first and second else {}

    return Assessed(
        tuple(_unchanged_pair(load, plain[name][load], judged[name][load]) for load, name in deciding.items()),
        tuple(planted),
        _rivals(new, said),
        _on_margin(families, deciding, judge, _bare_pair, _moved_pair, rules.shift_margin),
    )


def _unchanged(load: Load, plain: Decision, judged: Decision) -> Unchanged:
    effect = plain.effect
    return Unchanged(
        query=load[0],
        clients=load[1],
        ratio=effect.ratio,
        ci_low=effect.ci_low,
        ci_high=effect.ci_high,
        blocks=effect.blocks,
        verdict=plain.verdict,
        as_judged=judged.verdict,
        passes=judged.settled,
        scatter=effect.scatter,
        lag1=lag_one(effect.differences),
    )


def _unchanged_pair(load: Load, plain: ShiftDecision, judged: ShiftDecision) -> Unchanged:
    return Unchanged(
        query=load[0],
        clients=load[1],
        ratio=plain.shift.ratio,
        ci_low=plain.shift.ci_low,
        ci_high=plain.shift.ci_high,
        blocks=min(plain.base.blocks, plain.new.blocks),
        verdict=plain.verdict,
        as_judged=judged.verdict,
        passes=judged.settled,
        scatter=plain.new.scatter,
        lag1=lag_one(plain.new.differences),
    )


def _bare(series: Series) -> Series:
    """Without the control, which would widen the margin."""
    return replace(series, control=())


def _bare_pair(pair: Pair) -> Pair:
    return replace(pair, base=_bare(pair.base), new=_bare(pair.new))


def _on_margin(
    families: Mapping[Family, Mapping[Load, Compared]],
    deciding: Mapping[Load, Family],
    judge: Callable[[Mapping[Load, Compared]], Mapping[Load, Decision | ShiftDecision]],
    bare: Callable[[Compared], Compared],
    move: Callable[[Compared, float], Compared],
    margin: float,
) -> OnMargin:
    """The directions in which a family is alarmed whose effects were all moved by the margin."""

    def alarms(change: Callable[[Compared], Compared]) -> int:
        found = 0
        for verdict, factor in (("slower", 1 + margin), ("faster", 1 / (1 + margin))):
            moved = {
                name: judge({load: move(change(item), factor) for load, item in family.items()})
                for name, family in families.items()
            }
            found += any(moved[name][load].verdict == verdict for load, name in deciding.items())
        return found

    return OnMargin(plain=alarms(bare), judged=alarms(lambda item: item))


def _moved(series: Series, factor: float) -> Series:
    return replace(series, changed=_times(series.changed, factor), whole=_times(series.whole, factor))


def _moved_pair(pair: Pair, factor: float) -> Pair:
    return replace(pair, new=_moved(pair.new, factor))


def _times(values: tuple[float | None, ...], factor: float) -> tuple[float | None, ...]:
    return tuple(None if value is None else value * factor for value in values)


def _rivals(run: Measured, said: Callable[[Load, str], dict[str, Direction]]) -> tuple[Rival, ...]:
    """What the other tests say of each load, where both sides have samples."""
    found = []
    for load in run.view.loads:
        share = run.planted.get(load)
        slowed = said(load, PLANTED) if share is not None else {}
        for test, direction in said(load, CHANGED).items():
            caught = slowed[test] > 0 if test in slowed else None
            found.append(Rival(test, *load, alarm=direction != 0, share=share, found=caught))
    return tuple(found)
